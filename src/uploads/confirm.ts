import { hasCode, ServiceError } from '../errors.ts';
import type { Inspect, Inspection } from './inspection.ts';
import { permanentKey, temporaryKey } from './keys.ts';
import type { Receipt } from './receipt.ts';
import { type Tokens, type Upload, uploadName } from './tokens.ts';
import type { StoredObject, UploadStore } from './upload-store.ts';
import { srcsetOf, type UploadUrls } from './upload-urls.ts';

export interface ConfirmOptions {
  readonly tokens: Tokens;
  readonly store: UploadStore;
  readonly inspect: Inspect;
  readonly urls: UploadUrls;
  /** What keys in a URL begin with before those of the bucket's folders. */
  readonly urlPrefix: string;
  /** Lifetime that public objects are stored with. */
  readonly cacheControl: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of an object that could not be removed, which its lifecycle will do. */
  readonly onLeft: (key: string, error: unknown) => void;
  /** Told of an object that is there now, by its key in URLs. */
  readonly onConfirmed: (key: string) => void;
}

/** What an upload has become. `url` and `srcset` are absent where it is private. */
export interface Confirmed {
  readonly key: string;
  readonly url?: string;
  readonly width?: number;
  readonly height?: number;
  readonly type: string;
  readonly bytes: number;
  /** Of pictures. */
  readonly srcset?: string;
  readonly receipt: string;
}

/** `missing`: nothing has arrived; `uploaded`: it can be confirmed; `expired`: it cannot be any more. */
export type UploadState =
  | { readonly state: 'missing' | 'uploaded' | 'expired' }
  | ({ readonly state: 'confirmed' } & Confirmed);

export interface Confirm {
  /** Makes an upload permanent, once: each time after that the answer is the same. */
  confirm(token: string, subject: string, signal: AbortSignal): Promise<Confirmed>;
  /** The same answer where it is confirmed; nothing is changed. */
  state(token: string, subject: string, signal: AbortSignal): Promise<UploadState>;
  /** Removes what is not confirmed. */
  withdraw(token: string, subject: string, signal: AbortSignal): Promise<{ readonly state: 'removed' | 'confirmed' }>;
}

/** Private objects are for who has been given a URL, and for as long as that lasts. */
const PRIVATE_CACHE_CONTROL = 'private, max-age=300';
/** What is said of an object where it is stored. */
const ASPECTS = ['type', 'bytes', 'width', 'height'] as const;
/** Somebody may send other bytes between the look and the copy: once more, and then it is said. */
const TRIES = 2;

export function createConfirm(options: ConfirmOptions): Confirm {
  const { tokens, store, inspect, urls, urlPrefix, cacheControl, clock, onLeft, onConfirmed } = options;

  async function read(token: string, subject: string): Promise<Upload> {
    const upload = await tokens.read(token);
    if (upload.subject !== subject) throw new ServiceError('forbidden', 'The token is somebody else’s.');
    return upload;
  }

  const isOver = ({ expires }: Upload) => clock() >= expires * 1000;
  const permanent = (upload: Upload) => permanentKey(uploadName(upload), upload.visibility);
  const temporary = (upload: Upload) => temporaryKey(uploadName(upload));

  async function describe(upload: Upload, { type, bytes, metadata }: StoredObject): Promise<Confirmed> {
    const { id, subject, visibility, name } = upload;
    const key = `${urlPrefix}${permanent(upload)}`;
    const [width, height] = [Number(metadata.width), Number(metadata.height)];
    const sides = width > 0 && height > 0 ? { width, height } : undefined;
    const receipt: Receipt = { id, subject, key, visibility, type, bytes, ...sides, name };
    const isPublic = visibility === 'public';
    const srcset = isPublic && sides ? srcsetOf(urls.candidates(key, width)) : '';
    return {
      key,
      ...(isPublic && { url: urls.urlOf(key) }),
      ...sides,
      type,
      bytes,
      ...(srcset !== '' && { srcset }),
      receipt: await tokens.receipt(receipt),
    };
  }

  /** Nothing wrong stays, and nobody is told that it was right to send it. */
  async function look(upload: Upload, signal: AbortSignal): Promise<Inspection | undefined> {
    try {
      return await inspect(temporary(upload), upload, signal);
    } catch (error) {
      if (hasCode(error, 'not_found')) return undefined;
      if (hasCode(error, 'wrong_content')) await tidy(upload, signal);
      throw error;
    }
  }

  async function tidy(upload: Upload, signal: AbortSignal): Promise<void> {
    await store.remove(temporary(upload), signal).catch((error: unknown) => onLeft(temporary(upload), error));
  }

  async function makePermanent(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await look(upload, signal);
      const made = await copyOnce(upload, found, signal);
      if (made) {
        await tidy(upload, signal);
        return made;
      }
      if (!found) throw new ServiceError('not_uploaded');
    }
    throw new ServiceError('not_uploaded', 'The upload keeps changing.');
  }

  /** Another one may have confirmed it meanwhile: not every store refuses to copy over that, or tells who was first. */
  async function copyOnce(upload: Upload, found: Inspection | undefined, signal: AbortSignal) {
    const before = await store.head(permanent(upload), signal);
    if (before || !found) return before;
    return (await copy(upload, found, signal)) ?? (await store.head(permanent(upload), signal));
  }

  /** The version that was looked at, and no other; undefined where there is another by now, or the target is there. */
  async function copy(upload: Upload, found: Inspection, signal: AbortSignal): Promise<StoredObject | undefined> {
    const { visibility, name, id } = upload;
    const { etag, type, bytes, width, height } = found;
    const sides = width === undefined || height === undefined ? {} : { width: `${width}`, height: `${height}` };
    const metadata = { ...sides, upload: id, name: encodeURIComponent(name) };
    const lifetime = visibility === 'private' ? PRIVATE_CACHE_CONTROL : cacheControl;
    const object = { type, metadata, cacheControl: lifetime };
    const copied = await store.copy(temporary(upload), etag, permanent(upload), object, signal);
    const isRight = copied !== undefined && (copied === etag || (await isCopyOf(upload, found, signal)));
    return isRight ? { type, bytes, metadata } : undefined;
  }

  /**
   * Stores do not all look at the version that is named, and an entity tag need not be that of the bytes (encryption, parts): then the copy is
   * looked at, which nobody can replace.
   */
  async function isCopyOf(upload: Upload, found: Inspection, signal: AbortSignal): Promise<boolean> {
    const made = await inspect(permanent(upload), upload, signal).catch((error: unknown) => {
      if (hasCode(error, 'wrong_content')) return undefined;
      throw error;
    });
    if (made && ASPECTS.every((aspect) => made[aspect] === found[aspect])) return true;
    await store.remove(permanent(upload), signal);
    return false;
  }

  return {
    async confirm(token, subject, signal) {
      const upload = await read(token, subject);
      const there = await store.head(permanent(upload), signal);
      if (there) return await describe(upload, there);
      if (isOver(upload)) throw new ServiceError('upload_expired');
      const made = await makePermanent(upload, signal);
      // Somebody may have asked for it when it was not there.
      onConfirmed(`${urlPrefix}${permanent(upload)}`);
      return await describe(upload, made);
    },
    async state(token, subject, signal) {
      const upload = await read(token, subject);
      const there = await store.head(permanent(upload), signal);
      if (there) return { state: 'confirmed', ...(await describe(upload, there)) };
      if (isOver(upload)) return { state: 'expired' };
      return { state: (await store.head(temporary(upload), signal)) ? 'uploaded' : 'missing' };
    },
    async withdraw(token, subject, signal) {
      const upload = await read(token, subject);
      const isConfirmed = (await store.head(permanent(upload), signal)) !== undefined;
      // What is left of a confirmed one goes, too.
      await store.remove(temporary(upload), signal);
      return { state: isConfirmed ? 'confirmed' : 'removed' };
    },
  };
}
