import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { publicServerOptions } from '../../src/http/server-options.ts';
import { transform } from '../../src/transform/transform.ts';
import { COLLECTIONS, collectionsIn } from '../support/collections.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { sources } from '../support/patterns.ts';
import { jpeg } from '../support/pictures.ts';
import { connectTo, sendRaw } from '../support/raw-http.ts';
import { ask, type Service, startOverS3, startService } from '../support/service.ts';

const MIB = 2 ** 20;

async function metric({ managementUrl }: Service, name: string): Promise<number> {
  const { body } = await ask(managementUrl, 'GET', '/metrics');
  return Number(new RegExp(`^lambent_${name} (.+)$`, 'm').exec(String(body))?.[1]);
}

t.test('T19 memory: ten times what may be kept goes through, and no more than that is kept', async (t) => {
  const env = { CACHE_MEMORY_BYTES: '1MiB', CACHE_ORIGINALS_BYTES: '1MiB' };
  const { s3, service } = await startOverS3(t, {
    env,
    parts: { transform: () => Promise.resolve(Buffer.alloc(MIB / 16)) },
  });
  const photo = await jpeg(40, 30);
  const original = Buffer.concat([photo, Buffer.alloc(MIB / 4 - 2 * photo.length)]);
  for (let n = 0; n < 40; n++) {
    await s3.put(`${n}.jpg`, original);
    const answers = await Promise.all([1, 2, 3, 4].map((w) => service.get(`/${n}.jpg?w=${w}`)));
    t.same(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    for (const name of ['cache_bytes', 'originals_bytes']) t.ok((await metric(service, name)) <= MIB, name);
  }
  for (const name of ['cache_bytes', 'originals_bytes'])
    t.ok((await metric(service, name)) > MIB / 2, `${name} are used`);
  t.ok((await metric(service, 'cache_evictions_total')) > 100);
  t.equal(service.transforms(), 160);
});

t.test('T19 memory: no collection without a reason why it has an end', (t) => {
  const reasons = Object.entries(COLLECTIONS).map(([file, all]) => [file, all.length]);
  t.same(collectionsIn(sources()), Object.fromEntries(reasons));
  t.end();
});

/** What a server lets a client take its time for. */
function patienceOf({ server }: Service['app']['publicApp']) {
  const { requestTimeout, headersTimeout, timeout, keepAliveTimeout } = server;
  const { maxHeaderSize, connectionsCheckingInterval } = server as unknown as Record<string, number | undefined>;
  return { requestTimeout, headersTimeout, timeout, keepAliveTimeout, maxHeaderSize, connectionsCheckingInterval };
}

t.test('T22 slow clients: every wait has an end, at both ports', async (t) => {
  const service = await startService(t);
  t.same(patienceOf(service.app.publicApp), {
    requestTimeout: 10_000,
    headersTimeout: 10_000,
    timeout: 60_000,
    keepAliveTimeout: 72_000,
    maxHeaderSize: 16_384,
    connectionsCheckingInterval: 5_000,
  });
  t.match(patienceOf(service.app.managementApp), {
    requestTimeout: 30_000,
    headersTimeout: 60_000,
    timeout: 60_000,
    keepAliveTimeout: 1_000,
  });
  const long = 'y'.repeat(17_000);
  for (const url of [service.url, service.managementUrl]) {
    for (const request of [
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${long}\r\n\r\n`,
      `GET /${long} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ])
      t.match(await sendRaw(url, request), /^HTTP\/1\.1 431 .+"code":"headers_too_large"/s);
  }
});

t.test('T22 slow clients: a request that comes byte by byte is 408, whatever it still sends', async (t) => {
  const options = publicServerOptions({ logger: pino({ level: 'silent' }), corsHeaders: {} });
  // As the service has it, with another number for the same clock.
  const app = Fastify({ ...options, requestTimeout: 200, http: { ...options.http, connectionsCheckingInterval: 20 } });
  t.teardown(() => app.close());
  const socket = await connectTo(await app.listen({ port: 0, host: '127.0.0.1' }));
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nx: ');
  const dripping = setInterval(() => socket.write('y'), 5);
  t.teardown(() => clearInterval(dripping));
  t.match(await text(socket), /^HTTP\/1\.1 408 .+connection: close.+"code":"request_timeout"/s);
});

t.test('T22 slow clients: 100 that do not read hold no worker, and one body', async (t) => {
  const large = Buffer.alloc(16 * MIB);
  const service = await startService(t, {
    env: { WORKERS: '2', QUEUE_LENGTH: '0' },
    parts: {
      transform: (original, plan) => (plan.output.width === 99 ? Promise.resolve(large) : transform(original, plan)),
    },
  });
  await service.get('/harbour.jpg?w=99');
  const before = process.memoryUsage().arrayBuffers;
  await stalled(t, service, 100, '/harbour.jpg?w=99');
  for (const w of [10, 11, 12, 13]) t.equal((await service.get(`/harbour.jpg?w=${w}`)).status, 200);
  t.ok(process.memoryUsage().arrayBuffers - before < 3 * large.length);
});

/** Clients that have asked and take nothing but the first bytes. */
async function stalled(t: Test, service: Service, count: number, target: string): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = await connectTo(service.url);
      t.teardown(() => socket.destroy());
      socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);
      await once(socket, 'readable');
    }),
  );
}

t.test('T23 backpressure: of 200 MB that a client does not read, few are read', async (t) => {
  const source = createMemorySource({ chunkBytes: MIB });
  source.put('film.mp4', Buffer.alloc(200 * MIB), { contentType: 'video/mp4' });
  const service = await startService(t, { parts: { source } });
  await stalled(t, service, 1, '/film.mp4');
  const [read] = source.opens.slice(-1);
  let before = -1;
  while (read?.chunks !== before) {
    before = read?.chunks ?? before;
    for (let time = 0; time < 5; time++) await service.get('/missing.jpg');
  }
  t.ok(before > 0 && before < 32, `${before} MiB`);
  t.equal(read?.body, 'open');
});

t.test('T23 backpressure: no stream of the web, whose reader is not waited for', (t) => {
  const WEB = /\b(?:Readable|Writable|Transform)Stream\b|\btoWeb\b|\bstream\/web\b|\bnew (?:Response|Blob)\b/;
  t.same(
    sources().flatMap(([file, source]) => (WEB.test(source) ? file : [])),
    [],
  );
  t.end();
});
