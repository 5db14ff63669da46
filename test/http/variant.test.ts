import sharp from 'sharp';
import t from 'tap';
import { transform } from '../../src/transform/transform.ts';
import { animation, colourAt, jpeg, orientedJpeg, png, SVG, transparentPng } from '../support/pictures.ts';
import { startOverS3 } from '../support/service.ts';

const CHROME_ACCEPT = 'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

async function sidesOf(body: Buffer): Promise<string> {
  const { format, width, height } = await sharp(body).metadata();
  return `${format} ${width}x${height}`;
}

t.test("answers the Lambda@Edge function's own sample request, once made and then kept", async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('dev/thumbnail.png', await png(800, 800), { contentType: 'image/png' });
  const first = await service.get('/dev/thumbnail.png?w=200&h=150&f=webp&q=90');
  t.match(first, { status: 200, headers: { 'content-type': 'image/webp', 'cache-status': 'lambent; fwd=miss' } });
  t.equal(await sidesOf(first.body), 'webp 200x150');
  t.equal(first.headers['content-length'], String(first.body.length));
  const targets = [
    '/dev/thumbnail.png?w=200&h=150&f=webp&q=90',
    '/dev/thumbnail.png?h=150&w=200&f=webp&q=90',
    '/dev/thumbnail.png?w=200&h=150&f=WEBP&q=90&utm_source=x',
    '/dev/%74humbnail.png?q=90&f=webp&w=199.6&h=150.4&=&&x[]=1&w=',
  ];
  for (const target of targets) {
    const again = await service.get(target);
    t.equal(again.headers['cache-status'], 'lambent; hit', target);
    t.equal(again.headers.etag, first.headers.etag);
    t.same(again.body, first.body);
  }
  t.equal(service.transforms(), 1);
  t.same(
    s3.requests.map(({ method, key }) => `${method} ${key}`),
    ['GET dev/thumbnail.png'],
  );
});

t.test('200 parallel requests for one cold variant are one read and one transform', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(800, 600));
  const answers = await Promise.all(Array.from({ length: 200 }, () => service.get('/a.jpg?w=300')));
  const outcomes = answers.map(({ headers }) => headers['cache-status']);
  t.ok(answers.every(({ status, body }) => status === 200 && body.equals(answers[0]?.body ?? Buffer.alloc(0))));
  t.equal(outcomes.filter((status) => status === 'lambent; fwd=miss').length, 1);
  t.equal(service.transforms(), 1);
  t.equal(s3.requests.length, 1);
});

t.test('the widths of a srcset share one read', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(800, 600));
  const widths = [100, 200, 300, 400, 500, 600];
  const answers = await Promise.all(widths.map((width) => service.get(`/a.jpg?w=${width}`)));
  const sides = await Promise.all(answers.map(({ body }) => sidesOf(body)));
  t.same(
    sides,
    widths.map((width) => `jpeg ${width}x${(width * 3) / 4}`),
  );
  t.equal(s3.requests.length, 1);
  t.equal(service.transforms(), 6);
});

t.test('asks S3 nothing while the record is fresh, then whether it changed', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ORIGINAL_FRESH_MS: '60000', ORIGINAL_STALE_MS: '0' } });
  await s3.put('a.jpg', await jpeg(400, 300));
  const first = await service.get('/a.jpg?w=100');
  service.advance(59_000);
  t.equal((await service.get('/a.jpg?w=100')).headers['cache-status'], 'lambent; hit');
  t.equal(s3.requests.length, 1);
  service.advance(2_000);
  t.equal((await service.get('/a.jpg?w=100')).headers['cache-status'], 'lambent; hit');
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 304],
  );
  await s3.put('a.jpg', await jpeg(300, 300));
  service.advance(61_000);
  const changed = await service.get('/a.jpg?w=100');
  t.equal(await sidesOf(changed.body), 'jpeg 100x100');
  t.not(changed.headers.etag, first.headers.etag);
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 304, 200],
    'the answer that said so was also the read',
  );
});

t.test('an original that changes between its record and its bytes is answered as the new one', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { CACHE_ORIGINALS_BYTES: '0' } });
  await s3.put('a.jpg', await jpeg(400, 300));
  await service.get('/a.jpg?w=100');
  await s3.put('a.jpg', await jpeg(300, 300));
  const answer = await service.get('/a.jpg?w=50');
  t.equal(answer.status, 200);
  t.equal(await sidesOf(answer.body), 'jpeg 50x50');
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 412, 200],
  );
});

t.test('w, h and f', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(400, 300));
  await s3.put('turned.jpg', await orientedJpeg(6, 400, 300));
  await s3.put('alpha.png', await transparentPng(400, 300));
  await s3.put('moving.gif', await animation('gif', 4, 60, 40));
  await s3.put(
    'scan.tif',
    await sharp(await png(40, 30))
      .tiff()
      .toBuffer(),
  );
  const cases: readonly [string, string][] = [
    ['/a.jpg?w=100', 'jpeg 100x75'],
    ['/a.jpg?h=75', 'jpeg 100x75'],
    ['/a.jpg?w=100&h=100', 'jpeg 100x100'],
    ['/a.jpg?w=800', 'jpeg 800x600'],
    ['/a.jpg?w=10000&h=5000', 'jpeg 4096x2048'],
    ['/a.jpg?f=png', 'png 400x300'],
    ['/a.jpg?f=JPG', 'jpeg 400x300'],
    ['/a.jpg?f=avif&w=64', 'heif 64x48'],
    ['/a.jpg?f=gif&w=64', 'gif 64x48'],
    ['/a.jpg?q=30', 'jpeg 400x300'],
    ['/turned.jpg?w=100', 'jpeg 100x75'],
    ['/turned.jpg?w=60&h=90', 'jpeg 60x90'],
    ['/alpha.png?w=100&f=jpeg', 'jpeg 100x75'],
    ['/moving.gif?w=30', 'gif 30x20'],
    ['/moving.gif?w=30&f=jpeg', 'jpeg 30x20'],
    ['/scan.tif?w=20', 'jpeg 20x15'],
  ];
  for (const [target, sides] of cases) t.equal(await sidesOf((await service.get(target)).body), sides, target);
  const flattened = await service.get('/alpha.png?w=100&f=jpeg');
  t.ok(
    (await colourAt(flattened.body, 90, 40)).every((channel) => channel > 250),
    'white where it was transparent',
  );
  const frames = await sharp((await service.get('/moving.gif?w=30')).body, { animated: true }).metadata();
  t.equal(frames.pages, 4);
});

t.test('f=auto follows Accept and says so', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(400, 300));
  await s3.put('moving.gif', await animation('gif'));
  const cases: readonly [string, string | undefined, string][] = [
    ['/a.jpg?w=100&f=auto', CHROME_ACCEPT, 'image/avif'],
    ['/a.jpg?w=100&f=auto', 'image/webp,*/*', 'image/webp'],
    ['/a.jpg?w=100&f=auto', 'image/*,*/*', 'image/jpeg'],
    ['/a.jpg?w=100&f=auto', undefined, 'image/jpeg'],
    ['/a.jpg?w=3000&h=3000&f=auto', CHROME_ACCEPT, 'image/webp'],
    ['/moving.gif?w=30&f=auto', CHROME_ACCEPT, 'image/webp'],
    ['/moving.gif?w=30&f=auto', '*/*', 'image/gif'],
  ];
  for (const [target, accept, type] of cases) {
    const answer = await service.get(target, accept === undefined ? {} : { accept });
    t.match(answer.headers, { 'content-type': type, vary: 'Accept' }, `${target} ${accept}`);
  }
  const fixed = await service.get('/a.jpg?w=100&f=webp', { accept: CHROME_ACCEPT });
  t.equal(fixed.headers.vary, undefined, 'an explicit format never varies');
  const notModified = await service.get('/a.jpg?w=100&f=auto', {
    accept: CHROME_ACCEPT,
    'if-none-match': String((await service.get('/a.jpg?w=100&f=auto', { accept: CHROME_ACCEPT })).headers.etag),
  });
  t.match(notModified, { status: 304, headers: { vary: 'Accept' } });
});

t.test('DEFAULT_OPTIONS apply where an option is given, and not to a bare key', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { DEFAULT_OPTIONS: 'f=webp&q=40' } });
  await s3.put('a.jpg', await jpeg(), { contentType: 'image/jpeg' });
  t.equal((await service.get('/a.jpg?w=100')).headers['content-type'], 'image/webp');
  t.equal((await service.get('/a.jpg?w=100&f=png')).headers['content-type'], 'image/png');
  t.equal((await service.get('/a.jpg')).headers['content-type'], 'image/jpeg');
});

t.test('a variant has what a CDN and a browser want', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg());
  const { headers, body } = await service.get('/a.jpg?w=100');
  t.match(headers, {
    'content-type': 'image/jpeg',
    'content-length': String(body.length),
    etag: /^W\/"[\w-]{43}"$/,
    'cache-control': 'public, max-age=3600, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800',
    'x-content-type-options': 'nosniff',
    'content-security-policy': /default-src 'none'/,
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Accept-Ranges, Content-Range, Content-Length, ETag',
    'server-timing': /^cache;desc=miss, source;dur=[\d.]+, queue;dur=[\d.]+, transform;dur=[\d.]+$/,
    'cache-status': 'lambent; fwd=miss',
  });
  t.ok(Math.abs(Date.parse(String(headers['last-modified'])) - Date.now()) < 60_000);
  t.equal(headers['transfer-encoding'], undefined);
  const ranged = await service.get('/a.jpg?w=100', { range: 'bytes=0-9' });
  t.match(ranged, { status: 200, headers: { 'content-length': String(body.length) } }, 'Range is ignored');
  t.equal(ranged.headers['accept-ranges'], undefined);
});

t.test("keeps the object's own lifetime, and what is private out of the cache", async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('own.jpg', await jpeg(), { cacheControl: 'public, max-age=77' });
  t.equal((await service.get('/own.jpg?w=100')).headers['cache-control'], 'public, max-age=77');
  await s3.put('private.jpg', await jpeg(), { cacheControl: 'private, max-age=5' });
  for (let round = 0; round < 2; round++) {
    const { headers } = await service.get('/private.jpg?w=100');
    t.match(headers, { 'cache-control': 'private, max-age=5', 'cache-status': 'lambent; fwd=miss' });
  }
});

t.test('304 before any work', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ORIGINAL_STALE_MS: '0' } });
  await s3.put('a.jpg', await jpeg());
  const { headers } = await service.get('/a.jpg?w=100');
  const { etag, 'last-modified': modified } = headers;
  service.advance(61_000);
  for (const condition of [{ 'if-none-match': String(etag) }, { 'if-modified-since': String(modified) }]) {
    const answer = await service.get('/a.jpg?w=100', condition);
    t.match(answer, {
      status: 304,
      headers: { etag, 'cache-control': headers['cache-control'], 'last-modified': modified },
    });
    t.match(answer.headers, { 'access-control-allow-origin': '*', 'content-length': undefined });
    t.equal(answer.body.length, 0);
  }
  t.equal(service.transforms(), 1);
  t.same(
    s3.requests.map(({ status }) => status),
    [200, 304],
  );
  t.equal(
    (await service.get('/a.jpg?w=101', { 'if-none-match': String(etag) })).status,
    200,
    'each variant has its own',
  );
});

t.test('HEAD renders and keeps what a GET then hits', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg());
  const head = await service.send('HEAD', '/a.jpg?w=100');
  t.equal(head.body.length, 0);
  const get = await service.get('/a.jpg?w=100');
  t.equal(get.headers['cache-status'], 'lambent; hit');
  t.equal(head.headers['content-length'], String(get.body.length));
  t.equal(head.headers.etag, get.headers.etag);
});

t.test('with CACHE_MEMORY_BYTES=0 nothing is kept and equal requests still join', async (t) => {
  let arrived = () => {};
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const { s3, service } = await startOverS3(t, {
    env: { CACHE_MEMORY_BYTES: '0' },
    parts: {
      async transform(original, plan) {
        // Not the tiny one that the service warms up with.
        if (original.length > 1000) await all;
        return await transform(original, plan);
      },
    },
  });
  await s3.put('a.jpg', await jpeg());
  let received = 0;
  service.app.publicApp.server.on('request', () => ++received === 20 && arrived());
  await Promise.all(Array.from({ length: 20 }, () => service.get('/a.jpg?w=100')));
  t.equal(service.transforms(), 1);
  await service.get('/a.jpg?w=100');
  t.equal(service.transforms(), 2);
});

t.test('a drawing scales by itself and is not made pixels of', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.svg', SVG, { contentType: 'image/svg+xml' });
  await s3.put('b.png', SVG, { contentType: 'image/png' });
  for (const target of ['/a.svg', '/a.svg?w=100', '/a.svg?w=100&f=auto']) {
    const answer = await service.get(target);
    t.match(
      answer,
      { status: 200, headers: { 'content-type': 'image/svg+xml', 'content-security-policy': /sandbox/ } },
      target,
    );
    t.equal(answer.body.toString(), SVG);
  }
  t.equal((await service.get('/a.svg?w=100&f=png')).status, 415);
  t.equal((await service.get('/b.png?w=100')).status, 415, 'markup under the name of a picture');
});

t.test('an animation of too many frames keeps its bytes, or gives its first frame', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_FRAMES: '3' } });
  const original = await animation('gif', 4);
  await s3.put('long.gif', original, { contentType: 'image/gif' });
  t.same((await service.get('/long.gif?w=30')).body, original);
  const still = await sharp((await service.get('/long.gif?w=30&f=gif')).body, { animated: true }).metadata();
  t.match({ pages: 1, ...still }, { pages: 1, width: 30, height: 20 });
});

t.test('one line of the log for each request', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg());
  const targets = ['/a.jpg?h=50&w=50&utm=1', '/a.jpg?w=50&h=50', '/a.jpg', '/missing.jpg', '/a.jpg?w=x'];
  for (const target of targets) await service.get(target, { 'x-request-id': 'cdn-request-0001' });
  const lines = service.log.filter(({ msg }) => msg === 'request');
  t.match(lines, [
    { key: 'a.jpg', options: 'w=50&h=50', outcome: 'miss', status: 200, method: 'GET', timings: { transform: Number } },
    { key: 'a.jpg', options: 'w=50&h=50', outcome: 'hit', status: 200, reqId: 'cdn-request-0001' },
    { key: 'a.jpg', options: '', outcome: 'original', status: 200 },
    { url: '/missing.jpg', outcome: 'error', error: 'not_found', status: 404 },
    { url: '/a.jpg?w=x', outcome: 'error', error: 'bad_option', status: 400 },
  ]);
  t.equal(lines.length, targets.length);
  t.ok(lines.every(({ bytes, ms }) => Number(bytes) > 0 && Number(ms) >= 0));
});
