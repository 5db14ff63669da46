import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { encodeEntry, entryName } from '../../src/cache/entry-codec.ts';
import { createS3Store, type S3StoreOptions } from '../../src/cache/s3.ts';
import type { StoreOutcome } from '../../src/cache/tier.ts';
import { entryOf, recorder, sameEntry } from '../support/cache-entries.ts';
import { blackHole, type Fault, resetsAfter, startFaultProxy, trickles } from '../support/fault-proxy.ts';
import { startS3Server, type TestS3 } from '../support/s3-server.ts';
import { setEnvironment, useS3 } from '../support/service.ts';
import { until } from '../support/waiting.ts';

/** So long that nothing is missed because a machine is busy, nor a wire that is broken by the clock alone. */
const PATIENT = { readMs: 60_000, writeMs: 60_000 };

function openStore(t: Test, s3: TestS3, { limits, ...options }: Partial<S3StoreOptions> = {}) {
  const { observe, take } = recorder();
  const common = { bucket: s3.bucket, prefix: 'variants', forcePathStyle: true, observe };
  const store = createS3Store({ ...common, ...options, limits: { ...PATIENT, ...limits } });
  t.teardown(() => store.close());
  return { store, take };
}

async function setUp(t: Test, options: Partial<S3StoreOptions> = {}) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  useS3(t, s3);
  return { s3, ...openStore(t, s3, options) };
}

/** Answers as S3 does when something is wrong. */
function fails(status: number, code: string): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    return true;
  };
}

t.test('an object lies under the prefix by a name that tells nothing, and is for no one else', async (t) => {
  const { s3, store } = await setUp(t);
  const key = 'customers/secret name.jpg';
  await store.set(key, entryOf(10));
  const head = await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: `variants/${entryName(key)}` }));
  t.match(head, { CacheControl: 'private', ContentType: 'application/octet-stream' });
  t.notOk(s3.requests.some(({ path }) => /secret/.test(path)));
  const { store: whole } = openStore(t, s3, { prefix: '' });
  await whole.set(key, entryOf(10));
  t.equal(s3.requests.at(-1)?.key, entryName(key), 'in the whole bucket');
});

t.test('what S3 refuses is a miss, and counted', async (t) => {
  const { s3, store, take } = await setUp(t);
  await store.set('a', entryOf(10));
  take();
  for (const [status, code] of [
    [403, 'AccessDenied'],
    [404, 'NoSuchBucket'],
    [301, 'PermanentRedirect'],
    [500, 'InternalError'],
  ] as const) {
    s3.fault = fails(status, code);
    await store.set('a', entryOf(20));
    t.equal(await store.get('a'), undefined);
    t.same(take(), ['store_failed', 'read_failed'], code);
  }
  s3.fault = undefined;
  sameEntry(t, await store.get('a'), entryOf(10), 'and works again');
});

t.test('tries once more what may pass, and no more than that', async (t) => {
  const { s3, store, take } = await setUp(t);
  s3.fault = fails(503, 'SlowDown');
  await store.get('a');
  t.equal(s3.requests.length, 2);
  await store.set('a', entryOf(10));
  t.equal(s3.requests.length, 4);
  let tries = 0;
  const failing = fails(503, 'SlowDown');
  s3.fault = (request, response) => ++tries === 1 && failing(request, response);
  await store.set('a', entryOf(10));
  t.same(take(), ['read_failed', 'store_failed', 'stored']);
});

t.test('a store that is down is asked no more for a while, then once', async (t) => {
  let now = 0;
  const { s3, store, take } = await setUp(t, { now: () => now });
  await store.set('a', entryOf(10));
  take();
  s3.fault = fails(403, 'AccessDenied');
  for (const _ of '12345') await store.get('a');
  t.same(take(), Array(5).fill('read_failed'));
  s3.requests.reset();
  s3.fault = undefined;
  t.equal(await store.get('a'), undefined);
  t.same(take(), ['skipped']);
  t.equal(s3.requests.length, 0);
  await store.set('b', entryOf(10));
  t.same(take(), ['stored'], 'writes have their own luck');
  now = 5_000;
  const entries = await Promise.all([store.get('a'), store.get('a')]);
  t.match(entries, [{ format: 'webp' }, undefined]);
  t.same(take(), ['skipped', 'hit'], 'one tries');
  t.ok(await store.get('a'));
});

t.test('what is missing or corrupt does not say that the store is down', async (t) => {
  const { s3, store, take } = await setUp(t);
  s3.deny.get = true;
  for (const _ of '1234') await store.get('a');
  s3.deny.get = false;
  await store.get('a');
  s3.deny.get = true;
  for (const _ of '1234') await store.get('a');
  s3.deny.get = false;
  await s3.put(`variants/${entryName('a')}`, 'corrupt');
  await store.get('a');
  s3.deny.get = true;
  for (const _ of '12345') await store.get('a');
  const four = Array(4).fill('read_failed');
  t.same(take(), [...four, 'miss', ...four, 'corrupt', ...four, 'read_failed']);
  await store.get('a');
  t.same(take(), ['skipped']);
});

t.test('an object that is too large is not read to its end, whatever length it has', async (t) => {
  const { s3, store, take } = await setUp(t, { limits: { entryBytes: 100_000 } });
  await s3.put(`variants/${entryName('a')}`, Buffer.concat(encodeEntry('a', entryOf(200_000))));
  t.equal(await store.get('a'), undefined);
  t.same(take(), ['corrupt']);
  await until(() => s3.openSockets() === 0);
  t.pass('its connection is closed');
  const bytes = Buffer.concat(encodeEntry('a', entryOf(50_000)));
  const answer = (body: Buffer) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200);
    response.write(body);
    response.end();
    return true;
  };
  s3.fault = answer(bytes);
  sameEntry(t, await store.get('a'), entryOf(50_000), 'without a length');
  s3.fault = answer(Buffer.alloc(200_000));
  t.equal(await store.get('a'), undefined);
  t.same(take(), ['hit', 'corrupt']);
  s3.fault = undefined;
  await store.set('a', entryOf(100_000));
  t.same(take(), ['dropped']);
});

t.test('a wire that hangs, trickles, breaks or is gone is a miss within the limit', async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  useS3(t, s3);
  const wire = await startFaultProxy(t, s3.endpoint);
  setEnvironment(t, 'AWS_ENDPOINT_URL_S3', wire.endpoint);
  const patient = openStore(t, s3);
  await patient.store.set('a', entryOf(100_000));
  const hasty = openStore(t, s3, { limits: { readMs: 100, writeMs: 100 } });
  // What comes back breaks: a small answer is through before that.
  const cases: readonly [Fault, typeof patient, StoreOutcome][] = [
    [blackHole, hasty, 'store_failed'],
    [trickles, hasty, 'store_failed'],
    [resetsAfter(5000), patient, 'stored'],
  ];
  patient.take();
  for (const [fault, { store, take }, written] of cases) {
    wire.fault = fault;
    wire.drop();
    t.equal(await store.get('a'), undefined);
    await store.set('b', entryOf(10));
    t.same(take(), ['read_failed', written]);
  }
  wire.fault = undefined;
  wire.drop();
  sameEntry(t, await openStore(t, s3).store.get('a'), entryOf(100_000), 'and is there again');
  await wire.refuse();
  t.equal(await patient.store.get('a'), undefined);
  await patient.store.set('a', entryOf(10));
  t.same(patient.take(), ['read_failed', 'store_failed'], 'refused');
});

t.test('without credentials it misses', async (t) => {
  const { s3 } = await setUp(t);
  const unset = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'];
  for (const name of unset) setEnvironment(t, name, undefined);
  setEnvironment(t, 'AWS_EC2_METADATA_DISABLED', 'true');
  setEnvironment(t, 'AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  setEnvironment(t, 'AWS_CONFIG_FILE', '/nonexistent');
  const { store, take } = openStore(t, s3);
  t.equal(await store.get('a'), undefined);
  await store.set('a', entryOf(10));
  t.same(take(), ['read_failed', 'store_failed']);
});
