import { once } from 'node:events';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createBodyReader } from '../../src/render/body-reader.ts';
import { baseUrl, objectUrl } from '../../src/sources/https-url.ts';
import type { ReadConditions } from '../../src/sources/source.ts';
import { countSockets, httpsSource, never, opened, overHttps, resolver } from '../support/https-source.ts';
import { stateOf, until } from '../support/waiting.ts';
import type { Answerer } from '../support/web-server.ts';

const ETAG = '"one"';
const MODIFIED = 'Wed, 21 Oct 2015 07:28:00 GMT';

/** Answers with a body of three bytes and these headers besides. */
function says(status: number, headers: Record<string, string | string[]> = {}, body = 'abc'): Answerer {
  return (_request, response) => {
    response.writeHead(status, { 'content-length': String(body.length), etag: ETAG, ...headers }).end(body);
  };
}

/** Bytes on the wire, as no server of Node.js would send them. */
function sends(text: string): Answerer {
  return ({ socket }) => void socket.write(text.replaceAll('\n', '\r\n'));
}

t.test('a key is one path below the base, each segment encoded once', (t) => {
  const base = baseUrl('https://photos.test:8443/a%20b/~c/');
  const keys: Readonly<Record<string, string>> = {
    'a b': 'a%20b',
    'a+b': 'a%2Bb',
    'a%2Bb': 'a%252Bb',
    'caf\u00e9': 'caf%C3%A9',
    'cafe\u0301': 'cafe%CC%81',
    '\u{1F600}/x': '%F0%9F%98%80/x',
    'a?b#c': 'a%3Fb%23c',
    'user:pass@evil.test': 'user%3Apass%40evil.test',
    'a;b=c,d&e': 'a%3Bb%3Dc%2Cd%26e',
    "it's (1)!*.~-_": 'it%27s%20%281%29%21%2A.~-_',
    '%2e%2e/%2E': '%252e%252e/%252E',
    'https://evil.test/x': 'https%3A//evil.test/x',
    '/evil.test/x': '/evil.test/x',
    '//evil.test/x': '//evil.test/x',
    '...': '...',
  };
  for (const [key, path] of Object.entries(keys))
    t.equal(objectUrl(base, key).href, `https://photos.test:8443/a%20b/~c/${path}`, key);
  // The parser refuses these; the URL holds by itself all the same.
  for (const key of ['..', '.', '../x', 'a/../../../x', 'a/./b', 'a/..'])
    t.throws(() => objectUrl(base, key), { code: 'not_found' }, key);
  for (const [base, url] of [
    ['https://photos.test', 'https://photos.test/a'],
    ['https://photos.test/x', 'https://photos.test/x/a'],
    ['https://photos.test/x/', 'https://photos.test/x/a'],
    ['https://photos.test/x//', 'https://photos.test/x/a'],
  ] as const)
    t.equal(objectUrl(baseUrl(base), 'a').href, url, base);
  t.equal(objectUrl(baseUrl('https://photos.test'), '/evil.test/x').href, 'https://photos.test//evil.test/x');
  t.end();
});

t.test('the server is asked for exactly that, and told nothing else', async (t) => {
  const { web, source } = await overHttps(t);
  web.answer = says(200);
  for (const key of ['a b+c%2Bd.jpg', 'cafe\u0301/\u{1F600}?#@;.jpg']) await buffer((await opened(source, key)).body);
  t.same(
    web.requests.map(({ url }) => url),
    ['/originals/a%20b%2Bc%252Bd.jpg', '/originals/cafe%CC%81/%F0%9F%98%80%3F%23%40%3B.jpg'],
  );
  t.same(web.requests[0]?.headers, {
    host: `127.0.0.1:${web.port}`,
    connection: 'keep-alive',
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'lambent',
  });
  t.equal(source.id, `${web.origin}/originals`);
});

t.test('the head is what the server says; two lines of one name are one list', async (t) => {
  const { web, source } = await overHttps(t);
  web.answer = says(200, {
    'last-modified': MODIFIED,
    'content-type': 'image/png',
    'content-encoding': 'gzip',
    'content-disposition': 'inline',
    'content-language': 'de',
    'cache-control': ['public, max-age=5', 'private'],
    expires: MODIFIED,
  });
  const { head, body } = await opened(source, 'a');
  body.destroy();
  t.same(head, {
    etag: ETAG,
    lastModified: new Date(MODIFIED),
    contentType: 'image/png',
    contentEncoding: 'gzip',
    contentDisposition: 'inline',
    contentLanguage: 'de',
    cacheControl: 'public, max-age=5, private',
    expires: MODIFIED,
  });
});

t.test('what an answer means', async (t) => {
  const { web, source } = await overHttps(t);
  const cases: readonly [number, string, RegExp | undefined][] = [
    [404, 'not_found', undefined],
    [410, 'not_found', undefined],
    [412, 'source_changed', undefined],
    [401, 'source_failed', /originals: the server answers 401\.$/],
    [403, 'source_failed', /answers 403/],
    [400, 'source_failed', /answers 400/],
    [204, 'source_failed', /answers 204/],
    [300, 'source_failed', /answers 300/],
    [429, 'source_unavailable', /answers 429/],
    [500, 'source_failed', /answers 500/],
    [503, 'source_unavailable', /answers 503/],
  ];
  for (const [status, code, message] of cases) {
    web.answer = says(status, {}, '');
    const error = source.open('a', { retry: false }, never);
    await t.rejects(error, { name: 'ServiceError', code, ...(message && { message }) }, String(status));
  }
  for (const [contentRange, size] of [
    ['bytes */10', 10],
    ['bytes 0-1/10', undefined],
  ] as const) {
    web.answer = says(416, { 'content-range': contentRange });
    await t.rejects(source.open('a', { range: 'bytes=10-' }, never), { code: 'range_not_satisfiable', size });
  }
  web.answer = says(416);
  const error = await source.open('a', { range: 'bytes=10-' }, never).catch((thrown: unknown) => thrown);
  t.match(error, { code: 'range_not_satisfiable', size: undefined });
});

t.test('a tag that is weak or missing is made of all that changes with the bytes', async (t) => {
  const { web, source } = await overHttps(t);
  const tagOf = async (headers: Record<string, string>, body?: string) => {
    web.answer = says(200, headers, body);
    const answer = await opened(source, 'a');
    await buffer(answer.body);
    return answer.head.etag;
  };
  const weak = await tagOf({ etag: 'W/"one"', 'last-modified': MODIFIED });
  t.match(weak, /^"~3~[0-9a-z]+~one"$/);
  const later = 'Wed, 21 Oct 2015 07:28:01 GMT';
  const others = [
    await tagOf({ etag: 'W/"two"', 'last-modified': MODIFIED }),
    await tagOf({ etag: 'W/"one"', 'last-modified': later }),
    await tagOf({ etag: 'W/"one"', 'last-modified': MODIFIED }, 'abcd'),
    await tagOf({ etag: 'W/"one"' }),
    await tagOf({ etag: 'none', 'last-modified': MODIFIED }),
    await tagOf({ etag: 'none', 'last-modified': later }),
    // Of a server whose own tags look as ours.
    await tagOf({ etag: '"~3~1~x"', 'last-modified': later }, 'abcde'),
  ];
  t.equal(new Set([weak, ...others]).size, 8, 'each of them another');
  web.answer = (_, response) =>
    void response.writeHead(200, { 'content-length': '3', 'last-modified': MODIFIED }).end('abc');
  t.match(await opened(source, 'a'), { head: { etag: /^"~3~[0-9a-z]+~"$/ } });
  for (const headers of [{ etag: 'none' }, { etag: '"~1~~x"', 'last-modified': 'yesterday' }]) {
    web.answer = says(200, headers);
    await t.rejects(source.open('a', {}, never), { code: 'source_failed', message: /neither a valid ETag nor a Last/ });
  }
});

t.test('conditions are put as the server can judge them', async (t) => {
  const { web, source } = await overHttps(t);
  const asked = async (conditions: ReadConditions) => {
    web.requests.length = 0;
    await source.open('a', conditions, never).then((answer) => 'body' in answer && answer.body.destroy());
    const { headers } = web.requests[0] ?? { headers: {} };
    const names = ['if-match', 'if-none-match', 'if-modified-since', 'range'];
    return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
  };
  web.answer = says(200);
  t.same(await asked({ ifMatch: ETAG }), { 'if-match': ETAG });
  t.same(await asked({ ifNoneMatch: '"other"' }), { 'if-none-match': '"other"' });
  for (const [headers, condition] of [
    [{ etag: 'W/"one"', 'last-modified': MODIFIED }, { 'if-none-match': 'W/"one"' }],
    [{ etag: 'none', 'last-modified': MODIFIED }, { 'if-modified-since': MODIFIED }],
  ] as const) {
    web.answer = says(200, headers);
    const { head, body } = await opened(source, 'a');
    body.destroy();
    t.same(await asked({ ifMatch: head.etag }), {}, 'no weak tag matches there');
    t.same(await asked({ ifNoneMatch: head.etag }), condition);
    t.match(await source.open('a', { ifNoneMatch: head.etag }, never), { status: 'not-modified' }, 'nor is it needed');
    web.answer = says(200, { ...headers, 'last-modified': 'Wed, 21 Oct 2015 07:28:01 GMT' });
    await t.rejects(source.open('a', { ifMatch: head.etag }, never), { code: 'source_changed' });
  }
  web.answer = says(304, { 'last-modified': MODIFIED, 'content-length': '0' }, '');
  const unchanged = await source.open('a', { ifNoneMatch: ETAG }, never);
  t.same(unchanged, { status: 'not-modified', lastModified: new Date(MODIFIED) });
});

t.test('a range is the one that was asked for, or everything', async (t) => {
  const { web, source } = await overHttps(t);
  const range = 'bytes=2-4';
  web.answer = says(200);
  t.match(
    await opened(source, 'a', { range }),
    { length: 3, contentRange: undefined },
    'not every server knows ranges',
  );
  const part = { 'content-range': 'bytes 2-4/10' };
  web.answer = says(206, part);
  t.match(await opened(source, 'a', { range }), { length: 3, contentRange: 'bytes 2-4/10' });
  const cases: readonly [string, string | undefined, Answerer][] = [
    ['nobody asked', undefined, says(206, part)],
    ['another', 'bytes=3-5', says(206, part)],
    ['shorter', 'bytes=2-5', says(206, part)],
    ['of no known length', range, says(206, { 'content-range': 'bytes 2-4/*' })],
    ['of no known place', range, says(206)],
    ['beyond the end', range, says(206, { 'content-range': 'bytes 2-4/2' })],
    ['with more bytes than that', range, says(206, part, 'abcd')],
    ['without a length', range, (_, response) => void response.writeHead(206, { etag: ETAG, ...part }).end('abc')],
  ];
  for (const [name, asked, answer] of cases) {
    web.answer = answer;
    await t.rejects(source.open('a', { range: asked }, never), { code: 'source_failed' }, name);
  }
});

t.test('lengths that are missing, too small and too large', async (t) => {
  const { web, source } = await overHttps(t);
  const read = async () => await createBodyReader(await opened(source, 'a'), never).rest();
  web.answer = (_request, response) => {
    response.writeHead(200, { etag: ETAG });
    const fill = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', fill);
    fill();
  };
  await t.rejects(read(), { code: 'source_failed', message: /with no Content-Length\.$/ });
  await until(() => web.open === 0);
  t.pass('and a body without end is not read on');
  web.answer = sends(
    `HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 3\n\nabcHTTP/1.1 200 OK\ncontent-length: 4\n\nevil`,
  );
  t.equal((await read()).toString(), 'abc');
  web.answer = sends(`HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 3\n\nabc`);
  t.equal((await read()).toString(), 'abc', 'what came behind a body is no answer to the next request');
  web.answer = (request) => {
    sends(`HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 9\n\nabc`)(request, undefined as never);
    request.socket.end();
  };
  await t.rejects(read(), { code: 'source_broke_off' });
  web.answer = sends(`HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 3\ntransfer-encoding: chunked\n\n3\nabc\n0\n\n`);
  await t.rejects(source.open('a', {}, never), { code: 'source_failed' }, 'two lengths');
});

t.test('what may go better is tried three times, and said', async (t) => {
  const told: number[] = [];
  const { web, source } = await overHttps(t, { onRetry: (times) => void told.push(times) });
  const fails: Readonly<Record<string, Answerer>> = {
    503: says(503),
    429: says(429),
    500: says(500),
    reset: ({ socket }) => void socket.destroy(),
  };
  for (const [name, fail] of Object.entries(fails)) {
    for (const failures of [1, 2]) {
      web.requests.length = 0;
      web.answer = (...args) => (web.requests.length > failures ? says(200) : fail)(...args);
      const { retries, body } = await opened(source, 'a');
      body.destroy();
      t.same([retries, web.requests.length], [failures, failures + 1], `${name}, ${failures} times`);
    }
    web.requests.length = 0;
    web.answer = fail;
    await t.rejects(source.open('a', {}, never), { code: /^source_/ }, name);
    t.equal(web.requests.length, 3);
    await t.rejects(source.open('a', { retry: false }, never), { code: /^source_/ });
    t.equal(web.requests.length, 4, 'once and no more');
  }
  t.same(told, Array(4 * (1 + 2 + 2)).fill(1));
});

t.test('a source in trouble gets less than three times the load', async (t) => {
  const { web, source } = await overHttps(t);
  const ask = () => Promise.allSettled(Array.from({ length: 60 }, () => source.open('a', {}, never)));
  web.answer = says(500);
  await ask();
  t.equal(web.requests.length, 160, 'a hundred retries');
  await ask();
  t.equal(web.requests.length, 220, 'and none any more');
  web.answer = says(404);
  await ask();
  web.requests.length = 0;
  web.answer = says(500);
  await ask();
  t.equal(web.requests.length, 72, 'five answers earn one');
});

t.test('a signal ends a read wherever it is', async (t) => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const { web, source } = await overHttps(t, { maxSockets: 1, onRetry: () => stop.abort(reason) });
  web.answer = says(503);
  // As long a pause as there can be.
  t.intercept(Math, 'random', { value: () => 0.999, configurable: true, writable: true });
  const again = source.open('a', {}, stop.signal);
  again.catch(() => {});
  await until(() => stop.signal.aborted);
  t.equal(await stateOf(again), 'rejected', 'between two tries');
  await t.rejects(again, reason);
  t.equal(web.requests.length, 1);

  web.answer = () => {};
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = source.open('a', {}, first.signal);
  await until(() => web.requests.length === 2);
  const queued = source.open('b', {}, second.signal);
  await turn();
  second.abort(reason);
  t.equal(await stateOf(queued), 'rejected', 'before there is a connection for it');
  await t.rejects(queued, reason);
  first.abort(reason);
  await t.rejects(waiting, reason, 'before there is an answer');

  web.answer = sends(`HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 9\n\nabc`);
  const third = new AbortController();
  const { body } = (await source.open('a', {}, third.signal)) as Awaited<ReturnType<typeof opened>>;
  third.abort(reason);
  await t.rejects(buffer(body), reason, 'within a body');
  await until(() => web.open === 0);
});

t.test('silence ends a read: of the connection, before the head and within the body', async (t) => {
  const { web, source } = await overHttps(t, { idleMs: 50 });
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `https://127.0.0.1:${(silent.address() as { port: number }).port}/`;
  const unheard = httpsSource(t, web, { url, connectMs: 50 }).open('a', { retry: false }, never);
  await t.rejects(unheard, { code: 'source_failed', message: /UND_ERR_CONNECT_TIMEOUT/ });
  silent.close();
  web.answer = () => {};
  await t.rejects(source.open('a', {}, never), { code: 'source_failed', message: /UND_ERR_HEADERS_TIMEOUT/ });
  t.equal(web.requests.length, 1, 'whoever was waited for once is not waited for again');
  web.answer = sends(`HTTP/1.1 200 OK\netag: ${ETAG}\ncontent-length: 9\n\nabc`);
  await t.rejects(buffer((await opened(source, 'a')).body), { code: 'UND_ERR_BODY_TIMEOUT' });
});

t.test('200 early exits of each kind leave five sockets to work with', async (t) => {
  const { web, source } = await overHttps(t);
  const sockets = countSockets(t);
  const large = 'x'.repeat(300_000);
  const kinds: readonly [string, Answerer, (() => Promise<unknown>)?][] = [
    ['304', says(304, { 'content-length': '0' }, '')],
    ['404', says(404, {}, large)],
    ['404 without end', (_request, response) => void response.writeHead(404).write(large)],
    ['redirect', says(302, { location: '/x' }, large)],
    ['503', says(503, {}, large)],
    ['same tag', says(200, {}, large), () => source.open('a', { ifNoneMatch: ETAG }, never)],
    ['other tag', says(200, {}, large), () => source.open('a', { ifMatch: '"two"' }, never)],
    ['destroyed', says(200, {}, large), async () => (await opened(source, 'a')).body.destroy()],
    ['check', says(200, {}, large), () => source.check(never)],
  ];
  for (const [name, answer, exit = () => source.open('a', {}, never)] of kinds) {
    web.answer = answer;
    await Promise.allSettled(Array.from({ length: 200 }, exit));
    web.answer = says(200);
    t.equal((await buffer((await opened(source, 'a')).body)).toString(), 'abc', `works after 200 times ${name}`);
    t.ok(sockets.peak <= 5, `${sockets.peak} sockets`);
  }
});

t.test('says who answers, and what is missing', async (t) => {
  const { web, source } = await overHttps(t);
  web.answer = says(403);
  t.same(await source.check(never), {
    readable: true,
    detail: `${web.origin}/originals answers, with status 403 at the base itself`,
  });
  t.equal(web.requests[0]?.url, '/originals/');
  web.answer = says(500);
  t.match(await source.check(never), { readable: false, detail: /with status 500/ });
  const untrusted = httpsSource(t, web, { ca: undefined });
  t.match(await untrusted.check(never), { readable: false, detail: /originals: [A-Z_]*SELF_SIGNED_CERT[A-Z_]*: self/ });
  const reason = new Error('enough');
  await t.rejects(source.check(AbortSignal.abort(reason)), reason);
});

t.test('a name that is not found, or not now, is trouble of the source and no missing object', async (t) => {
  const { web } = await overHttps(t);
  for (const [code, asked] of [
    ['ENOTFOUND', 1],
    ['EAI_AGAIN', 3],
  ] as const) {
    const lookup = resolver(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    const source = httpsSource(t, web, { url: `https://photos.test:${web.port}/`, lookup });
    const message = `https://photos.test:${web.port}: ${code}: getaddrinfo ${code}`;
    await t.rejects(source.open('a', {}, never), { code: 'source_failed', message });
    t.equal(lookup.asked, asked);
  }
  const local = httpsSource(t, web, { url: `https://localhost:${web.port}/` });
  await t.rejects(local.open('a', {}, never), { code: 'not_found' }, 'the system knows this one');
  const nobody = httpsSource(t, web, { url: 'https://127.0.0.1:1/' });
  await t.rejects(nobody.open('a', {}, never), { code: 'source_failed', message: /ECONNREFUSED/ });
});
