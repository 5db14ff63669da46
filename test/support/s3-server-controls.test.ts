import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { closeServer, listen, readAll } from './http-relay.ts';
import { startRecordingProxy } from './recording-proxy.ts';
import { refuses, setUp, textOf } from './s3-fixture.ts';

/** The proxy alone, before a store that the test plays itself. */
async function proxyOnly(t: Test) {
  const store = createServer();
  const proxy = await startRecordingProxy(await listen(store), 'bucket');
  t.teardown(() => Promise.all([proxy.close(), closeServer(store)]));
  const asked = async () => (await once(store, 'request')) as [IncomingMessage, ServerResponse];
  return { proxy, asked, url: `${proxy.endpoint}/bucket/a` };
}

t.test('deny.list answers as for an identity without s3:ListBucket', async (t) => {
  const { s3, get, head, list } = await setUp(t);
  await s3.put('a', 'x');
  s3.deny = { list: true };
  await refuses(t, list(), 403, 'AccessDenied');
  await refuses(t, get('gone'), 403, 'AccessDenied');
  await refuses(t, head('gone'), 403);
  t.equal(await textOf(get('a')), 'x');
  s3.deny = {};
  await refuses(t, get('gone'), 404, 'NoSuchKey');
});

t.test('deny.get answers as for an identity without s3:GetObject', async (t) => {
  const { s3, get, head, list } = await setUp(t);
  await s3.put('a b', 'x');
  await s3.put('b', 'x');
  s3.deny.get = true;
  await refuses(t, get('a b'), 403, 'AccessDenied');
  await refuses(t, get('gone'), 403, 'AccessDenied');
  await refuses(t, head('a b'), 403);
  t.match(await list(), { KeyCount: 2 });
  s3.deny.get = (key) => key === 'a b';
  await refuses(t, get('a b'), 403, 'AccessDenied');
  t.equal(await textOf(get('b')), 'x');
});

t.test('logs what arrives, and not what prepares the bucket', async (t) => {
  const { s3, get, list } = await setUp(t);
  await s3.put('a b', 'x');
  t.same(s3.requests, []);
  await textOf(get('a b', { Range: 'bytes=0-0' }));
  await list();
  await refuses(t, get('gone'), 404);
  t.match(s3.requests, [
    { method: 'GET', path: `/${s3.bucket}/a%20b`, key: 'a b', headers: { range: 'bytes=0-0' }, status: 206 },
    { method: 'GET', query: /list-type=2/, key: '', status: 200 },
    { method: 'GET', key: 'gone', status: 404 },
  ]);
  s3.requests.reset();
  t.equal(s3.requests.length, 0);
});

t.test('fault takes over an answer, before the signature is looked at', async (t) => {
  const { s3, get } = await setUp(t);
  await s3.put('a', 'x');
  s3.fault = (_req, res) => Boolean(res.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'));
  await refuses(t, get('a'), 503, 'SlowDown');
  t.equal((await fetch(s3.endpoint)).status, 503);
  t.match(s3.requests, [{ status: 503 }, { status: 503 }]);
  s3.fault = (req) => Boolean(req.socket.resetAndDestroy());
  await t.rejects(get('a'), { code: 'ECONNRESET' });
  t.equal(s3.requests.at(-1)?.status, 0);
  s3.fault = (req) => req.method === 'HEAD';
  t.equal(await textOf(get('a')), 'x');
});

t.test('counts the connections that clients hold', async (t) => {
  const { s3, client, get } = await setUp(t);
  await s3.put('a', 'x');
  t.equal(s3.openSockets(), 0);
  const sockets: IncomingMessage['socket'][] = [];
  s3.fault = (req) => sockets.push(req.socket) === 0;
  await textOf(get('a'));
  t.equal(s3.openSockets(), 1);
  client.destroy();
  for (const socket of sockets) await once(socket, 'close');
  t.equal(s3.openSockets(), 0);
});

t.test('a client that goes away ends the request to the store', async (t) => {
  const { proxy, asked, url } = await proxyOnly(t);
  const client = request(url).on('error', () => undefined);
  client.end();
  const [, answer] = await asked();
  client.destroy();
  await once(answer, 'close');
  t.match(proxy.requests, [{ key: 'a', status: 0 }]);
});

t.test('a client that goes away ends the answer of the store', async (t) => {
  const { asked, url } = await proxyOnly(t);
  const client = request(url);
  client.end();
  const [, answer] = await asked();
  answer.writeHead(200, { 'content-length': 1000 }).write('begin');
  const [received] = (await once(client, 'response')) as [IncomingMessage];
  received.destroy();
  await once(answer, 'close');
  t.notOk(answer.writableFinished);
});

t.test('a store that breaks off breaks off the answer', async (t) => {
  const { asked, url } = await proxyOnly(t);
  const fetched = fetch(url);
  const [, answer] = await asked();
  answer.writeHead(200, { 'content-length': 1000 }).write('begin', () => answer.destroy());
  await t.rejects((await fetched).text());
});

t.test('a preflight and a form pass as they are', async (t) => {
  const { proxy, asked, url } = await proxyOnly(t);
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
  const checked = fetch(url, { method: 'OPTIONS', headers: preflight });
  const [options, answer] = await asked();
  t.match(options, { method: 'OPTIONS', url: '/bucket/a', headers: preflight });
  answer.writeHead(200, { 'access-control-allow-origin': 'https://app.example' }).end();
  t.equal((await checked).headers.get('access-control-allow-origin'), 'https://app.example');

  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const body = Buffer.from('--x\r\n\xff\x00\r\n--x--', 'latin1');
  const posted = fetch(`${proxy.endpoint}/bucket`, { method: 'POST', headers, body: new Uint8Array(body) });
  const [form, stored] = await asked();
  t.match(form, { method: 'POST', headers: { ...headers, 'content-length': String(body.length) } });
  t.ok(body.equals(await readAll(form)));
  stored.writeHead(204).end();
  t.equal((await posted).status, 204);
  t.match(proxy.requests, [
    { method: 'OPTIONS', key: 'a', status: 200 },
    { method: 'POST', path: '/bucket', key: '', headers, status: 204 },
  ]);
});
