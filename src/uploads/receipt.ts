import { errors, jwtVerify, SignJWT } from 'jose';

/** That an upload was confirmed, and as what: a statement that a backend can check by itself, whoever brings it. */
export interface Receipt {
  /** Names the upload; the same in every receipt of it. */
  readonly id: string;
  /** Who uploaded it, as its token said. */
  readonly subject: string;
  /** Of the object, as in the path of a URL, decoded and without the first slash. */
  readonly key: string;
  readonly visibility: 'public' | 'private';
  /** The media type that its bytes have. */
  readonly type: string;
  readonly bytes: number;
  /** In pixels, upright; of pictures alone. */
  readonly width?: number;
  readonly height?: number;
  /** What the file was called where it came from: for people to read, and not to be used as a path. */
  readonly name: string;
}

/** A key by its id: of `UPLOADS_KEYS`. */
export interface ReceiptKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** A receipt is a JSON Web Token (RFC 7519), and of one kind: none of the tokens signed by the same keys is taken for one (RFC 8725, 3.11). */
const TYPE = 'lambent-receipt+jwt';
const ALGORITHM = 'HS256';

/** The same text each time, so that whoever confirms twice has one receipt. */
export async function signReceipt({ id, subject, ...claims }: Receipt, key: ReceiptKey): Promise<string> {
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: ALGORITHM, kid: key.id, typ: TYPE })
    .setJti(id)
    .setSubject(subject)
    .sign(key.secret);
}

/**
 * What a receipt says, for a backend that knows the keys; nobody is asked. `keys` is the value of `UPLOADS_KEYS`, `id:hex,id:hex`. Rejects
 * with an error that says why for what is no receipt of these keys. It has no end: that an upload was taken in stays true.
 */
export async function verifyReceipt(receipt: string, keys: string): Promise<Receipt> {
  const { payload } = await jwtVerify(receipt, ({ kid }) => secretOf(kid, keys), {
    algorithms: [ALGORITHM],
    typ: TYPE,
  });
  const { jti, sub, ...claims } = payload;
  return Object.freeze({ id: jti, subject: sub, ...claims }) as unknown as Receipt;
}

function secretOf(kid: string | undefined, keys: string): Uint8Array {
  for (const key of keys.split(',')) {
    const [id, hex = ''] = key.split(':');
    if (id === kid) return Buffer.from(hex, 'hex');
  }
  throw new errors.JWKSNoMatchingKey();
}
