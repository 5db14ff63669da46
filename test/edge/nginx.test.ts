import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { arrivalsAt, checkNginx, startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import { animation } from '../support/pictures.ts';
import { startOverS3, startService } from '../support/service.ts';

const test = testsWithNginx(t);

const CHROME = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const FIREFOX = 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
const SAFARI_13 = 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5';

/** What clients say, what is keyed and sent on instead, and what they are sent. */
const CLIENTS: readonly (readonly [accept: string, forwarded: string | undefined, format: 'avif' | 'webp' | 'jpeg'])[] =
  [
    [CHROME, 'image/avif,image/webp', 'avif'],
    ['image/webp,*/*', 'image/webp', 'webp'],
    ['', undefined, 'jpeg'],
    ['image/webp;q=0.9 , image/avif ; q=0.001', 'image/webp,image/avif;q=0.5', 'webp'],
    ['image/avif', 'image/avif', 'avif'],
    [FIREFOX, 'image/avif,image/webp', 'avif'],
    ['IMAGE/AVIF,IMAGE/WEBP', 'image/avif,image/webp', 'avif'],
    ['image/avif;q=0,image/webp', 'image/webp', 'webp'],
    ['image/avif; level=1; q=0.00, image/webp;q=1.0', 'image/webp', 'webp'],
    ['image/avif;q=0.8,image/webp;q=0', 'image/avif', 'avif'],
    ['image/webp;q=0', undefined, 'jpeg'],
    ['image/webp ; level=1 ; q=0.000', undefined, 'jpeg'],
    ['image/webpx,ximage/webp,image/avif-sequence', undefined, 'jpeg'],
    [SAFARI_13, undefined, 'jpeg'],
    ['*/*', undefined, 'jpeg'],
    ['image/*', undefined, 'jpeg'],
  ];
/** The first ones are the five entries that there are. */
const ENTRIES = 5;

test('nginx takes the configuration', async (t) => {
  const said = await checkNginx(t);
  t.match(said, 'test is successful');
  t.notMatch(said, /warn|emerg/);
});

test('a picture is asked for once, however its query is written', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  const first = await nginx.get('/harbour.jpg?w=200&h=100&q=60', { cookie: 'a=b', accept: CHROME, range: 'bytes=0-9' });
  t.match(first, { status: 200, headers: { 'x-cache': 'MISS', 'content-type': 'image/jpeg' } });
  for (const target of [
    '/harbour.jpg?w=200&h=100&q=60',
    '/harbour.jpg?q=60&w=200&h=100',
    '/harbour.jpg?utm_source=x&h=100&q=60&fbclid=y&w=200&blur=',
    '/harbour.jpg?w=100&h=50&dpr=2&q=60&fit=cover&W=9',
    '/%68arbour.jpg?%77=200.3&h=100&q=6%30',
  ]) {
    const again = await nginx.get(target);
    t.equal(xCache(again), 'HIT', target);
    t.ok(again.body.equals(first.body));
  }
  t.equal(xCache(await nginx.get('/harbour.jpg?w=201&h=100&q=60')), 'MISS');
  t.equal(xCache(await nginx.get('/harbour.jpg?f=jpg&w=200&q=75')), 'MISS');
  t.equal(xCache(await nginx.get('/harbour.jpg?w=200&f=JPEG')), 'HIT');
  t.same(
    arrivals.map(({ url }) => url),
    ['/harbour.jpg?w=200&h=100&q=60', '/harbour.jpg?w=201&h=100&q=60', '/harbour.jpg?w=200&f=jpeg'],
  );
  t.same(Object.keys(arrivals[0]?.headers ?? {}).sort(), ['host', 'x-request-id'], 'nothing else is sent on');
});

test('what cannot be read is the service’s to refuse', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  for (const target of [
    '/harbour.jpg?w=200&w=201',
    '/harbour.jpg?x&w=abc',
    '/%2D/info',
    '/a\\b?w=9',
    '//harbour.jpg',
  ]) {
    const { status, body } = await service.get(target, { accept: CHROME });
    t.equal(status, 400, target);
    for (const xCache of ['MISS', 'HIT']) {
      t.match(await nginx.get(target, { accept: CHROME }), { status, headers: { 'x-cache': xCache }, body }, target);
    }
  }
});

test('without an answer of lambent.js, everything goes as it came and nothing is kept', async (t) => {
  const service = await startService(t);
  const script = 'function fail() { throw new Error("broken"); } export default { url: fail, accept: fail };';
  const nginx = await startNginx(t, service, { script });
  const arrivals = arrivalsAt(service);
  for (const target of ['/harbour.jpg?h=50&w=100', '/harbour.jpg?h=50&w=100', '/harbour.jpg']) {
    t.match(await nginx.get(target), { status: 200, headers: { 'x-cache': undefined } });
    t.equal(arrivals.at(-1)?.url, target);
  }
  t.equal(arrivals.length, 3);
});

test('f=auto is five entries, and everyone gets what they accept', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  for (const [index, [accept, , format]] of CLIENTS.entries()) {
    const answer = await nginx.get('/harbour.jpg?w=64&f=auto', { accept });
    t.match(answer, { status: 200, headers: { 'content-type': `image/${format}`, vary: /accept/i } }, accept);
    t.equal(xCache(answer), index < ENTRIES ? 'MISS' : 'HIT', accept);
  }
  t.same(
    arrivals.map(({ headers }) => headers.accept),
    CLIENTS.slice(0, ENTRIES).map(([, forwarded]) => forwarded),
  );
  t.equal(service.transforms(), 3);
  for (const [accept] of CLIENTS) await nginx.get('/harbour.jpg?w=64&f=webp', { accept });
  t.equal(arrivals.length, ENTRIES + 1, 'a format that is named is one entry');
});

test('who accepts AVIF gets an animation that they accept', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('orbit.gif', await animation('gif'));
  t.equal((await nginx.get('/orbit.gif?w=20&f=auto', { accept: CHROME })).headers['content-type'], 'image/webp');
  t.equal((await nginx.get('/orbit.gif?w=20&f=auto', { accept: 'image/avif' })).headers['content-type'], 'image/gif');
});

test('f=auto of a preset and by default', async (t) => {
  const presets = path.join(t.testdir({}), 'presets.json');
  await writeFile(presets, '{ "thumb": "w=64&f=auto" }');
  const env = { PRESETS_FILE: presets, DEFAULT_OPTIONS: 'f=auto' };
  const service = await startService(t, { env });
  const nginx = await startNginx(t, service, { env });
  for (const query of ['preset=thumb', 'w=65']) {
    for (const [index, [accept, , format]] of CLIENTS.entries()) {
      const { headers } = await nginx.get(`/harbour.jpg?${query}`, { accept });
      t.match(headers, { 'content-type': `image/${format}`, 'x-cache': index < ENTRIES ? 'MISS' : 'HIT' }, query);
    }
  }
  t.equal(xCache(await nginx.get('/harbour.jpg?preset=thumb&w=65', { accept: CHROME })), 'HIT', 'one picture');
});

test('HEAD fills the cache for GET', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const head = await nginx.send('HEAD', '/harbour.jpg?w=64');
  t.match(head, { status: 200, body: Buffer.alloc(0), headers: { 'x-cache': 'MISS' } });
  const { headers, body } = await nginx.get('/harbour.jpg?w=64');
  t.match(headers, { 'x-cache': 'HIT', 'content-length': String(body.length) });
  t.match(await sharp(body).metadata(), { format: 'jpeg', width: 64 });
});

test('a crowd before a cold picture is one request and one transform', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  const answers = await Promise.all(Array.from({ length: 200 }, () => nginx.get('/harbour.jpg?w=640')));
  t.same(new Set(answers.map(({ status, body }) => `${status} ${body.length}`)).size, 1);
  t.equal(answers.filter((answer) => xCache(answer) === 'MISS').length, 1);
  t.equal(arrivals.length, 1);
  t.equal(service.transforms(), 1);
});
