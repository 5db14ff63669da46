import { type JWTHeaderParameters, jwtVerify, SignJWT } from 'jose';
import { ServiceError } from '../errors.ts';
import type { SigningKey } from '../signing-keys.ts';
import { ownerOf, type UploadName, type Visibility } from './keys.ts';
import { type Receipt, signReceipt } from './receipt.ts';
import { UPLOAD_TYPES, type UploadType } from './upload-types.ts';

/** One upload, from its announcement on; whoever has its token has all there is to know of it. */
export interface Upload {
  /** A UUID. */
  readonly id: string;
  readonly subject: string;
  readonly visibility: Visibility;
  /** As announced. */
  readonly type: UploadType;
  /** Bytes, as announced. */
  readonly size: number;
  /** What the file was called, for people to read. */
  readonly name: string;
  /** Until when it can be confirmed, in seconds since 1970. */
  readonly expires: number;
}

export function uploadName({ id, subject, type }: Pick<Upload, 'id' | 'subject' | 'type'>): UploadName {
  return { owner: ownerOf(subject), file: `${id}.${UPLOAD_TYPES[type].extension}` };
}

export interface Tokens {
  issue(upload: Upload): Promise<string>;
  /** What a token says, also after its end; `bad_token` for what is none of ours. */
  read(token: string): Promise<Upload>;
  receipt(receipt: Receipt): Promise<string>;
}

const TYPE = 'lambent-upload+jwt';
const ALGORITHM = 'HS256';
/** Those of ours have some 500 characters. */
const MAX_LENGTH = 4_096;

export function createTokens(keys: readonly SigningKey[]): Tokens {
  const [first] = keys as readonly [SigningKey];

  function secretOf(kid: string | undefined): Uint8Array {
    const key = keys.find(({ id }) => id === kid);
    if (key) return key.secret;
    throw new ServiceError('bad_token');
  }

  return {
    async issue({ id, subject, expires, ...claims }) {
      return await new SignJWT({ ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid: first.id, typ: TYPE })
        .setJti(id)
        .setSubject(subject)
        .setExpirationTime(expires)
        .sign(first.secret);
    },
    async read(token) {
      if (token.length > MAX_LENGTH) throw new ServiceError('bad_token');
      try {
        // When it ends is judged by whoever uses it: what was confirmed before that stays confirmed.
        const options = { algorithms: [ALGORITHM], typ: TYPE, currentDate: new Date(0) };
        const { payload } = await jwtVerify(token, ({ kid }: JWTHeaderParameters) => secretOf(kid), options);
        const { jti, sub, exp, ...claims } = payload;
        return Object.freeze({ id: jti, subject: sub, expires: exp, ...claims }) as unknown as Upload;
      } catch (error) {
        throw new ServiceError('bad_token', undefined, { cause: error });
      }
    },
    receipt: (receipt) => signReceipt(receipt, first),
  };
}
