import sharp from 'sharp';
import t from 'tap';
import { jpeg } from '../support/pictures.ts';
import type { Fault } from '../support/recording-proxy.ts';
import { type Service, startOverS3 } from '../support/service.ts';

const DAY_MS = 86_400_000;
const SHORT = 'public, max-age=10, s-maxage=60';
const photo = await jpeg(400, 300);
const square = await jpeg(300, 300);

/** S3 as it is when it is broken. */
const broken: Fault = (_request, response) => {
  response.writeHead(500).end();
  return true;
};

const statusOf = async (service: Service, target: string) => (await service.get(target)).headers['cache-status'];

t.test('six widths of one original, one after the other, are one request to S3', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  for (const w of [100, 150, 200, 250, 300, 350]) t.equal((await service.get(`/a.jpg?w=${w}`)).status, 200);
  t.equal(s3.requests.length, 1);
  t.equal(service.transforms(), 6);
});

t.test('none is kept where there is no room for any, or the object forbids it', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { CACHE_ORIGINALS_BYTES: '10000' } });
  await s3.put('a.jpg', photo);
  await s3.put('b.jpg', await jpeg(40, 30), { cacheControl: 'private' });
  for (const w of [10, 20]) await service.get(`/a.jpg?w=${w}`);
  t.equal(s3.requests.length, 2, 'a quarter of the room is less than it takes');
  for (const w of [10, 20]) await service.get(`/b.jpg?w=${w}`);
  t.equal(s3.requests.length, 4);
});

t.test('stale while it is revalidated: the old one at once, the new one next', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  const first = await service.get('/a.jpg?w=100');
  service.advance(61_000);
  const stale = await service.get('/a.jpg?w=100');
  t.match(stale.headers['cache-status'], /^lambent; hit; ttl=-[12]; detail=stale-while-revalidate$/);
  t.equal(stale.headers['cache-control'], first.headers['cache-control']);
  while ((await statusOf(service, '/a.jpg?w=100')) !== 'lambent; hit');
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 304],
    'unchanged: asked once, for all of its variants',
  );
  await s3.put('a.jpg', square);
  service.advance(61_000);
  t.ok((await service.get('/a.jpg?w=100')).body.equals(first.body));
  let renewed = await service.get('/a.jpg?w=100');
  while (renewed.headers.etag === first.headers.etag) renewed = await service.get('/a.jpg?w=100');
  t.match(await sharp(renewed.body).metadata(), { width: 100, height: 100 });
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 304, 200],
  );
  t.ok(service.log.some(({ stale: why }) => why === 'revalidating'));
});

t.test('a record too old for that is confirmed first', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  await service.get('/a.jpg?w=100');
  await s3.put('a.jpg', square);
  service.advance(121_000);
  t.match(await sharp((await service.get('/a.jpg?w=100')).body).metadata(), { width: 100, height: 100 });
});

t.test('stale if there is an error: with S3 down, what is held is sent, says so and is short-lived', async (t) => {
  const { s3, service } = await startOverS3(t);
  for (const key of ['a.jpg', 'b.jpg']) await s3.put(key, photo);
  const first = await service.get('/a.jpg?w=100');
  await service.get('/b.jpg?w=100');
  service.advance(3_600_000);
  s3.fault = broken;
  const held = await service.get('/a.jpg?w=100');
  t.match(held, { status: 200, headers: { 'cache-control': SHORT, etag: first.headers.etag } });
  t.match(held.headers['cache-status'], /^lambent; hit; ttl=-35\d\d; detail=stale-if-error$/);
  t.ok(held.body.equals(first.body));
  t.match(await statusOf(service, '/b.jpg?w=100'), /stale-if-error/, 'of any original');
  const { length } = s3.requests;
  t.match(await service.get('/a.jpg?w=100', { 'if-none-match': String(first.headers.etag) }), {
    status: 304,
    headers: { 'cache-control': SHORT, 'cache-status': /stale-if-error/ },
  });
  t.match(
    await service.get('/a.jpg?w=120'),
    { status: 200, headers: { 'cache-control': SHORT } },
    'made of what is kept',
  );
  t.equal(s3.requests.length, length, 'while S3 is left in peace');
  t.equal((await service.get('/unknown.jpg?w=100')).status, 502, 'what nobody has cannot be sent');
  service.advance(DAY_MS);
  t.equal((await service.get('/a.jpg?w=100')).status, 502, 'and not for ever');
  s3.fault = undefined;
  service.advance(6_000);
  t.match(await service.get('/a.jpg?w=100'), { status: 200, headers: { 'cache-status': 'lambent; hit' } });
});

t.test('not where it is switched off, and not what no cache may keep', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ORIGINAL_STALE_IF_ERROR_MS: '0', ORIGINAL_STALE_MS: '0' } });
  await s3.put('a.jpg', photo);
  await service.get('/a.jpg?w=100');
  service.advance(61_000);
  s3.fault = broken;
  t.equal((await service.get('/a.jpg?w=100')).status, 502);
  const other = await startOverS3(t);
  await other.s3.put('a.jpg', photo, { cacheControl: 'no-store' });
  await other.service.get('/a.jpg?w=100');
  other.service.advance(61_000);
  other.s3.fault = broken;
  t.equal((await other.service.get('/a.jpg?w=100')).status, 502);
});

t.test('a crowd that asks for what is missing is one request to S3, for a moment', async (t) => {
  const { s3, service } = await startOverS3(t);
  for (const w of [100, 200, 300]) t.equal((await service.get(`/missing.jpg?w=${w}`)).status, 404);
  t.equal(s3.requests.length, 1);
  await s3.put('missing.jpg', photo);
  service.advance(5_000);
  t.equal((await service.get('/missing.jpg?w=100')).status, 200);
});

t.test('what cannot be decoded is not read and decoded again and again', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('cut.jpg', photo.subarray(0, photo.length * 0.6));
  await s3.put('text.jpg', Buffer.from('no picture'));
  for (let times = 0; times < 3; times++) {
    t.equal((await service.get('/cut.jpg?w=100')).status, 422);
    t.equal((await service.get('/text.jpg?w=100')).status, 415);
  }
  t.equal(service.transforms(), 1);
  t.equal(s3.requests.length, 2);
  await s3.put('cut.jpg', photo);
  service.advance(121_000);
  t.equal((await service.get('/cut.jpg?w=100')).status, 200, 'another version is another chance');
});
