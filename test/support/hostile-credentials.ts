import { SignJWT, UnsecuredJWT } from 'jose';
import { createPending } from '../../src/uploads/pending.ts';
import { createTokens, type Upload } from '../../src/uploads/tokens.ts';
import { claimsOf, type TokenIssuer } from './token-issuer.ts';
import { API_KEY, type CallOptions, identityToken, JWT_SECRET, KEY } from './uploads.ts';

/** An upload of Ann's, and what it is called. */
export const FILE = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg';
export const UPLOAD: Omit<Upload, 'expires' | 'size'> = {
  id: FILE.slice(0, 36),
  subject: 'ann',
  visibility: 'public',
  type: 'image/jpeg',
  name: 'a.jpg',
};
const PUBLIC_KEY = `files/ann/${FILE}`;

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** Each of them something of ours: what a token is for, and nothing that a token is good for. */
async function oursOfOtherKinds(): Promise<Readonly<Record<string, string>>> {
  const pending = createPending([KEY]).valueFor(PUBLIC_KEY, inSeconds(60));
  const receipt = await createTokens([KEY]).receipt({ ...UPLOAD, key: PUBLIC_KEY, bytes: 1_000 });
  return { 'a receipt': receipt, 'what a URL has while it waits': pending };
}

/** Texts that are no token of an upload. */
export async function otherTokens(): Promise<Readonly<Record<string, string>>> {
  const expires = inSeconds(60);
  const token = await createTokens([KEY]).issue({ ...UPLOAD, size: 1_000, expires });
  const [head = '', body = '', sig = ''] = token.split('.');
  const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const typ = 'lambent-upload+jwt';
  const ours = { alg: 'HS256', kid: KEY.id, typ };
  const signed = (header: { alg: string; kid?: string; typ?: string }, secret: Uint8Array = KEY.secret) =>
    new SignJWT({ ...UPLOAD, jti: UPLOAD.id, sub: 'ann', exp: expires }).setProtectedHeader(header).sign(secret);
  return {
    ...(await oursOfOtherKinds()),
    text: 'letmein',
    'who one is': await identityToken('ann'),
    'the key of a backend': API_KEY,
    'no signature': `${head}.${body}.`,
    'half a signature': token.slice(0, -20),
    'another body': `${head}.${json({ ...UPLOAD, jti: UPLOAD.id, sub: 'bob', exp: expires })}.${sig}`,
    'alg none': `${json({ ...ours, alg: 'none' })}.${body}.`,
    'alg none, signed': `${json({ ...ours, alg: 'none' })}.${body}.${sig}`,
    'no kind': await signed({ alg: 'HS256', kid: KEY.id }),
    'the kind of others': await signed({ ...ours, typ: 'JWT' }),
    'no key': await signed({ alg: 'HS256', typ }),
    'an unknown key': await signed({ ...ours, kid: 'k9' }),
    'a prototype for a key': await signed({ ...ours, kid: '__proto__' }),
    'a file for a key': await signed({ ...ours, kid: '../../dev/null' }, Buffer.from('0')),
    'another secret by its name': await signed(ours, Buffer.alloc(32)),
    'the other key by its name': await signed({ ...ours, kid: 'k0' }),
    'the secret of who says who one is': await signed(ours, Buffer.from(JWT_SECRET)),
  };
}

/** Tokens that say of nobody who they are, where they are to be an issuer's or a backend's. */
export async function otherIdentities(issuer: TokenIssuer): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await oursOfOtherKinds()),
    ...(await publicKeysAsSecrets(issuer)),
    nothing: '',
    expired: await issuer.sign({ exp: inSeconds(-60) }),
    'not yet': await issuer.sign({ nbf: inSeconds(60) }),
    'without end': await issuer.sign({ exp: undefined }),
    'without a name': await issuer.sign({ sub: undefined }),
    'of another issuer': await issuer.sign({ iss: 'https://evil.example' }),
    'for another service': await issuer.sign({ aud: 'mail' }),
    'alg none': new UnsecuredJWT(claimsOf('ann')).encode(),
    'the secret that is not set': await identityToken('ann'),
    'a token of an upload': await createTokens([KEY]).issue({ ...UPLOAD, size: 1_000, expires: inSeconds(60) }),
    'half a key of a backend': API_KEY.slice(0, -1),
    'a name and a key': `shop:${API_KEY}`,
    'a key of UPLOADS_KEYS': '0a'.repeat(32),
  };
}

/** What everybody may know, taken for a secret (RFC 8725, 2.1). */
async function publicKeysAsSecrets({ publicPem, published }: TokenIssuer): Promise<Readonly<Record<string, string>>> {
  const [{ n = '' } = {}] = JSON.parse(published).keys;
  const tokens: Record<string, string> = {};
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const [what, secret] of Object.entries({
      'the public key': publicPem,
      'the set of keys': published,
      'its number': n,
    }))
      tokens[`${alg} with ${what}`] = await new SignJWT(claimsOf('ann'))
        .setProtectedHeader({ alg, kid: 'r1' })
        .sign(Buffer.from(String(secret)));
  }
  return tokens;
}

/** Right keys, not brought as it is said where. */
export const OTHER_WAYS: readonly CallOptions[] = [
  {},
  { authorization: API_KEY },
  { authorization: `Basic ${Buffer.from(`shop:${API_KEY}`).toString('base64')}` },
  { authorization: `Bearer ${API_KEY} ${API_KEY}` },
  { headers: { cookie: `token=${API_KEY}`, 'x-api-key': API_KEY } },
];

/** Values that a URL of the upload has while it waits, made for something else. */
export async function otherPendings(): Promise<Readonly<Record<string, string>>> {
  const [pending, soon] = [createPending([KEY]), inSeconds(60)];
  const right = pending.valueFor(PUBLIC_KEY, soon);
  return {
    'of another key': pending.valueFor(`files/bob/${FILE}`, soon),
    'of a private one': pending.valueFor(`private/ann/${FILE}`, soon),
    'of where it waits': pending.valueFor(`tmp/ann/${FILE}`, soon),
    expired: pending.valueFor(PUBLIC_KEY, inSeconds(-60)),
    'made to last': right.replace(/^\d+/, String(inSeconds(600))),
    'half of it': right.slice(0, -1),
    'by another secret': createPending([{ ...KEY, secret: Buffer.alloc(32) }]).valueFor(PUBLIC_KEY, soon),
    'by an unknown key': createPending([{ ...KEY, id: 'k9' }]).valueFor(PUBLIC_KEY, soon),
    'a token': await createTokens([KEY]).issue({ ...UPLOAD, size: 1_000, expires: soon }),
    'a receipt': (await oursOfOtherKinds())['a receipt'] ?? '',
  };
}

/** Keys that are of no upload, or of somebody else's, to Ann. */
export const FOREIGN_KEYS: readonly string[] = [
  `files/bob/${FILE}`,
  `private/bob/${FILE}`,
  `tmp/ann/${FILE}`,
  `tmp/../files/ann/${FILE}`,
  `tmp-evil/ann/${FILE}`,
  `files-evil/ann/${FILE}`,
  `permanent/ann/${FILE}`,
  `constructor/ann/${FILE}`,
  `public/ann/${FILE}`,
  `files/ann/../bob/${FILE}`,
  `files/../tmp/ann/${FILE}`,
  `files//ann/${FILE}`,
  `/files/ann/${FILE}`,
  `./files/ann/${FILE}`,
  `files/ann/${FILE}/`,
  `files/ann/x/${FILE}`,
  `files/ann\\${FILE}`,
  `files%2Fann%2F${FILE}`,
  `files/Ann/${FILE}`,
  `FILES/ann/${FILE}`,
  `files/ann/${FILE.toUpperCase()}`,
  `files/ann/${FILE}\0`,
  `files/ann/${FILE}\n`,
  `files/ann/${FILE.replace('.jpg', '')}`,
  `files/ann/${FILE.replace('.jpg', '.jpg.exe')}`,
  'files/ann/',
  'files/ann/a.jpg',
  'a.jpg',
  '..',
  '*',
];
