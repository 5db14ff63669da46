import t from 'tap';
import { ERRORS, ServiceError } from '../../src/errors.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { A_SECOND, ALWAYS_ASKING, arrivalsAt, freePort, startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import { heightOf, jpeg } from '../support/pictures.ts';
import { startOverS3, startService } from '../support/service.ts';
import { deferred } from '../support/waiting.ts';

const test = testsWithNginx(t);
const photo = await jpeg(400, 300);
const square = await jpeg(300, 300);

const env = ALWAYS_ASKING;
test('while the service is down, the old one; and the new one when it is back', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ...env, PORT: String(await freePort()) } });
  const nginx = await startNginx(t, service, A_SECOND);
  await s3.put('a.jpg', photo);
  await s3.put('b.jpg', photo);
  await nginx.get('/a.jpg?w=60');
  await nginx.get('/b.jpg');
  await service.app.stop();
  await s3.put('a.jpg', square);
  for (const target of ['/a.jpg?w=60', '/b.jpg']) {
    const stale = await nginx.expired(target);
    t.match(stale, { status: 200, headers: { 'x-cache': 'STALE' } });
  }
  t.equal((await nginx.get('/a.jpg?w=61')).status, 502, 'what nobody has cannot be sent');
  const { port } = new URL(service.url);
  await startService(t, { env: { ...env, SOURCE: `s3://${s3.bucket}`, S3_FORCE_PATH_STYLE: 'true', PORT: port } });
  t.equal(await heightOf(await nginx.expired('/a.jpg?w=60')), 60);
});

test('while the service fails, the old one, and no failure is kept', async (t) => {
  const source = createMemorySource();
  const service = await startService(t, { env, parts: { source } });
  const nginx = await startNginx(t, service, {
    ...A_SECOND,
    edits: { 'proxy_read_timeout 15s;': 'proxy_read_timeout 1s;' },
  });
  const arrivals = arrivalsAt(service);
  source.put('a.jpg', photo);
  const known = ['/a.jpg?w=60', '/a.jpg'];
  for (const target of known) await nginx.get(target);
  for (const code of ['internal', 'source_failed', 'source_unavailable', 'deadline_exceeded'] as const) {
    source.faults.error = new ServiceError(code);
    for (const target of known) t.equal(xCache(await nginx.expired(target)), 'STALE', `${code} ${target}`);
    for (const target of ['/a.jpg?w=61', '/a.jpg?dl=x', '/a.jpg?w=61', '/a.jpg?dl=x']) {
      const before = arrivals.length;
      const { status, headers } = await nginx.get(target);
      t.match([status, headers['cache-control'], headers['x-cache']], [ERRORS[code].status, 'no-store', 'MISS']);
      t.equal(arrivals.length, before + 1, 'asked again');
    }
  }
  source.faults.error = undefined;
  const slow = deferred();
  source.faults.opening = slow.promise;
  t.equal(xCache(await nginx.get('/a.jpg')), 'STALE', 'so of one that does not answer');
  slow.resolve();
  for (const target of [...known, '/a.jpg?w=61', '/a.jpg?dl=x']) t.equal((await nginx.get(target)).status, 200);
});

test('errors are kept for their time, with their own headers', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ...env, MAX_SOURCE_BYTES: '100000' } });
  const nginx = await startNginx(t, service, { fresh: '3s' });
  const arrivals = arrivalsAt(service);
  await s3.put('text.jpg', 'no picture');
  await s3.put('cut.jpg', photo.subarray(0, photo.length * 0.6));
  await s3.put('large.jpg', Buffer.alloc(100_001, photo));
  const bad = '/missing.jpg?w=x';
  for (const [target, status, sharedSeconds] of [
    ['/missing.jpg?w=60', 404, 30],
    ['/missing.jpg', 404, 30],
    ['/text.jpg?w=60', 415, 60],
    ['/cut.jpg?w=60', 422, 60],
    ['/large.jpg?w=60', 413, 60],
    [bad, 400, 60],
  ] as const) {
    const before = arrivals.length;
    for (const xCache of ['MISS', 'HIT']) {
      t.match(
        await nginx.get(target),
        {
          status,
          headers: { 'x-cache': xCache, 'cache-control': `public, max-age=10, s-maxage=${sharedSeconds}` },
          body: /^{"error":/,
        },
        target,
      );
    }
    t.equal(arrivals.length, before + 1);
  }
  await s3.put('missing.jpg', photo);
  for (const target of ['/missing.jpg?w=60', '/missing.jpg']) {
    t.match(await nginx.expired(target), { status: 200, headers: { 'x-cache': 'EXPIRED' } });
  }
  t.equal(xCache(await nginx.get(bad)), 'HIT', 'a URL does not become right');
});
