import { randomBytes } from 'node:crypto';
import t from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { ALWAYS_ASKING, arrivalsAt, startNginx, testsWithNginx } from '../support/nginx.ts';
import { jpeg, SVG } from '../support/pictures.ts';
import { startOverS3, startService } from '../support/service.ts';

const test = testsWithNginx(t);

const SLICE = 1024 * 1024;
const SIZE = 2 * SLICE + 500_000;
const film = randomBytes(SIZE);

test('an original comes byte for byte, whole and in ranges, and each part of it is read once', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('film.mp4', film, { contentType: 'video/mp4' });
  const arrivals = arrivalsAt(service);
  const rows: readonly (readonly [range: string, start: number, end: number, slicesRead: readonly number[]])[] = [
    [`bytes=${SLICE + 5}-${SLICE + 9}`, SLICE + 5, SLICE + 9, [1]],
    ['bytes=0-0', 0, 0, [0]],
    [`bytes=${SLICE - 10}-${SLICE + 10}`, SLICE - 10, SLICE + 10, []],
    ['bytes=-7', SIZE - 7, SIZE - 1, [2]],
    [`bytes=${SIZE - 1}-`, SIZE - 1, SIZE - 1, []],
    [`bytes=${2 * SLICE - 1}-${SIZE + 1}`, 2 * SLICE - 1, SIZE - 1, []],
    ['bytes=0-', 0, SIZE - 1, []],
  ];
  for (const [range, start, end, slices] of rows) {
    const before = arrivals.length;
    const { status, headers, body } = await nginx.get('/film.mp4', { range });
    t.match([status, headers['content-range']], [206, `bytes ${start}-${end}/${SIZE}`], range);
    t.ok(body.equals(film.subarray(start, end + 1)), range);
    const read = slices.map((slice) => `bytes=${slice * SLICE}-${(slice + 1) * SLICE - 1}`);
    t.same(
      arrivals.slice(before).map((arrival) => arrival.headers.range),
      read,
      range,
    );
  }
  for (const headers of [{}, { range: 'bytes=0-1,5-6' }, { range: 'bytes=5-6', 'if-range': '"another"' }]) {
    const whole = await nginx.get('/film.mp4?utm_source=x', headers);
    t.match([whole.status, whole.headers['accept-ranges'], whole.body.equals(film)], [200, 'bytes', true]);
  }
  t.equal(arrivals.length, 3);
});

test('beyond the end is a 416 that says where the end is', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('film.mp4', film);
  for (const range of [`bytes=${SIZE}-`, `bytes=${9 * SLICE}-`]) {
    for (let times = 0; times < 2; times++) {
      t.match(await nginx.get('/film.mp4', { range }), {
        status: 416,
        headers: { 'content-range': `bytes */${SIZE}` },
      });
    }
  }
  await s3.put('empty.txt', '');
  t.match(await nginx.get('/empty.txt'), { status: 200, headers: { 'content-length': '0' } }, 'nothing, in one slice');
});

test('dl alone is a download of the original', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('film.mp4', film);
  const arrivals = arrivalsAt(service);
  const { status, headers, body } = await nginx.get('/film.mp4?w=&dl=a.mp4&x=y', { range: 'bytes=0-9' });
  t.same([status, body.equals(film.subarray(0, 10))], [206, true]);
  t.match(headers['content-disposition'], /^attachment; filename="a\.mp4"/);
  t.equal((await nginx.get('/film.mp4', { range: 'bytes=0-9' })).headers['content-disposition'], undefined);
  t.same(
    arrivals.map(({ url, headers }) => [url, headers.range]),
    [
      ['/film.mp4?dl=a.mp4', `bytes=0-${SLICE - 1}`],
      ['/film.mp4', `bytes=0-${SLICE - 1}`],
    ],
  );
  await s3.put('a.jpg', await jpeg());
  const variant = await nginx.get('/a.jpg?dl=b.jpg&w=64');
  t.match(variant.headers, { 'content-type': 'image/jpeg', 'content-disposition': /b\.jpg/, etag: /^W\// });
});

test('HEAD is the first slice', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('film.mp4', film);
  const arrivals = arrivalsAt(service);
  const head = await nginx.send('HEAD', '/film.mp4');
  t.match(head, { status: 200, headers: { 'content-length': String(SIZE), 'x-cache': 'MISS' }, body: Buffer.alloc(0) });
  t.match(await nginx.get('/film.mp4', { range: 'bytes=0-9' }), { status: 206, headers: { 'x-cache': 'HIT' } });
  t.equal(arrivals.length, 1);
});

test('two versions are never mixed: the answer breaks off, until the old one has had its time', async (t) => {
  const { s3, service } = await startOverS3(t, { env: ALWAYS_ASKING });
  const nginx = await startNginx(t, service, { fresh: '3s' });
  await s3.put('film.mp4', film);
  await nginx.get('/film.mp4', { range: 'bytes=0-9' });
  const next = randomBytes(SIZE);
  await s3.put('film.mp4', next);
  const whole = () => nginx.get('/film.mp4').catch((error: Error) => error);
  let answer = await whole();
  t.match(answer, { code: 'ECONNRESET' });
  while (answer instanceof Error) answer = await whole();
  t.ok(answer.body.equals(next));
});

test('each slice says whether it may be kept', async (t) => {
  const source = createMemorySource({ chunkBytes: SLICE });
  const service = await startService(t, { parts: { source } });
  const nginx = await startNginx(t, service);
  const head = { etag: '"same"', contentType: 'video/mp4' };
  source.put('film.mp4', film, head);
  const arrivals = arrivalsAt(service);
  // Runs before the count does: when the second slice is asked for, what is stored has become private.
  service.app.publicApp.server.prependListener('request', () => {
    if (arrivals.length === 1) source.put('film.mp4', film, { ...head, cacheControl: 'private' });
  });
  t.ok((await nginx.get('/film.mp4')).body.equals(film));
  t.equal(arrivals.length, 3);
  t.ok((await nginx.get('/film.mp4')).body.equals(film));
  t.equal(arrivals.length, 5, 'the first one is kept');
});

test('a part of a variant is what the service makes of it: all, or of what passes through that part', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  await s3.put('a.jpg', await jpeg());
  await s3.put('a.svg', SVG, { contentType: 'image/svg+xml' });
  for (const xCache of ['MISS', 'HIT']) {
    for (const [target, status] of [
      ['/a.jpg?w=64', 200],
      ['/a.svg?w=64', 206],
    ] as const) {
      const { headers } = await service.get(target);
      const answer = await nginx.get(target, { range: 'bytes=0-9' });
      t.match(answer, { status, headers: { 'x-cache': xCache } }, target);
      const length = status === 206 ? '10' : headers['content-length'];
      t.equal(answer.headers['content-length'], length);
    }
  }
});
