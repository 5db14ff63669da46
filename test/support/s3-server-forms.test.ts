import { createHash, createHmac } from 'node:crypto';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import t, { type Test } from 'tap';
import { bytesOf, setUp, textOf } from './s3-fixture.ts';
import { presigner, sendForm } from './s3-presigned.ts';
import type { TestS3 } from './s3-server.ts';

const external = Boolean(process.env.TEST_S3_ENDPOINT);

function presign(t: Test, s3: TestS3, Key: string, post: Partial<PresignedPostOptions> = {}) {
  return createPresignedPost(presigner(t, s3), { Bucket: s3.bucket, Key, ...post });
}

/** A policy signed by hand, with what the SDK would not put into one. */
function signPolicy(s3: TestS3, policy: string, scope: string): Record<string, string> {
  const base64 = Buffer.from(policy).toString('base64');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${s3.credentials.secretAccessKey}`);
  return {
    key: 'a',
    Policy: base64,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${s3.credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': '20200102T000000Z',
    'X-Amz-Signature': hmac(key as Buffer, base64).toString('hex'),
  };
}

t.test('a form that is refused is told why', async (t) => {
  const { s3 } = await setUp(t);
  const Conditions: PresignedPostOptions['Conditions'] = [['content-length-range', 2, 5]];
  const { url, fields } = await presign(t, s3, 'a', { Conditions, Fields: { 'Content-Type': 'text/plain' } });
  const late = await presign(t, s3, 'a', { Conditions, Expires: -60 });
  const { Policy: _policy, ...bare } = fields;
  const cases: readonly [fields: Readonly<Record<string, string>>, file: string, status: number, code: string][] = [
    [fields, 'hello!', 400, 'EntityTooLarge'],
    [fields, 'h', 400, 'EntityTooSmall'],
    [bare, 'hello', 403, 'AccessDenied'],
    [late.fields, 'hello', 403, 'AccessDenied'],
    [{ ...fields, key: 'b' }, 'hello', 403, 'AccessDenied'],
    [{ 'x-amz-meta-a': '1', ...fields }, 'hello', 403, 'AccessDenied'],
  ];
  for (const [given, file, status, code] of cases) {
    t.match(await sendForm(url, given, file), { status, text: `<Code>${code}</Code>` });
  }
  t.match(await sendForm(url, { 'x-ignore-a': '1', ...fields }, 'hello'), { status: 204 });
});

t.test('a refusal names the condition', { skip: external && 'stores have words of their own' }, async (t) => {
  const { s3 } = await setUp(t);
  const { url, fields } = await presign(t, s3, 'a', { Conditions: [['starts-with', '$Cache-Control', 'max-age']] });
  const meta = { 'Cache-Control': 'max-age=1', 'x-amz-meta-a': '1', ...fields };
  t.match(await sendForm(url, meta, 'x'), { text: 'Invalid according to Policy: Extra input fields: x-amz-meta-a' });
  const said = 'Policy Condition failed: ["starts-with", "$cache-control", "max-age"]';
  t.match(await sendForm(url, { ...fields, 'Cache-Control': 'private' }, 'x'), { text: said });
  const late = await presign(t, s3, 'a', { Expires: -60 });
  t.match(await sendForm(url, late.fields, 'x'), { text: 'Policy expired.' });
});

t.test('a policy is signed for a day, a region and a key', { skip: external && 'known of S3' }, async (t) => {
  const { s3 } = await setUp(t);
  const url = `${s3.endpoint}/${s3.bucket}`;
  const expiration = new Date(Date.now() + 60_000).toISOString();
  const names = ['key', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date'];
  const conditions = names.map((name) => ['starts-with', `$${name}`, '']);
  const open = JSON.stringify({ expiration, conditions });
  const scope = `20200102/${s3.region}/s3/aws4_request`;
  const sign = (policy: string, of = scope) => signPolicy(s3, policy, of);
  t.match(await sendForm(url, sign(open), 'x'), { status: 204 });
  t.match(await sendForm(url, sign(open, scope.replace('20200102', '20200103')), 'x'), { status: 400 }, 'another day');
  t.match(await sendForm(url, sign(open, scope.replace(s3.region, 'mars')), 'x'), { status: 400 }, 'another region');
  const nobody = { ...sign(open), 'X-Amz-Credential': `AKIANOBODY/${scope}` };
  t.match(await sendForm(url, nobody, 'x'), { status: 403, text: 'InvalidAccessKeyId' });
  const { key: _key, ...keyless } = sign(open);
  t.match(await sendForm(url, keyless, 'x'), { status: 400, text: 'InvalidArgument' });
  for (const policy of ['{', '{}', 'null', JSON.stringify({ expiration, conditions: [null] })]) {
    t.match(await sendForm(url, sign(policy), 'x'), { status: 400, text: 'InvalidPolicyDocument' }, policy);
  }
  const other = JSON.stringify({ expiration, conditions: [...conditions, ['ends-with', '$key', 'a']] });
  t.match(await sendForm(url, sign(other), 'x'), { status: 403, text: 'ends-with' });
});

t.test('a form is answered with the status that it asks for', async (t) => {
  const { s3, get } = await setUp(t);
  const etag = `"${createHash('md5').update('hello').digest('hex')}"`;
  const send = async (status: string) => {
    const { url, fields } = await presign(t, s3, `a&${status}`, { Fields: { success_action_status: status } });
    return await sendForm(url, fields, 'hello');
  };
  t.match(await send('200'), { status: 200, text: '' });
  t.match(await send('302'), { status: 204, text: '' });
  const created = await send('201');
  t.match(created, { status: 201, text: /<PostResponse>.*<Key>a&[^<]*201<\/Key>/s });
  // Not every store says so.
  if (!external) t.equal(created.headers.get('etag'), etag);
  t.match(await get('a&201'), { ETag: etag });
});

t.test('a file is stored byte for byte, under any key', async (t) => {
  const { s3, get } = await setUp(t);
  const bytes = Buffer.concat([
    Buffer.from('\r\n\r\n--\r\n------formdata'),
    Uint8Array.from({ length: 256 }, (_, i) => i),
    Buffer.from('\r\n'),
  ]);
  for (const key of ['plain', 'a//b', 'é &+%2B.png']) {
    const { url, fields } = await presign(t, s3, key);
    t.equal((await sendForm(url, fields, new Uint8Array(bytes))).status, 204, key);
    t.ok(bytes.equals(await bytesOf(get(key))), key);
  }
});

t.test('what comes after the file is left alone', { skip: external && 'known of S3' }, async (t) => {
  const { s3, get } = await setUp(t);
  const { url, fields } = await presign(t, s3, 'a');
  const field = ([name, value]: [string, string]) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const parts = [...Object.entries(fields), ['file', 'x'], ['key', 'b'], ['Cache-Control', 'private']];
  const body = `${parts.map((part) => field(part as [string, string])).join('')}--x--\r\n`;
  const send = async (contentType: string, form = body) => {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body: form });
    return { status: answer.status, text: await answer.text() };
  };
  t.match(await send('multipart/form-data; boundary="x"'), { status: 204 });
  t.equal(await textOf(get('a')), 'x');
  t.match(await send('multipart/form-data'), { status: 400, text: 'MalformedPOSTRequest' });
  const cut = body.slice(0, body.indexOf('name="file"') + 16);
  t.match(await send('multipart/form-data; boundary=x', cut), { status: 400, text: 'InvalidArgument' });
});
