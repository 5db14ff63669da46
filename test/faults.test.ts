import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openSource } from '../src/sources/open-source.ts';
import { transform } from '../src/transform/transform.ts';
import {
  blackHole,
  closesAfter,
  type Fault,
  resetsAfter,
  slowsDown,
  startFaultProxy,
  trickles,
} from './support/fault-proxy.ts';
import { jpeg } from './support/pictures.ts';
import { startS3Server } from './support/s3-server.ts';
import { type Answer, ask, setEnvironment, startService, useS3 } from './support/service.ts';
import { deferred, until } from './support/waiting.ts';

/** The service over a bucket that it reaches by a wire that can break. */
async function overWire(t: Test, env: Record<string, string> = {}) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const s3Env = useS3(t, s3);
  const wire = await startFaultProxy(t, s3.endpoint);
  setEnvironment(t, 'AWS_ENDPOINT_URL_S3', wire.endpoint);
  const service = await startService(t, { env: { ...s3Env, ...env } });
  const photo = await jpeg(800, 600);
  await s3.put('a.jpg', photo);
  s3.requests.reset();
  return { s3, wire, service, photo };
}

function codeOf({ body }: Answer): string {
  return (JSON.parse(body.toString()) as { error: { code: string } }).error.code;
}

t.test('a wire that hangs is 504 at the deadline; the connection and every place are given back', async (t) => {
  const { wire, service } = await overWire(t, { DEADLINE_MS: '300', WORKERS: '1', QUEUE_LENGTH: '0' });
  const cases: readonly [string, Fault][] = [
    ['black hole', blackHole],
    ['trickle', trickles],
  ];
  for (const [name, fault] of cases) {
    wire.fault = fault;
    wire.drop();
    const answers = await Promise.all([1, 2, 3].map((w) => service.get(`/a.jpg?w=${w}`, { connection: 'close' })));
    for (const answer of answers) {
      t.match(answer, { status: 504, headers: { 'cache-control': 'no-store' } }, name);
      t.equal(codeOf(answer), 'deadline_exceeded');
    }
  }
  wire.fault = undefined;
  // The deadline is short: on a busy machine the first one may take longer than that to be drawn.
  const statuses: number[] = [];
  while (!statuses.includes(200) && statuses.length < 10) statuses.push((await service.get('/a.jpg?w=100')).status);
  t.equal(statuses.at(-1), 200, 'and works again');
});

t.test('a wire that breaks within a body is tried once more', async (t) => {
  const { s3, wire, service } = await overWire(t);
  for (const [name, cut] of [
    ['reset', resetsAfter],
    ['closed', closesAfter],
  ] as const) {
    s3.requests.reset();
    let broken = 0;
    wire.fault = (store, client) => (broken++ === 0 ? cut(2000)(store, client) : void store.pipe(client));
    wire.drop();
    t.equal((await service.get(`/a.jpg?w=${name.length}0`)).status, 200, name);
    t.equal(s3.requests.length, 2, 'two reads');
    service.advance(120_000);
    await s3.put('a.jpg', await jpeg(800 + name.length, 600));
  }
});

t.test('and no more than once; what was read by then is kept nowhere', async (t) => {
  const { s3, wire, service } = await overWire(t);
  for (const fault of [resetsAfter(2000), closesAfter(2000)]) {
    s3.requests.reset();
    wire.fault = fault;
    wire.drop();
    const answer = await service.get('/a.jpg?w=100', { connection: 'close' });
    t.match(answer, { status: 502, headers: { 'cache-control': 'no-store' } });
    t.equal(codeOf(answer), 'source_broke_off');
    t.equal(s3.requests.length, 2);
  }
  t.equal(service.transforms(), 0);
  wire.fault = undefined;
  t.equal((await service.get('/a.jpg?w=100')).status, 200);
});

t.test('a read is tried three times in all, wherever it fails', async (t) => {
  const { wire, service } = await overWire(t);
  for (const [refusals, reads] of [
    [1, 3],
    [2, 3],
  ] as const) {
    let connections = 0;
    wire.fault = (store, client) => {
      const fault = connections++ < refusals ? slowsDown : resetsAfter(2000);
      fault(store, client);
    };
    wire.drop();
    const answer = await service.get('/a.jpg?w=100', { connection: 'close' });
    t.match([answer.status, codeOf(answer)], [502, 'source_broke_off']);
    t.equal(connections, reads, `after ${refusals} refusals`);
  }
});

t.test('nobody listening, and a name that nobody has, are 502', async (t) => {
  const { wire, service } = await overWire(t);
  await wire.refuse();
  t.equal(codeOf(await service.get('/a.jpg?w=100')), 'source_failed');
  setEnvironment(t, 'AWS_ENDPOINT_URL_S3', 'http://no-such-store.invalid');
  const nowhere = await startService(t, { env: { SOURCE: 's3://bucket', S3_FORCE_PATH_STYLE: 'true' }, ready: false });
  const answer = await nowhere.get('/a.jpg?w=100');
  t.match(answer, { status: 502, headers: { 'cache-control': 'no-store' } });
  t.match(
    nowhere.log.find(({ msg }) => msg === 'failed'),
    { reason: /ENOTFOUND|EAI_AGAIN/ },
  );
});

t.test('200 early exits of each kind leave five sockets to work with', async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const env = useS3(t, s3);
  const source = await openSource({ url: env.SOURCE ?? '', forcePathStyle: true, maxSockets: 5 });
  const service = await startService(t, {
    env: { ORIGINAL_FRESH_MS: '0', MAX_SOURCE_BYTES: '500KiB', QUEUE_LENGTH: '1000' },
    parts: { source },
  });
  await s3.put('a.jpg', await jpeg());
  await s3.put('text.jpg', Buffer.alloc(300_000, 'text'));
  await s3.put('large.jpg', Buffer.concat([await jpeg(), Buffer.alloc(600_000)]));
  const { etag = '' } = (await service.get('/a.jpg?w=50')).headers;
  const leave = async (target: string) => {
    const left = new AbortController();
    const asked = ask(service.url, 'GET', target, {}, left.signal).catch(() => ({ status: 0 }));
    await setImmediate();
    left.abort();
    return await asked;
  };
  const kinds: readonly [string, number, (n: number) => Promise<{ status: number }>][] = [
    ['304 of a variant', 304, () => service.get('/a.jpg?w=50', { 'if-none-match': etag })],
    ['304 of an original', 304, () => service.get('/large.jpg', { 'if-none-match': '*' })],
    ['HEAD', 200, () => service.send('HEAD', '/large.jpg')],
    ['limit', 413, (n) => service.get(`/large.jpg?w=${n + 1}`)],
    ['error', 415, (n) => service.get(`/text.jpg?w=${n + 1}`)],
    ['abort', 0, () => leave('/large.jpg')],
  ];
  for (const [kind, status, exit] of kinds) {
    for (let round = 0; round < 10; round++) {
      const exits = await Promise.all(Array.from({ length: 20 }, (_, n) => exit(round * 20 + n)));
      t.ok(
        exits.every((answer) => answer.status === status),
        `${kind} ${exits.map((answer) => answer.status)}`,
      );
    }
    t.equal((await service.get('/a.jpg?w=60')).status, 200, `works after 200 times ${kind}`);
    t.ok(s3.openSockets() <= 5, `${s3.openSockets()} sockets`);
  }
});

t.test('200 clients that do not read their answer hold no worker', async (t) => {
  const service = await startService(t, { env: { WORKERS: '1', QUEUE_LENGTH: '0' } });
  await service.get('/harbour.jpg?w=2000');
  const { port } = new URL(service.url);
  const stalled = Array.from({ length: 200 }, (_, n) => {
    const socket = connectSocket(Number(port), '127.0.0.1').on('error', () => {});
    const target = n % 2 === 0 ? '/harbour.jpg?w=2000' : '/harbour.jpg';
    socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);
    return socket.pause();
  });
  t.teardown(() => {
    for (const socket of stalled) socket.destroy();
  });
  let received = 0;
  service.app.publicApp.server.on('request', () => received++);
  await until(() => received >= 150);
  for (const w of [10, 11, 12]) t.equal((await service.get(`/harbour.jpg?w=${w}`)).status, 200);
});

t.test('a store that says SlowDown three times is 503 with Retry-After', async (t) => {
  const tries: string[] = [];
  const store = createServer((request, response) => {
    tries.push(String(request.headers['amz-sdk-request']));
    response.writeHead(503, { 'content-type': 'application/xml' });
    response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  t.teardown(() => store.close());
  const { port } = store.address() as { port: number };
  const sdk = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'x',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  for (const [name, value] of Object.entries(sdk)) setEnvironment(t, name, value);
  const source = await openSource({ url: 's3://bucket', forcePathStyle: true, maxSockets: 5 });
  const service = await startService(t, {
    parts: { source: { ...source, check: () => Promise.resolve({ readable: true, detail: '' }) } },
  });
  const answer = await service.get('/a.jpg?w=10');
  t.match(answer, { status: 503, headers: { 'retry-after': '5', 'cache-control': 'no-store' } });
  t.same(tries, ['attempt=1; max=3', 'attempt=2; max=3', 'attempt=3; max=3']);
});

t.test(
  'a picture that takes for ever costs its own clients their deadline, and its worker until it is made',
  async (t) => {
    const made = deferred();
    let isReady = false;
    const service = await startService(t, {
      env: { DEADLINE_MS: '300', WORKERS: '1', QUEUE_LENGTH: '0' },
      parts: {
        async transform(original, plan) {
          if (isReady) await made.promise;
          return await transform(original, plan);
        },
      },
    });
    isReady = true;
    const first = await service.get('/harbour.jpg?w=10');
    t.match([first.status, codeOf(first)], [504, 'deadline_exceeded']);
    const next = await service.get('/harbour.jpg?w=11');
    t.match([next.status, codeOf(next)], [503, 'overloaded'], 'libvips cannot be stopped: the worker is not free');
    made.resolve();
    while (!(await ask(service.managementUrl, 'GET', '/metrics')).body.includes('\nlambent_cache_entries 1\n'));
    t.equal((await service.get('/harbour.jpg?w=10')).status, 200);
    t.equal(service.transforms(), 1, 'what was made too late is served to who comes next');
  },
);

t.test('an idle connection is kept for longer than a load balancer keeps it', async (t) => {
  const service = await startService(t);
  const sockets: Socket[] = [];
  service.app.publicApp.server.on('connection', (socket: Socket) => sockets.push(socket));
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  for (const w of [10, 11]) {
    const request = get(`${service.url}/harbour.jpg?w=${w}`, { agent });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    t.match(answer.headers, { connection: 'keep-alive', 'keep-alive': 'timeout=72' });
    await once(answer.resume(), 'end');
    // An Application Load Balancer gives up an idle connection after 60 s, and must be the one who does.
    await until(() => (sockets[0]?.timeout ?? 0) >= 72_000);
  }
  t.equal(sockets.length, 1, 'and used again');
});
