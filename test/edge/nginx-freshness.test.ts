import t from 'tap';
import { transform } from '../../src/transform/transform.ts';
import { A_SECOND, ALWAYS_ASKING, arrivalsAt, startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import { heightOf, jpeg, SVG } from '../support/pictures.ts';
import { startOverS3 } from '../support/service.ts';
import { deferred, until } from '../support/waiting.ts';

const test = testsWithNginx(t);
const photo = await jpeg(400, 300);
const square = await jpeg(300, 300);

const env = ALWAYS_ASKING;
test('what has not changed is asked about and kept for as long again, without a picture made or sent', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  const nginx = await startNginx(t, service, { fresh: '2s' });
  await s3.put('a.jpg', photo);
  const first = await nginx.get('/a.jpg?w=64');
  const { etag } = first.headers;
  t.match(etag, /^W\//);
  const arrivals = arrivalsAt(service);
  for (const times of [1, 2]) {
    const again = await nginx.expired('/a.jpg?w=64');
    t.equal(xCache(again), 'REVALIDATED');
    t.ok(again.body.equals(first.body));
    t.equal(again.headers['cache-control'], first.headers['cache-control']);
    t.equal(xCache(await nginx.get('/a.jpg?w=64')), 'HIT', 'a 304 renews, whatever lifetime it names');
    t.equal(arrivals.length, times);
    t.equal(arrivals[times - 1]?.headers['if-none-match'], etag);
  }
  const outcomes = () => service.log.flatMap(({ outcome, bytes }) => (outcome ? [[outcome, bytes]] : []));
  t.same(outcomes().slice(1), [
    ['not-modified', 0],
    ['not-modified', 0],
  ]);
  t.equal(service.transforms(), 1);
});

test('an original that was overwritten is new as soon as the old picture has had its time', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  const nginx = await startNginx(t, service, A_SECOND);
  for (const [key, target] of [
    ['a.jpg', '/a.jpg?w=60'],
    ['b.jpg', '/b.jpg'],
  ] as const) {
    await s3.put(key, photo, { cacheControl: 'public, max-age=86400, immutable' });
    await nginx.get(target);
    await s3.put(key, square);
    const renewed = await nginx.expired(target);
    t.equal(xCache(renewed), 'EXPIRED', 'and not the old one first');
    t.equal(await heightOf(renewed), target.endsWith('60') ? 60 : 300);
  }
});

test('while one asks, nobody gets the old one', async (t) => {
  const held = { until: Promise.resolve() };
  const released = deferred();
  const { s3, service } = await startOverS3(t, {
    env,
    parts: {
      async transform(original, plan) {
        await held.until;
        return await transform(original, plan);
      },
    },
  });
  const nginx = await startNginx(t, service, A_SECOND);
  await s3.put('a.jpg', photo);
  await nginx.get('/a.jpg?w=60');
  await s3.put('a.jpg', square, { cacheControl: 'private' });
  held.until = released.promise;
  const arrivals = arrivalsAt(service);
  const crowd = Array.from({ length: 5 }, () => nginx.expired('/a.jpg?w=60'));
  // Nothing private is kept: one that came after the picture was made would have it made again. nginx lets them go after 2 s.
  await until(() => arrivals.length === crowd.length);
  // What they ask the source is answered before this is.
  for (const key of ['none', 'nor this', 'nor that']) await service.get(`/${encodeURI(key)}?w=60`);
  released.resolve();
  for (const answer of await Promise.all(crowd)) {
    t.equal(await heightOf(answer), 60);
    t.match(answer.headers, { 'cache-control': 'private' });
  }
  t.equal(service.transforms(), 2);
});

test('what was deleted is gone', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  const nginx = await startNginx(t, service, A_SECOND);
  await s3.put('a.jpg', photo);
  for (const target of ['/a.jpg?w=60', '/a.jpg']) await nginx.get(target);
  await s3.remove('a.jpg');
  for (const target of ['/a.jpg?w=60', '/a.jpg']) t.equal((await nginx.expired(target)).status, 404);
});

test('what says private, no-store or no-cache is never kept; all else is, for its 5 s', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  const rows: readonly (readonly [string, 'MISS' | 'HIT'])[] = [
    ['private', 'MISS'],
    ['max-age=3600,Private="x"', 'MISS'],
    ['public, no-store', 'MISS'],
    ['NO-CACHE, max-age=60', 'MISS'],
    ['no-cache=set-cookie', 'MISS'],
    ['max-age=0', 'HIT'],
    ['public, x-private=1, no-storehouse', 'HIT'],
  ];
  for (const [index, [cacheControl, second]] of rows.entries()) {
    const key = `${index}.jpg`;
    await s3.put(key, photo, { cacheControl, expires: new Date('2020-01-01') });
    for (const target of [`/${key}?w=60`, `/${key}`]) {
      const before = arrivals.length;
      t.equal(xCache(await nginx.get(target)), 'MISS');
      t.match((await nginx.get(target)).headers, { 'x-cache': second, 'cache-control': cacheControl }, target);
      t.equal(arrivals.length, before + (second === 'HIT' ? 1 : 2));
    }
  }
  await s3.put('a.svg', SVG, { contentType: 'image/svg+xml', cacheControl: 'private' });
  for (const times of [1, 2]) t.equal(xCache(await nginx.get('/a.svg?w=9')), 'MISS', `${times}`);
});
