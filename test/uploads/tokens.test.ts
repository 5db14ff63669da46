import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import t from 'tap';
import { createPending } from '../../src/uploads/pending.ts';
import { type Receipt, signReceipt, verifyReceipt } from '../../src/uploads/receipt.ts';
import { createTokens, type Upload, uploadName } from '../../src/uploads/tokens.ts';
import { ROOT } from '../support/process.ts';

const NEW = { id: 'new', secret: Buffer.alloc(32, 1) };
const OLD = { id: 'old', secret: Buffer.alloc(32, 2) };
const KEYS = `new:${'01'.repeat(32)},old:${'02'.repeat(32)}`;

const UPLOAD: Upload = {
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  subject: 'auth0|ann',
  visibility: 'public',
  type: 'image/jpeg',
  size: 1234,
  name: 'Hafen ü.jpg',
  expires: 1_800_000_000,
};

const RECEIPT: Receipt = {
  id: UPLOAD.id,
  subject: 'ann',
  key: 'files/ann/6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg',
  visibility: 'public',
  type: 'image/jpeg',
  bytes: 1234,
  width: 40,
  height: 30,
  name: 'Hafen ü.jpg',
};

t.test('a token says what was announced, whichever of the keys has signed it, and after its end, too', async (t) => {
  const tokens = createTokens([NEW, OLD]);
  t.same(await tokens.read(await tokens.issue(UPLOAD)), UPLOAD);
  t.same(await tokens.read(await createTokens([OLD]).issue(UPLOAD)), UPLOAD, 'before the keys were changed');
  const past = { ...UPLOAD, expires: 1000 };
  t.same(await tokens.read(await tokens.issue(past)), past);
});

t.test('what is no token of these keys is refused', async (t) => {
  const tokens = createTokens([NEW]);
  const token = await tokens.issue(UPLOAD);
  const [head = '', body = '', sig = ''] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ ...UPLOAD, sub: 'bob' })).toString('base64url');
  const bare = Buffer.from(JSON.stringify({ alg: 'none', typ: 'lambent-upload+jwt' })).toString('base64url');
  const signed = (header: { alg: string; kid?: string; typ?: string }, secret: Uint8Array) =>
    new SignJWT({}).setProtectedHeader(header).sign(secret);
  const cases: readonly [string, string][] = [
    ['nothing', ''],
    ['text', 'abc'],
    ['another body', `${head}.${forged}.${sig}`],
    ['no signature', `${head}.${body}.`],
    ['alg none', `${bare}.${body}.`],
    ['an unknown key', await createTokens([OLD]).issue(UPLOAD)],
    ['the right name of another key', await createTokens([{ ...OLD, id: 'new' }]).issue(UPLOAD)],
    ['no name of a key', await signed({ alg: 'HS256', typ: 'lambent-upload+jwt' }, NEW.secret)],
    ['another algorithm', await signed({ alg: 'HS512', kid: 'new', typ: 'lambent-upload+jwt' }, Buffer.alloc(64, 1))],
    ['no kind', await signed({ alg: 'HS256', kid: 'new' }, NEW.secret)],
    ['a receipt', await signReceipt(RECEIPT, NEW)],
    ['more than one can have', `${token}${'a'.repeat(4096)}`],
  ];
  for (const [what, text] of cases) await t.rejects(tokens.read(text), { code: 'bad_token' }, what);
});

t.test('a receipt is verified by who knows the keys, and always the same', async (t) => {
  const receipt = await createTokens([NEW]).receipt(RECEIPT);
  t.same(await verifyReceipt(receipt, KEYS), RECEIPT);
  t.equal(await signReceipt(RECEIPT, NEW), receipt);
  t.same(await verifyReceipt(await signReceipt(RECEIPT, OLD), KEYS), RECEIPT);
  const film = { ...RECEIPT, width: undefined, height: undefined, type: 'video/mp4' };
  t.notOk('width' in (await verifyReceipt(await signReceipt(film as never, NEW), KEYS)));
});

t.test('a receipt is as RFC 7515 has it, so that any library can verify it', async (t) => {
  const [head = '', body = '', sig] = (await signReceipt(RECEIPT, NEW)).split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  t.same(read(head), { alg: 'HS256', kid: 'new', typ: 'lambent-receipt+jwt' });
  const { id: jti, subject: sub, ...claims } = RECEIPT;
  t.same(read(body), { jti, sub, ...claims });
  t.equal(sig, createHmac('sha256', Buffer.alloc(32, 1)).update(`${head}.${body}`).digest('base64url'));
});

t.test('a backend verifies it by the package’s export, which needs nothing else of the service', async (t) => {
  const program = `import { verifyReceipt } from 'lambent/receipt';
    const { id, key } = await verifyReceipt(process.argv[1], process.argv[2]);
    console.log(JSON.stringify({ id, key }));`;
  const args = ['--input-type=module', '--eval', program, await signReceipt(RECEIPT, NEW), KEYS];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, _TAPJS_PROCESSINFO_COVERAGE_: '0' },
  });
  t.same(JSON.parse(stdout), { id: RECEIPT.id, key: RECEIPT.key });
  t.match(
    readFileSync(path.join(ROOT, 'dist/uploads/receipt.d.ts'), 'utf8'),
    /verifyReceipt\(receipt: string, keys: string\): Promise<Receipt>/,
  );
});

t.test('what is no receipt of these keys is refused', async (t) => {
  const receipt = await signReceipt(RECEIPT, NEW);
  await t.rejects(verifyReceipt(receipt, `old:${'02'.repeat(32)}`), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await t.rejects(verifyReceipt(receipt, `new:${'02'.repeat(32)}`), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
  await t.rejects(verifyReceipt(receipt, 'new'), 'a key without digits');
  await t.rejects(verifyReceipt(await createTokens([NEW]).issue(UPLOAD), KEYS), {
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  });
});

t.test('an upload is named by who uploads it and by nothing of its name', (t) => {
  const file = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg';
  t.same(uploadName({ ...UPLOAD, subject: 'ann' }), { owner: 'ann', file });
  // printf '%s' 'auth0|ann' | openssl dgst -sha256 -binary | base64, with - and _ and without =
  t.same(uploadName(UPLOAD), { owner: 's.-sBaAcMxVwAKN3h3nLIIX1plqySrZ8vT2Ghz4aEakp4', file });
  t.end();
});

t.test('what is pending is of one key and has an end', (t) => {
  const pending = createPending([NEW, OLD]);
  const value = pending.valueFor('files/ann/a.jpg', 1_800_000_000);
  t.match(value, /^1800000000\.new\.[\w-]{43}$/);
  t.equal(pending.read('files/ann/a.jpg', value), 1_800_000_000);
  t.equal(pending.read('files/ann/a.jpg', createPending([OLD]).valueFor('files/ann/a.jpg', 5)), 5);
  const [, kid, sig] = value.split('.');
  for (const [key, given] of [
    ['files/ann/b.jpg', value],
    ['files/ann/a.jpg', `1800000001.${kid}.${sig}`],
    ['files/ann/a.jpg', `1800000000.old.${sig}`],
    ['files/ann/a.jpg', `1800000000.none.${sig}`],
    ['files/ann/a.jpg', value.slice(0, -1)],
    ['files/ann/a.jpg', ''],
  ] as const)
    t.equal(pending.read(key, given), undefined, `${key} ${given}`);
  t.end();
});
