import { readFileSync } from 'node:fs';
import t from 'tap';
import { startUploads, type UploadsFixture } from '../support/uploads.ts';

const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url));
const SIGNING_KEYS = `s1:${'0c'.repeat(32)}`;

/** The key of a confirmed upload of Ann's. */
async function confirmed({ call, upload }: UploadsFixture, isPrivate: boolean): Promise<string> {
  const token = await upload(harbour, { private: isPrivate });
  const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  if (status !== 200) throw new Error(JSON.stringify(json));
  return json.key;
}

const now = () => Math.floor(Date.now() / 1000);

t.test('a private file is nobody’s but its owner’s, who gets URLs that end', async (t) => {
  const fixture = await startUploads(t);
  const { service, call, s3 } = fixture;
  const token = await fixture.upload(harbour, { private: true });
  const { json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.same(Object.keys(json), ['key', 'width', 'height', 'type', 'bytes', 'receipt'], 'and no URL');
  t.match(json.key, /^private\/ann\//);
  for (const target of [`/${json.key}`, `/${json.key}?w=20`, `/${json.key.replace('private', '%70rivate')}`]) {
    const answer = await service.get(target);
    t.equal(answer.status, 404, target);
    t.match(answer.headers['cache-control'], /s-maxage=30/);
  }
  const { status, json: given } = await call('GET', `/-/uploads/url?key=${json.key}&seconds=60`, { as: 'ann' });
  t.equal(status, 200);
  t.ok(Math.abs(given.expires - 60 - now()) < 30);
  const read = await fetch(given.url);
  t.equal(read.status, 200);
  t.match([...read.headers], [['content-type', 'image/jpeg']].slice(1));
  t.equal(read.headers.get('cache-control'), 'private, max-age=300');
  t.strictSame(Buffer.from(await read.arrayBuffer()), harbour);
  t.match(given.url, /X-Amz-Expires=60/);
  s3.requests.reset();
  for (const method of ['GET', 'DELETE']) {
    const target = method === 'GET' ? `/-/uploads/url?key=${json.key}` : `/-/uploads?key=${json.key}`;
    t.match(await call(method, target, { as: 'bob' }), { status: 403, json: { error: { code: 'forbidden' } } });
  }
  t.same(s3.requests, [], 'and nothing is asked of the store');
});

t.test('with keys to sign with, a private picture has sizes, for as long as it is said', async (t) => {
  const fixture = await startUploads(t, {
    env: {
      SIGNING_KEYS,
      SIGNING: 'off',
      SIGNING_EXEMPT: 'ladder',
      WIDTHS: '100,200',
      UPLOADS_PUBLIC_URL: 'https://img.example',
    },
  });
  const { service, call } = fixture;
  const key = await confirmed(fixture, true);
  const asked = `/-/uploads/url?key=${key}&seconds=60&w=200&f=webp`;
  const { json } = await call('GET', asked, { as: 'ann' });
  const target = json.url.replace('https://img.example', '');
  t.match(target, new RegExp(`^/${key}\\?w=200&f=webp&exp=${json.expires}&kid=s1&sig=`));
  const picture = await service.get(target);
  t.match(picture.headers, {
    'content-type': 'image/webp',
    'cache-control': /^private, max-age=\d+, must-revalidate$/,
  });
  t.equal((await service.get(target.replace('w=200', 'w=100'))).status, 403);
  t.equal((await service.get(`/${key}?w=200`)).status, 403, 'also where others need no signature');
  t.equal((await service.get(`/${key}`)).status, 403);
  const open = await confirmed(fixture, false);
  t.equal((await service.get(`/${open}?w=200`)).status, 200);
});

t.test('without such keys there are no sizes', async (t) => {
  const fixture = await startUploads(t);
  const key = await confirmed(fixture, true);
  t.match(await fixture.call('GET', `/-/uploads/url?key=${key}&w=200`, { as: 'ann' }), {
    status: 400,
    json: { error: { code: 'bad_upload', message: /SIGNING_KEYS/ } },
  });
});

t.test('a public file has a URL without end', async (t) => {
  const fixture = await startUploads(t);
  const key = await confirmed(fixture, false);
  const { call } = fixture;
  t.same((await call('GET', `/-/uploads/url?key=${key}`, { as: 'ann' })).json, { url: `/${key}` });
  t.same((await call('GET', `/-/uploads/url?key=${key}&w=20`, { as: 'ann' })).json, { url: `/${key}?w=20` });
});

t.test('an owner removes what is theirs, and it is gone from memory, too', async (t) => {
  const fixture = await startUploads(t);
  const { service, call, keys } = fixture;
  const key = await confirmed(fixture, false);
  t.equal((await service.get(`/${key}?w=20`)).status, 200);
  t.match((await service.get(`/${key}?w=20`)).headers, { 'cache-status': 'lambent; hit' });
  const removed = await call('DELETE', `/-/uploads?key=${key}`, { as: 'ann' });
  t.equal(removed.status, 204);
  t.equal((await service.get(`/${key}?w=20`)).status, 404);
  t.same(await keys(), []);
  t.equal((await call('DELETE', `/-/uploads?key=${key}`, { as: 'ann' })).status, 204, 'again');
  t.equal((await call('GET', `/-/uploads/url?key=${key}`, { as: 'ann' })).status, 404);
});

t.test('keys that are of no upload are nobody’s', async (t) => {
  const { call, s3 } = await startUploads(t, {
    envOf: ({ bucket }) => ({ UPLOADS_BUCKET: `s3://${bucket}/up`, SOURCE: `s3://${bucket}` }),
  });
  const file = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg';
  for (const key of [
    `files/ann/${file}`,
    `up/tmp/ann/${file}`,
    `up/files/../files/ann/${file}`,
    `up/files/ann/${file}/`,
    `up/files-evil/ann/${file}`,
    `up//files/ann/${file}`,
    'up/files/ann/a.jpg',
    'other.jpg',
  ]) {
    const target = `?key=${encodeURIComponent(key)}`;
    t.equal((await call('GET', `/-/uploads/url${target}`, { as: 'ann' })).status, 403, key);
    t.equal((await call('DELETE', `/-/uploads${target}`, { as: 'ann' })).status, 403, key);
  }
  t.same(s3.requests, []);
});
