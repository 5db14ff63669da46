import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { signReceipt, verifyReceipt } from '../../src/uploads/receipt.ts';

const DOCUMENT = await readFile(path.resolve(import.meta.dirname, '../../docs/uploads.md'), 'utf8');

function find(pattern: RegExp): string {
  return pattern.exec(DOCUMENT)?.[1] ?? '';
}

const keys = find(/With the key `(k1:[0-9a-f]{64})`/);
const [id = '', hex = ''] = keys.split(':');
const receipt = find(/^(eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43})$/m);
const claims = JSON.parse(find(/\nsays\n\n```json\n(.+?)```/s));

t.test('the receipt in the documents is verified, and says what is written there', async (t) => {
  const { jti, sub, ...rest } = claims;
  t.strictSame(await verifyReceipt(receipt, keys), { id: jti, subject: sub, ...rest });
  await t.rejects(verifyReceipt(receipt, keys.replace('0011', '0012')), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
  await t.rejects(verifyReceipt(receipt, keys.replace('k1', 'k2')), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

t.test('it is the one that is signed here', async (t) => {
  const { jti, sub, ...rest } = claims;
  const signed = await signReceipt({ id: jti, subject: sub, ...rest }, { id, secret: Buffer.from(hex, 'hex') });
  t.equal(signed, receipt);
});

t.test('and nothing but RFC 7519 and HS256 is needed for it', (t) => {
  const [head = '', payload = '', sig] = receipt.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  t.strictSame(read(head), { alg: 'HS256', kid: 'k1', typ: 'lambent-receipt+jwt' });
  t.strictSame(read(payload), claims);
  const mac = createHmac('sha256', Buffer.from(hex, 'hex')).update(`${head}.${payload}`);
  t.equal(mac.digest('base64url'), sig);
  t.end();
});

t.test('the table has every claim, by both of its names', async (t) => {
  const verified = Object.keys(await verifyReceipt(receipt, keys));
  const table = find(/\| claim \| `verifyReceipt` \| \|\n(.+?)\n\n/s)
    .split('\n')
    .slice(1);
  const column = (index: number) =>
    table.flatMap((row) => [...(row.split(' | ')[index] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  t.same(column(0).sort(), Object.keys(claims).sort());
  t.same(column(1).sort(), verified.sort());
});
