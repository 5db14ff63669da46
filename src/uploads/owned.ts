import { ServiceError } from '../errors.ts';
import type { Options } from '../request/options.ts';
import { ownerOf, type PermanentObject, permanentKey, readPermanentKey } from './keys.ts';
import type { UploadStore } from './upload-store.ts';
import { signedTarget, type UploadUrls, type UrlSigner } from './upload-urls.ts';

export interface OwnedOptions {
  readonly store: UploadStore;
  readonly urls: UploadUrls;
  readonly urlPrefix: string;
  /** Origin of URLs; empty for those that begin with the path. */
  readonly base: string;
  /** Signs URLs of private objects; undefined where there is no key to do so. */
  readonly signer: UrlSigner | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Forgets what is kept of an object, here and wherever else. */
  readonly purge: (key: string, signal: AbortSignal) => Promise<void>;
}

/** `expires`: in seconds since 1970; absent for a URL without end. */
export interface OwnedUrl {
  readonly url: string;
  readonly expires?: number;
}

/** What owners do with their own objects, by the keys of URLs; `forbidden` for those of others. */
export interface Owned {
  /** For so many seconds; with options a picture, else the object as it is. */
  urlFor(key: string, seconds: number, options: Options, subject: string, signal: AbortSignal): Promise<OwnedUrl>;
  remove(key: string, subject: string, signal: AbortSignal): Promise<void>;
}

export function createOwned({ store, urls, urlPrefix, base, signer, clock, purge }: OwnedOptions): Owned {
  function own(key: string, subject: string): PermanentObject {
    const object = key.startsWith(urlPrefix) ? readPermanentKey(key.slice(urlPrefix.length)) : undefined;
    if (object?.owner === ownerOf(subject)) return object;
    throw new ServiceError('forbidden', 'The key is none of yours.');
  }

  return {
    async urlFor(key, seconds, options, subject, signal) {
      const object = own(key, subject);
      const name = permanentKey(object, object.visibility);
      if (!(await store.head(name, signal))) throw new ServiceError('not_found');
      if (object.visibility === 'public') return { url: urls.urlOf(key, options) };
      const expires = Math.floor(clock() / 1000) + seconds;
      if (Object.keys(options).length === 0) return { url: await store.presign.get(name, seconds), expires };
      if (!signer)
        throw new ServiceError(
          'bad_upload',
          'Options: expected none, since there are no SIGNING_KEYS to sign them with.',
        );
      return { url: `${base}${signedTarget(key, { ...options, exp: expires }, signer)}`, expires };
    },
    async remove(key, subject, signal) {
      const object = own(key, subject);
      await store.remove(permanentKey(object, object.visibility), signal);
      await purge(key, signal);
    },
  };
}
