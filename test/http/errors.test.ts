import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import type { Source } from '../../src/sources/source.ts';
import type { Plan } from '../../src/transform/plan.ts';
import { jpeg, png } from '../support/pictures.ts';
import { type Answer, ask, type Service, startOverS3, startService } from '../support/service.ts';
import { until } from '../support/waiting.ts';

const SHORT = 'public, max-age=10, s-maxage=60';

function errorOf({ body }: Answer): { code: string; message: string } {
  return (JSON.parse(body.toString()) as { error: { code: string; message: string } }).error;
}

/** What every error has, whatever its cause. */
function isError(t: Test, answer: Answer, status: number, code: string, caching: string, note: string): void {
  t.equal(answer.status, status, note);
  t.match(answer.headers, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(answer.body.length),
    'cache-control': caching,
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    etag: undefined,
    'last-modified': undefined,
  });
  t.same(Object.keys(JSON.parse(answer.body.toString())), ['error']);
  t.equal(errorOf(answer).code, code);
}

t.test('bad paths and options are 400 and touch no source', async (t) => {
  const { s3, service } = await startOverS3(t);
  const cases: readonly [string, string, RegExp][] = [
    ['/', 'bad_path', /expected \/<object key>/],
    ['//evil.example/x.jpg?w=1', 'bad_path', /empty segment/],
    ['http://169.254.169.254/latest', 'bad_path', /begins with a slash/],
    ['/a/../b.jpg', 'bad_path', /"\.\."/],
    ['/%2e%2e/b.jpg', 'bad_path', /"\.\."/],
    ['/..%2fb.jpg', 'bad_path', /"\.\."/],
    ['/..%5cb.jpg', 'bad_path', /backslash/],
    ['/a%00b.jpg', 'bad_path', /control/],
    ['/a%0d%0ab.jpg', 'bad_path', /control/],
    ['/a%zz.jpg', 'bad_path', /percent-encoded UTF-8/],
    ['/a%c0%ae.jpg', 'bad_path', /percent-encoded UTF-8/],
    ['/a%ff.jpg', 'bad_path', /percent-encoded UTF-8/],
    ['/a//b.jpg', 'bad_path', /empty segment/],
    [`/${'a'.repeat(1025)}`, 'bad_path', /1024 bytes/],
    ['/%2D/info', 'bad_path', /reserved/],
    ['/a.jpg?w=abc', 'bad_option', /"w": expected a decimal number of at least 1, got "abc"/],
    ['/a.jpg?w=-1', 'bad_option', /"w".+"-1"/],
    ['/a.jpg?h=1e3', 'bad_option', /"h".+"1e3"/],
    ['/a.jpg?w=0x10', 'bad_option', /"w".+"0x10"/],
    ['/a.jpg?q=0', 'bad_option', /"q": expected a whole number from 1 to 100, got "0"/],
    ['/a.jpg?f=svg', 'bad_option', /"f": expected one of jpeg, .+, got "svg"/],
    ['/a.jpg?w=1&w=2', 'bad_option', /"w": expected it once, got it twice/],
    ['/a.jpg?w=%zz', 'bad_option', /"w".+percent-encoded/],
  ];
  for (const [target, code, message] of cases) {
    const answer = await service.get(target);
    isError(t, answer, 400, code, SHORT, target);
    t.match(errorOf(answer).message, message, target);
  }
  t.equal(s3.requests.length, 0);
});

t.test('a missing object is 404 in JSON, with and without options', async (t) => {
  const { service } = await startOverS3(t);
  for (const target of ['/nope.jpg', '/nope.jpg?w=100']) {
    isError(t, await service.get(target), 404, 'not_found', 'public, max-age=10, s-maxage=30', target);
  }
  const head = await service.send('HEAD', '/nope.jpg?w=100');
  t.match(head, { status: 404, headers: { 'content-length': /^[1-9]/ } });
  t.equal(head.body.length, 0);
});

t.test('what cannot become a picture says why, by its bytes', async (t) => {
  const env = { MAX_SOURCE_BYTES: '100KiB', MAX_SOURCE_PIXELS: '1000000' };
  const { s3, service } = await startOverS3(t, { env });
  const photo = await jpeg(400, 300);
  const flat = (side: number) => sharp({ create: { width: side, height: side, channels: 3, background: 'red' } });
  const cases: readonly [string, Buffer, number, string, RegExp][] = [
    ['text.jpg', Buffer.from('not a picture'), 415, 'unsupported_image', /not an image/],
    ['page.png', Buffer.from('<!doctype html><script>alert(1)</script>'), 415, 'unsupported_image', /not an image/],
    ['empty.jpg', Buffer.alloc(0), 415, 'unsupported_image', /not an image/],
    ['big.jpg', Buffer.concat([photo, Buffer.alloc(200_000)]), 413, 'too_large', /\d+ bytes; at most 102400/],
    [
      'wide.png',
      await flat(1001).png().toBuffer(),
      422,
      'too_many_pixels',
      /1001x1001 pixels; at most 1\.0 megapixels/,
    ],
    ['cut.jpg', photo.subarray(0, photo.length / 2), 422, 'corrupt_image', /damaged/],
    ['head.jpg', photo.subarray(0, 20), 422, 'corrupt_image', /damaged/],
  ];
  for (const [key, body, status, code, message] of cases) {
    await s3.put(key, body, { contentType: 'image/jpeg', cacheControl: 'public, max-age=31536000' });
    const answer = await service.get(`/${key}?w=100`);
    isError(t, answer, status, code, SHORT, key);
    t.match(errorOf(answer).message, message);
    t.equal((await service.get(`/${key}`)).status, 200, 'and passes as it is without options');
  }
  s3.requests.reset();
  for (const key of ['text.jpg', 'big.jpg', 'wide.png', 'head.jpg']) await service.get(`/${key}?w=200`);
  t.equal(s3.requests.length, 0, 'the record remembers it');
});

/** Announces a picture and sends half of it. */
function begin(response: ServerResponse, photo: Buffer): ServerResponse {
  response.writeHead(200, { 'content-length': String(photo.length), etag: '"x"' });
  response.write(photo.subarray(0, photo.length / 2));
  return response;
}

t.test('a source that hangs is 504 at the deadline, and its connection is closed', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { DEADLINE_MS: '200' } });
  const photo = await jpeg();
  const idle = s3.openSockets();
  const cases: readonly [string, typeof s3.fault][] = [
    ['before its head', () => true],
    ['in its body', (_request, response) => Boolean(begin(response, photo))],
  ];
  for (const [name, fault] of cases) {
    s3.fault = fault;
    isError(t, await service.get('/a.jpg?w=100'), 504, 'deadline_exceeded', 'no-store', name);
    await until(() => s3.openSockets() < Math.max(1, idle));
  }
});

t.test('trouble behind the service is 502, 503 or 504, and kept by nobody', async (t) => {
  const { s3, service } = await startOverS3(t);
  const photo = await jpeg();
  await s3.put('a.jpg', photo);
  const answers = (status: number, code: string) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<Error><Code>${code}</Code><Message>secret-bucket-name</Message></Error>`);
    return true;
  };
  const resets = (request: IncomingMessage) => {
    request.socket.resetAndDestroy();
    return true;
  };
  const breaksOff = (request: IncomingMessage, response: ServerResponse) => {
    begin(response, photo).write('', () => request.socket.destroy());
    return true;
  };
  const cases: readonly [string, typeof s3.fault, number, string][] = [
    ['500', answers(500, 'InternalError'), 502, 'source_failed'],
    ['503', answers(503, 'SlowDown'), 503, 'source_unavailable'],
    ['403', answers(403, 'SignatureDoesNotMatch'), 502, 'source_failed'],
    ['no bucket', answers(404, 'NoSuchBucket'), 502, 'source_failed'],
    ['reset', resets, 502, 'source_failed'],
    ['short body', breaksOff, 502, 'source_broke_off'],
  ];
  for (const [name, fault, status, code] of cases) {
    s3.fault = fault;
    const answer = await service.get('/a.jpg?w=100');
    isError(t, answer, status, code, 'no-store', name);
    t.equal(answer.headers['retry-after'], status === 503 ? '5' : undefined);
    t.notMatch(answer.body.toString(), /secret-bucket-name|s3:|127\.0\.0\.1/, 'and tells nothing of the source');
    t.match(service.log.at(-2), { msg: 'failed', code, url: '/a.jpg?w=100' }, 'which the log does');
  }
  s3.fault = undefined;
  t.equal((await service.get('/a.jpg?w=100')).status, 200, 'and works again');
});

t.test('an original that breaks off does not look complete', async (t) => {
  const { s3, service } = await startOverS3(t);
  s3.fault = (request, response) => {
    response.writeHead(200, { 'content-length': '100', etag: '"x"' });
    response.write('half', () => setImmediate().then(() => request.socket.destroy()));
    return true;
  };
  await t.rejects(service.get('/a.bin'), { code: 'ECONNRESET' });
  await until(() => service.log.some(({ msg }) => msg === 'request'));
  t.match(
    service.log.find(({ msg }) => msg === 'request'),
    { outcome: 'error', error: 'source_failed' },
  );
});

/** A transform that begins and ends when the test says so. */
function heldTransform() {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = 0;
  return {
    finish,
    begun: () => begun,
    async transform(original: Uint8Array, plan: Plan): Promise<Buffer> {
      // A service becomes ready by a tiny picture in every format; the tests ask for the one sample that is large.
      if (original.length < 1000) return Buffer.from(plan.format);
      begun++;
      await finished;
      return Buffer.from('done');
    },
  };
}

async function startHeld(t: Test, env: Record<string, string>) {
  const held = heldTransform();
  const service = await startService(t, { env, parts: { transform: held.transform } });
  return { held, service };
}

t.test('more than can wait is 503 at once; what waits is answered', async (t) => {
  const { held, service } = await startHeld(t, { WORKERS: '1', QUEUE_LENGTH: '1' });
  const first = service.get('/harbour.jpg?w=10');
  await until(() => held.begun() === 1);
  const second = service.get('/harbour.jpg?w=11');
  let shed: Answer | undefined;
  while (shed?.status !== 503) shed = await service.get(`/harbour.jpg?w=${12 + Math.floor(Math.random() * 1000)}`);
  isError(t, shed, 503, 'overloaded', 'no-store', 'overloaded');
  t.equal(shed.headers['retry-after'], '1');
  held.finish();
  t.same([(await first).status, (await second).status], [200, 200]);
});

t.test('what takes too long is 504, and its result serves the next', async (t) => {
  const { held, service } = await startHeld(t, { DEADLINE_MS: '200' });
  isError(t, await service.get('/harbour.jpg?w=10'), 504, 'deadline_exceeded', 'no-store', 'late');
  held.finish();
  // Keeping the result takes no more than the promises that are already due.
  await setImmediate();
  const next = await service.get('/harbour.jpg?w=10');
  t.match(next, { status: 200, headers: { 'cache-status': /hit/ } });
});

t.test('who leaves costs nothing more and is no error', async (t) => {
  const { held, service } = await startHeld(t, { WORKERS: '1', QUEUE_LENGTH: '10' });
  const first = service.get('/harbour.jpg?w=10');
  await until(() => held.begun() === 1);
  let arrived = 0;
  service.app.publicApp.server.on('request', () => arrived++);
  const left = new AbortController();
  const leaving = [11, 12, 13].map((w) => ask(service.url, 'GET', `/harbour.jpg?w=${w}`, {}, left.signal));
  const outcomes = Promise.allSettled(leaving);
  await until(() => arrived === 3);
  left.abort();
  await outcomes;
  await until(() => service.log.filter(({ error }) => error === 'client_left').length === 3);
  held.finish();
  t.equal((await first).status, 200);
  t.equal(held.begun(), 1, 'nothing was made for them');
  t.equal(service.log.filter(({ level }) => Number(level) >= 40).length, 0, 'and nothing is wrong');
});

t.test('a mistake of ours is a plain 500 and a full line in the log', async (t) => {
  const source: Partial<Source> = {
    id: 'broken:',
    open: () => Promise.reject(new TypeError('secret detail')),
    check: () => Promise.resolve({ readable: true, detail: '' }),
    close: () => {},
  };
  const service = await startService(t, { parts: { source: source as Source } });
  const answer = await service.get('/a.jpg');
  isError(t, answer, 500, 'internal', 'no-store', 'internal');
  t.notMatch(answer.body.toString(), /secret/);
  t.match(
    service.log.find(({ msg }) => msg === 'internal error'),
    { err: { message: 'secret detail', stack: String } },
  );
});

t.test('other methods are 405, whatever they carry', async (t) => {
  const service = await startService(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'TRACE']) {
    const answer = await service.send(method, '/logo.png?w=10', { 'content-type': 'application/json' });
    isError(t, answer, 405, 'method_not_allowed', 'no-store', method);
    t.equal(answer.headers.allow, 'GET, HEAD, OPTIONS');
  }
});

t.test('nothing is served under the reserved prefix yet, and its paths are no keys', async (t) => {
  const service = await startService(t);
  isError(t, await service.get('/-/info'), 404, 'no_route', 'no-store', '/-/info');
  isError(t, await service.get('/-/%zz'), 400, 'bad_http', 'no-store', '/-/%zz');
});

async function sendRaw(service: Service, request: string): Promise<string> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  return await text(socket);
}

t.test('what is not HTTP gets the same kind of answer', async (t) => {
  const service = await startService(t);
  const cases: readonly [string, string, RegExp][] = [
    ['nonsense\r\n\r\n', 'bad_http', /^HTTP\/1\.1 400 /],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 'headers_too_large', /^HTTP\/1\.1 431 /],
  ];
  for (const [request, code, status] of cases) {
    const answer = await sendRaw(service, request);
    t.match(answer, status);
    t.match(answer, /access-control-allow-origin: \*\r\n/);
    t.match(answer, /cache-control: no-store\r\n/);
    t.ok(answer.endsWith('}') && answer.includes(`"code":"${code}"`), code);
  }
  t.equal((await service.get('/logo.svg')).status, 200, 'and the process goes on');
});

t.test('a request id is taken from the CDN when it is plain, and never sent back', async (t) => {
  const service = await startService(t);
  for (const id of ['abc"def', 'x'.repeat(200), 'short']) {
    const { headers } = await service.get('/logo.svg', { 'x-request-id': id });
    t.notOk(Object.values(headers).includes(id));
    t.not(service.log.at(-1)?.reqId, id);
  }
  await service.get('/logo.svg', { 'x-amz-cf-id': 'abcdefgh_1234==' });
  t.equal(service.log.at(-1)?.reqId, 'abcdefgh_1234==');
});

t.test('pictures are no errors', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('misnamed.jpg', await png());
  t.match(await service.get('/misnamed.jpg?w=10'), { status: 200, headers: { 'content-type': 'image/png' } });
});
