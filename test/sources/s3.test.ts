import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createS3Source } from '../../src/sources/s3.ts';
import type { Opened, Source } from '../../src/sources/source.ts';
import { startS3Server, type TestS3 } from '../support/s3-server.ts';
import { setEnvironment, useS3 } from '../support/service.ts';

const never = new AbortController().signal;

async function connect(t: Test, bucket?: string): Promise<{ s3: TestS3; source: Source }> {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  useS3(t, s3);
  const source = createS3Source({ bucket: bucket ?? s3.bucket, prefix: '', forcePathStyle: true, maxSockets: 2 });
  t.teardown(() => source.close());
  return { s3, source };
}

async function open(source: Source, key: string, signal = never): Promise<Opened> {
  const opened = await source.open(key, {}, signal);
  if (opened.status !== 'opened') throw new Error(opened.status);
  return opened;
}

/** Answers as S3 does when something is wrong. */
function fails(status: number, code: string): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    return true;
  };
}

t.test('reads what S3 stores beside an object', async (t) => {
  const { s3, source } = await connect(t);
  const expires = new Date('2030-01-02T03:04:05Z');
  await s3.put('a', 'x', {
    contentType: 'image/png',
    cacheControl: 'max-age=77',
    contentEncoding: 'identity',
    contentDisposition: 'attachment; filename="a.png"',
    contentLanguage: 'de',
    expires,
  });
  const { head, body } = await open(source, 'a');
  await buffer(body);
  t.match(head, {
    contentType: 'image/png',
    cacheControl: 'max-age=77',
    contentEncoding: 'identity',
    contentDisposition: 'attachment; filename="a.png"',
    contentLanguage: 'de',
    expires: expires.toUTCString(),
  });
});

t.test('names trouble by its cause', async (t) => {
  const { s3, source } = await connect(t);
  await s3.put('a', 'x');
  const cases: readonly [number, string, string][] = [
    [503, 'SlowDown', 'source_unavailable'],
    [503, 'ServiceUnavailable', 'source_unavailable'],
    [500, 'InternalError', 'source_failed'],
    [400, 'ExpiredToken', 'source_unavailable'],
    [403, 'SignatureDoesNotMatch', 'source_failed'],
    [403, 'InvalidAccessKeyId', 'source_failed'],
    [404, 'NoSuchBucket', 'source_failed'],
    [301, 'PermanentRedirect', 'source_failed'],
  ];
  for (const [status, code, ours] of cases) {
    s3.fault = fails(status, code);
    await t.rejects(open(source, 'a'), { name: 'ServiceError', code: ours }, `${status} ${code}`);
  }
  s3.fault = undefined;
  t.equal((await buffer((await open(source, 'a')).body)).toString(), 'x', 'and works again');
});

t.test('tries twice more what may pass, and no more than that', async (t) => {
  const { s3, source } = await connect(t);
  await s3.put('a', 'x');
  let tries = 0;
  const failing = fails(503, 'SlowDown');
  s3.fault = (request, response) => ++tries <= 2 && failing(request, response);
  (await open(source, 'a')).body.destroy();
  t.equal(tries, 3);
  tries = -100;
  s3.requests.reset();
  await t.rejects(open(source, 'a'), { code: 'source_unavailable' });
  t.equal(s3.requests.length, 3);
});

t.test('names what breaks below HTTP', async (t) => {
  const { s3, source } = await connect(t);
  s3.fault = (request) => {
    request.socket.resetAndDestroy();
    return true;
  };
  await t.rejects(open(source, 'a'), { code: 'source_failed' }, 'reset');
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  setEnvironment(t, 'AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${port}`);
  const refused = createS3Source({ bucket: 'b', prefix: '', forcePathStyle: true, maxSockets: 1 });
  await t.rejects(open(refused, 'a'), { code: 'source_failed', message: /ECONNREFUSED/ });
});

t.test('a denied read is 404 once an object was read, and names what is missing before', async (t) => {
  const { s3, source } = await connect(t);
  await s3.put('there', 'x');
  s3.deny.list = true;
  await t.rejects(open(source, 'missing'), {
    code: 'source_unavailable',
    message: /^access key .+ is denied s3:GetObject on s3:\/\/.+ \(or s3:ListBucket/,
  });
  (await open(source, 'there')).body.destroy();
  await t.rejects(open(source, 'missing'), { code: 'not_found' });
});

t.test('checks what the identity may do', async (t) => {
  const { s3, source } = await connect(t);
  const check = () => source.check(never);
  t.match(await check(), { readable: true, detail: /^access key .{4}….{4} may list s3:.+, which is empty$/ });
  setEnvironment(t, 'AWS_ACCOUNT_ID', '123456789012');
  const other = createS3Source({ bucket: s3.bucket, prefix: '', forcePathStyle: true, maxSockets: 1 });
  t.match(await other.check(never), { detail: /^access key .+ of account 123456789012 may list/ });
  await s3.put('a', 'x');
  t.match(await check(), { readable: true, detail: /may list and read/ });
  s3.deny.get = true;
  t.match(await check(), { readable: false, detail: /is denied s3:GetObject on s3:\/\/.+\/\*$/ });
  s3.deny.list = true;
  t.match(await check(), { readable: true, detail: /is denied s3:ListBucket on / });
  s3.fault = fails(404, 'NoSuchBucket');
  t.match(await check(), { readable: false, detail: /NoSuchBucket/ });
});

t.test('checks under its prefix', async (t) => {
  const { s3 } = await connect(t);
  const source = createS3Source({ bucket: s3.bucket, prefix: 'deep/er', forcePathStyle: true, maxSockets: 1 });
  await s3.put('deep/erratic', 'x');
  t.match(await source.check(never), { readable: true, detail: /which is empty/ });
  await s3.put('deep/er/a', 'x');
  t.match(await source.check(never), { readable: true, detail: /may list and read/ });
  t.equal(source.id, `s3://${s3.bucket}/deep/er`);
});

t.test('says that there are no credentials, and works when they come', async (t) => {
  const { s3, source } = await connect(t);
  await s3.put('a', 'x');
  const secret = process.env.AWS_SECRET_ACCESS_KEY;
  setEnvironment(t, 'AWS_SECRET_ACCESS_KEY', undefined);
  setEnvironment(t, 'AWS_EC2_METADATA_DISABLED', 'true');
  setEnvironment(t, 'AWS_CONFIG_FILE', '/dev/null');
  setEnvironment(t, 'AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  await t.rejects(open(source, 'a'), { code: 'source_unavailable', message: /credentials/i });
  t.match(await source.check(never), { readable: false, detail: /^nobody \(no AWS credentials were found\)/ });
  setEnvironment(t, 'AWS_SECRET_ACCESS_KEY', secret);
  (await open(source, 'a')).body.destroy();
});

t.test('gives its connection back, read to the end or left', async (t) => {
  const { s3, source } = await connect(t);
  await s3.put('a', Buffer.alloc(1_000_000));
  for (let round = 0; round < 20; round++) (await open(source, 'a')).body.destroy();
  for (let round = 0; round < 20; round++) await buffer((await open(source, 'a')).body);
  t.ok(s3.openSockets() <= 2, `${s3.openSockets()} sockets`);
});

t.test('ends a read when the signal says so', async (t) => {
  const { s3, source } = await connect(t);
  const controller = new AbortController();
  const reason = new Error('enough');
  let arrived = () => {};
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  s3.fault = () => {
    arrived();
    return true;
  };
  const opening = t.rejects(open(source, 'a', controller.signal), reason);
  await waiting;
  controller.abort(reason);
  await opening;
  while (s3.openSockets() > 0) await setImmediate();
  t.equal(s3.openSockets(), 0);
});

t.test('an answer without a length is trouble of the source', async (t) => {
  const { s3, source } = await connect(t);
  s3.fault = (_request, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.end('x');
    return true;
  };
  await t.rejects(open(source, 'a'), { code: 'source_failed', message: /Content-Length/ });
  s3.fault = (_request, response) => {
    response.writeHead(200, { 'content-length': '1' });
    response.end('x');
    return true;
  };
  const { head, body } = await open(source, 'a');
  body.destroy();
  t.match(head.etag, /^".+"$/, 'and one without an entity tag gets one');
});
