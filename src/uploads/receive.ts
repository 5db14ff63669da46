import type { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import { CONFIRM_SECONDS } from './begin.ts';
import type { Inspect } from './inspection.ts';
import { permanentKey, temporaryKey } from './keys.ts';
import type { Pending } from './pending.ts';
import { type Tokens, type Upload, uploadName } from './tokens.ts';
import type { UploadStore } from './upload-store.ts';
import type { UploadType } from './upload-types.ts';
import type { Candidate, UploadUrls } from './upload-urls.ts';

export interface ReceiveOptions {
  readonly tokens: Tokens;
  readonly store: UploadStore;
  readonly inspect: Inspect;
  readonly urls: UploadUrls;
  readonly urlPrefix: string;
  readonly pending: Pending;
  /** A UUID. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** A picture that comes through here, as it comes. */
export interface Arriving {
  readonly name: string;
  readonly type: UploadType;
  readonly body: Readable;
  /** Whether it was cut off at the limit; known once it has been read. */
  readonly isCut: () => boolean;
}

/** URLs that already are those of a confirmed upload, and until then show what has arrived. */
export interface Received {
  readonly url: string;
  readonly candidates: readonly Candidate[];
  readonly token: string;
  /** When the token ends, in seconds since 1970. */
  readonly confirmBefore: number;
}

/** For clients that can only send a form to one address: the bytes pass through, and wait to be confirmed like any others. */
export function createReceive(options: ReceiveOptions) {
  const { tokens, store, inspect, urls, urlPrefix, pending, newId, clock } = options;

  async function take({ type, body, isCut }: Arriving, key: string, signal: AbortSignal) {
    await store.write(key, body, type, signal);
    if (isCut()) throw new ServiceError('upload_too_large');
    // Who writes a text is told at once, and not when it is saved. Confirming looks again: by then it may be something else.
    return await inspect(key, { type, size: undefined }, signal);
  }

  return async (arriving: Arriving, subject: string, signal: AbortSignal): Promise<Received> => {
    const { name, type } = arriving;
    const begun = { id: newId(), subject, visibility: 'public', name, type } as const;
    const file = uploadName(begun);
    try {
      const { bytes, width = 0 } = await take(arriving, temporaryKey(file), signal);
      const upload: Upload = { ...begun, size: bytes, expires: Math.floor(clock() / 1000) + CONFIRM_SECONDS };
      const key = `${urlPrefix}${permanentKey(file, upload.visibility)}`;
      const shown = { pending: pending.valueFor(key, upload.expires) };
      return {
        url: urls.urlOf(key, shown),
        candidates: urls.candidates(key, width, shown),
        token: await tokens.issue(upload),
        confirmBefore: upload.expires,
      };
    } catch (error) {
      // Nobody has a token for it. What cannot be removed now, its lifecycle removes.
      if (!signal.aborted) await store.remove(temporaryKey(file), signal).catch(() => {});
      throw error;
    }
  };
}
