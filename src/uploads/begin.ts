import { temporaryKey, type Visibility } from './keys.ts';
import type { Presign } from './presign.ts';
import type { Tokens, Upload } from './tokens.ts';
import { uploadName } from './tokens.ts';
import type { UploadType } from './upload-types.ts';

/** What somebody wants to upload. */
export interface UploadOrder {
  readonly name: string;
  readonly type: UploadType;
  /** Bytes. */
  readonly size: number;
  readonly visibility: Visibility;
  readonly method: 'POST' | 'PUT';
}

export interface BeginOptions {
  readonly tokens: Tokens;
  readonly presign: Presign;
  /** A UUID. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How to send the bytes, and the token to confirm them with. Times are seconds since 1970. */
export type Begun = {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** Of a form, before the file. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token: string;
  /** When the permission to send ends. */
  readonly expires: number;
  /** When the token ends. */
  readonly confirmBefore: number;
};

/** How long bytes can be sent. */
export const SEND_SECONDS = 600;
/** How long they can be confirmed: as long as the bucket keeps them at least (`bucket-rules.ts`). */
export const CONFIRM_SECONDS = 86_400;

/** Begins uploads: no byte passes through here, and nothing is remembered. */
export function createBegin({ tokens, presign, newId, clock }: BeginOptions) {
  return async ({ method, ...order }: UploadOrder, subject: string): Promise<Begun> => {
    const now = Math.floor(clock() / 1000);
    const upload: Upload = { id: newId(), subject, ...order, expires: now + CONFIRM_SECONDS };
    const key = temporaryKey(uploadName(upload));
    const permission = await (method === 'PUT' ? presign.put : presign.post)(key, order, SEND_SECONDS);
    const token = await tokens.issue(upload);
    return { method, ...permission, token, expires: now + SEND_SECONDS, confirmBefore: upload.expires };
  };
}
