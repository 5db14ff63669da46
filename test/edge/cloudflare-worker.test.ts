import { createServer } from 'node:http';
import type { Test } from 'tap';
import t from 'tap';
import { arrivalsAt, freePort } from '../support/nginx.ts';
import { startRecorder } from '../support/recorder.ts';
import { startService } from '../support/service.ts';
import { loadWorker, resolved, type Variables } from '../support/worker.ts';

const CHROME = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

/** What of a fetch is for Cloudflare, of all until the test ends. */
function recordFetches(t: Test): readonly (Record<string, unknown> | undefined)[] {
  const fetches: (Record<string, unknown> | undefined)[] = [];
  const inner = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    fetches.push(init as Record<string, unknown> | undefined);
    return inner(input, init);
  };
  t.teardown(() => {
    globalThis.fetch = inner;
  });
  return fetches;
}

t.test('the key says which formats are accepted', async (t) => {
  const recorder = await startRecorder(t);
  const { ask } = await loadWorker(t, { ORIGIN: `${recorder.url}/` });
  for (const [accept, key] of [
    [CHROME, '/a.jpg?w=9&f=auto&accept=avif,webp'],
    ['image/webp', '/a.jpg?w=9&f=auto&accept=webp'],
    ['image/avif', '/a.jpg?w=9&f=auto&accept=avif'],
    ['image/webp,image/avif;q=0.1', '/a.jpg?w=9&f=auto&accept=webp,avif;q=0.5'],
    ['*/*', '/a.jpg?w=9&f=auto'],
  ] as const) {
    await ask('/a.jpg?f=auto&w=9&accept=x', { headers: { accept } });
    t.equal(recorder.arrivals.at(-1)?.target, key);
  }
  await ask('/a.jpg?w=9', { headers: { accept: CHROME } });
  t.equal(recorder.arrivals.at(-1)?.target, '/a.jpg?w=9');
});

t.test('what is kept is the service’s to say, and failures are not', async (t) => {
  const recorder = await startRecorder(t);
  const { ask } = await loadWorker(t, { ORIGIN: recorder.url });
  const fetches = recordFetches(t);
  const cf = { cacheEverything: true, cacheTtlByStatus: { '500-599': -1 } };
  await ask('/a.jpg?w=9');
  t.match(fetches.at(-1), { method: 'GET', redirect: 'manual', cf });
  await ask('/a.jpg', { method: 'HEAD' });
  t.match(fetches.at(-1), { method: 'HEAD', redirect: 'manual', cf });
  await ask('/a.jpg?w=9&w=9');
  t.match(fetches.at(-1), { redirect: 'manual', cache: 'no-store', cf: undefined });
  await ask('/a.jpg', { method: 'POST', body: 'x' });
  t.match(fetches.at(-1), { method: 'POST', redirect: 'manual', body: undefined, cf: undefined });
});

t.test('pictures, originals and errors of the service', async (t) => {
  const service = await startService(t);
  const { ask } = await loadWorker(t, { ORIGIN: service.url });
  for (const [accept, type] of [
    [CHROME, 'image/avif'],
    ['image/webp', 'image/webp'],
    ['*/*', 'image/jpeg'],
  ] as const) {
    const answer = await ask('/harbour.jpg?f=auto&w=64&utm_source=x', { headers: { accept } });
    t.same([answer.status, answer.headers.get('content-type')], [200, type]);
    const etag = answer.headers.get('etag') ?? '';
    const again = await ask('/harbour.jpg?w=64&f=auto', { headers: { accept, 'if-none-match': etag } });
    t.equal(again.status, 304);
  }
  const head = await ask('/harbour.jpg?w=64', { method: 'HEAD' });
  t.same([head.status, await head.text()], [200, '']);
  const part = await ask('/harbour.jpg', { headers: { range: 'bytes=0-9' } });
  t.same([part.status, (await part.arrayBuffer()).byteLength], [206, 10]);
  for (const [target, status] of [
    ['/missing.jpg?w=9', 404],
    ['/harbour.jpg?w=x', 400],
    ['/harbour.jpg?w=9&w=9', 400],
    ['/-/info', 404],
    ['/-/uploads', 404],
  ] as const) {
    const answer = await ask(target);
    const direct = await service.get(resolved(target).replace(/^\/-\/.*/, '/-/'));
    t.same([answer.status, answer.headers.get('cache-control')], [status, direct.headers['cache-control']], target);
    t.same(await answer.json(), JSON.parse(direct.body.toString()), target);
  }
});

t.test('preflights and other methods are the service’s to answer', async (t) => {
  const service = await startService(t);
  const arrivals = arrivalsAt(service);
  const { ask } = await loadWorker(t, { ORIGIN: service.url });
  const preflight = await ask('/harbour.jpg?h=9&w=9', {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' },
  });
  t.same([preflight.status, preflight.headers.get('access-control-allow-methods')], [204, 'GET, HEAD']);
  const refused = await ask('/harbour.jpg', { method: 'POST', body: 'x', headers: { cookie: 'a=b' } });
  t.same([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
  t.match(arrivals.at(-1)?.headers, { cookie: undefined, 'content-length': '0' }, 'and no body reaches it');
});

t.test('with a list in CORS_ORIGINS each of them has entries of its own', async (t) => {
  const CORS_ORIGINS = 'https://shop.example, https://www.shop.example';
  const service = await startService(t, { env: { CORS_ORIGINS } });
  const arrivals = arrivalsAt(service);
  const { ask } = await loadWorker(t, { ORIGIN: service.url, CORS_ORIGINS });
  for (const [origin, url, allowed] of [
    ['https://www.shop.example', '/harbour.jpg?w=64&origin=https%3A%2F%2Fwww.shop.example', 'https://www.shop.example'],
    ['https://evil.example', '/harbour.jpg?w=64', null],
  ] as const) {
    const { headers } = await ask('/harbour.jpg?w=64', { headers: { origin } });
    t.same([arrivals.at(-1)?.url, headers.get('access-control-allow-origin')], [url, allowed]);
  }
});

t.test('the secret of the CDN is the Worker’s', async (t) => {
  const ORIGIN_SECRETS = 'a-secret-of-the-cdn';
  const service = await startService(t, { env: { ORIGIN_SECRETS } });
  const without = await loadWorker(t, { ORIGIN: service.url });
  const headers = { 'x-origin-secret': ORIGIN_SECRETS };
  t.equal((await without.ask('/harbour.jpg?w=9', { headers })).status, 403, 'and nobody else’s');
  const { ask } = await loadWorker(t, { ORIGIN: service.url, ORIGIN_SECRET: ORIGIN_SECRETS });
  t.equal((await ask('/harbour.jpg?w=9')).status, 200);
  t.equal((await ask('/harbour.jpg?w=9', { method: 'OPTIONS' })).status, 204);
});

t.test('uploads pass as they came, where there are some', async (t) => {
  const received: unknown[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { 'x-origin-secret': secret, authorization, cookie } = request.headers;
    received.push([request.method, request.url, body, secret, authorization, cookie]);
    response.writeHead(302, { location: '/elsewhere' }).end();
  }).listen(await freePort(), '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => void server.close().closeAllConnections());
  const address = server.address();
  const ORIGIN = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const { ask } = await loadWorker(t, { ORIGIN, UPLOADS: '1', ORIGIN_SECRET: 'secret' });
  const headers = { authorization: 'Bearer x', cookie: 'a=b', 'x-origin-secret': 'theirs' };
  const answer = await ask('/-/uploads/form?b=1&a=2', { method: 'POST', body: 'a form', headers });
  t.same([answer.status, answer.headers.get('location')], [302, '/elsewhere'], 'a redirect is the client’s to follow');
  await ask('/-/uploads', { headers: { authorization: 'Bearer x' } });
  const withoutSecret = await loadWorker(t, { ORIGIN, UPLOADS: '1' });
  await withoutSecret.ask('/-/uploads', { headers });
  await ask('/-/uploadsx');
  await ask('/-/info?x', { method: 'DELETE' });
  t.same(received, [
    ['POST', '/-/uploads/form?b=1&a=2', 'a form', 'secret', 'Bearer x', undefined],
    ['GET', '/-/uploads', '', 'secret', 'Bearer x', undefined],
    ['GET', '/-/uploads', '', undefined, 'Bearer x', undefined],
    ['GET', '/-/', '', 'secret', undefined, undefined],
    ['DELETE', '/-/', '', 'secret', undefined, undefined],
  ]);
});

t.test('a service that cannot be reached is an error that pages can read', async (t) => {
  const ORIGIN = `http://127.0.0.1:${await freePort()}`;
  const rows = [
    [{ ORIGIN }, '*', null],
    [{ ORIGIN, CORS_ORIGINS: '*' }, '*', null],
    [{ ORIGIN, CORS_ORIGINS: 'https://a.example' }, 'https://a.example', 'Origin'],
    [{ ORIGIN, CORS_ORIGINS: 'https://b.example' }, null, 'Origin'],
    [{ ORIGIN, UPLOADS: '1' }, '*', null],
    [{} as Variables, '*', null],
  ] as const;
  for (const [variables, allowed, vary] of rows) {
    const { ask } = await loadWorker(t, variables);
    const target = 'UPLOADS' in variables ? '/-/uploads' : '/a.jpg?w=9';
    const answer = await ask(target, { headers: { origin: 'https://a.example' } });
    const { status, headers } = answer;
    t.same(
      [status, headers.get('cache-control'), headers.get('access-control-allow-origin'), headers.get('vary')],
      [502, 'no-store', allowed, vary],
    );
    t.match(await answer.json(), { error: { code: 'origin_unreachable' } });
    t.equal(await (await ask(target, { method: 'HEAD' })).text(), '');
  }
});
