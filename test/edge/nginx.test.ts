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

/** What clients say, and what they may be sent. */
const CLIENTS: readonly (readonly [accept: string, 'avif' | 'webp' | 'jpeg'])[] = [
  [CHROME, 'avif'],
  ['image/webp,*/*', 'webp'],
  ['', 'jpeg'],
  [FIREFOX, 'avif'],
  ['image/webp;q=0.9 , image/avif ; q=0.001', 'avif'],
  ['IMAGE/AVIF,IMAGE/WEBP', 'avif'],
  ['image/avif;q=0,image/webp', 'webp'],
  ['image/avif; level=1; q=0.00, image/webp;q=1.0', 'webp'],
  ['image/avif;q=0.8,image/webp;q=0', 'jpeg'],
  ['image/avif', 'jpeg'],
  ['image/webp;q=0', 'jpeg'],
  ['image/webp ; level=1 ; q=0.000', 'jpeg'],
  ['image/webpx,ximage/webp,image/avif-sequence', 'jpeg'],
  [SAFARI_13, 'jpeg'],
  ['*/*', 'jpeg'],
  ['image/*', 'jpeg'],
];

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
  for (const query of ['w=200&h=100&q=60', 'q=60&w=200&h=100', 'utm_source=x&h=100&q=60&fbclid=y&w=200&blur=']) {
    const again = await nginx.get(`/harbour.jpg?${query}`);
    t.equal(xCache(again), 'HIT', query);
    t.ok(again.body.equals(first.body));
  }
  t.equal(xCache(await nginx.get('/harbour.jpg?w=201&h=100&q=60')), 'MISS');
  t.equal(xCache(await nginx.get('/%68arbour.jpg?w=200&h=100&q=60')), 'MISS', 'the path is as it was sent');
  t.equal(arrivals.length, 3);
  t.match(arrivals[2]?.url, /^\/%68arbour\.jpg\?w=200&h=100&/);
  t.same(Object.keys(arrivals[0]?.headers ?? {}).sort(), ['host', 'x-request-id'], 'nothing else is sent on');
});

test('f=auto is three entries, and everyone gets what they accept', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  for (const [index, [accept, format]] of CLIENTS.entries()) {
    const answer = await nginx.get('/harbour.jpg?w=64&f=auto', { accept });
    t.match(answer, { status: 200, headers: { 'content-type': `image/${format}`, vary: /accept/i } }, accept);
    t.equal(xCache(answer), index < 3 ? 'MISS' : 'HIT', accept);
  }
  t.same(
    arrivals.map(({ headers }) => headers.accept),
    ['image/avif,image/webp', 'image/webp', undefined],
  );
  t.equal(service.transforms(), 3);
  for (const [accept] of CLIENTS) await nginx.get('/harbour.jpg?w=64&f=webp', { accept });
  t.equal(arrivals.length, 4, 'a format that is named is one entry');
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
  const service = await startService(t, { env: { PRESETS_FILE: presets, DEFAULT_OPTIONS: 'f=auto' } });
  const nginx = await startNginx(t, service, { edits: { '# "~^ "    1;': '"~^ " 1;' } });
  for (const query of ['preset=thumb', 'w=65']) {
    for (const [index, [accept, format]] of CLIENTS.entries()) {
      const answer = await nginx.get(`/harbour.jpg?${query}`, { accept });
      t.match(answer.headers, { 'content-type': `image/${format}`, 'x-cache': index < 3 ? 'MISS' : 'HIT' }, query);
    }
  }
  const asShipped = await startNginx(t, service);
  const { headers } = await asShipped.get('/harbour.jpg?preset=thumb', { accept: CHROME });
  t.equal(headers['content-type'], 'image/avif', 'of a preset without a change');
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
