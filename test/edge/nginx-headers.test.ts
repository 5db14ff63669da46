import { once } from 'node:events';
import { request } from 'node:http';
import t from 'tap';
import { arrivalsAt, startNginx, testsWithNginx } from '../support/nginx.ts';
import { jpeg } from '../support/pictures.ts';
import { type Answer, startOverS3, startService } from '../support/service.ts';

const test = testsWithNginx(t);
const photo = await jpeg(400, 300);

/** Of the connection, of the moment, or nginx's own; it writes the names that it reads itself in another case. */
const OWN = ['connection', 'keep-alive', 'date', 'server', 'server-timing', 'cache-status', 'x-cache'];

function own({ status, headers, body }: Answer): unknown {
  return [status, Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.includes(name))), body];
}

test('status, headers and body are the service’s, of pictures, originals and errors', async (t) => {
  const { s3, service } = await startOverS3(t);
  const nginx = await startNginx(t, service);
  const long = (text: string) => text.padEnd(1000, text.slice(-1));
  await s3.put('a.jpg', photo, {
    cacheControl: long('public, max-age=86400, immutable, x=y'),
    contentDisposition: long('inline; filename=a'),
    contentLanguage: long('en-x'),
    contentType: long('image/jpeg; x=y'),
    expires: new Date('2020-01-01'),
  });
  await s3.put('page.html', '<p>'.repeat(1000), { contentType: 'text/html' });
  for (const target of ['/a.jpg?w=64', '/a.jpg', '/page.html', '/a.jpg?w=x', '/missing?w=64', '/missing', '/-/x']) {
    const headers = { 'accept-encoding': 'gzip', origin: 'https://a.example' };
    const [direct, first, second] = [
      await service.get(target, headers),
      await nginx.get(target, headers),
      await nginx.get(target, headers),
    ];
    t.same(own(first), own(direct), target);
    t.same(own(second), own(direct), target);
    t.equal(first.headers.server, 'nginx');
    const isPassed = target === '/-/x';
    t.same([first.headers['x-cache'], second.headers['x-cache']], isPassed ? [undefined, undefined] : ['MISS', 'HIT']);
  }
});

test('what a browser has is not sent again, and the service not asked', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const later = new Date(Date.now() + 60_000).toUTCString();
  for (const target of ['/harbour.jpg?w=64', '/harbour.jpg']) {
    const { headers } = await nginx.get(target);
    const arrivals = arrivalsAt(service);
    const { etag = '', 'last-modified': modified = '', 'cache-control': lifetime } = headers;
    for (const condition of [
      { 'if-none-match': etag },
      { 'if-none-match': `"x", ${etag.replace('W/', '')}` },
      { 'if-modified-since': modified },
      { 'if-modified-since': later },
    ]) {
      const answer = await nginx.get(target, condition);
      t.match(answer, { status: 304, body: Buffer.alloc(0), headers: { 'cache-control': lifetime, etag } }, target);
    }
    t.equal((await nginx.get(target, { 'if-none-match': '"x"' })).status, 200);
    t.equal(arrivals.length, 0);
  }
});

test('the first to ask gets a 304 as well, and the cache all of it', async (t) => {
  const service = await startService(t);
  const { etag = '' } = (await service.get('/harbour.jpg?w=64')).headers;
  const nginx = await startNginx(t, service);
  t.match(await nginx.get('/harbour.jpg?w=64', { 'if-none-match': etag }), { status: 304 });
  t.match(await nginx.get('/harbour.jpg?w=64'), { status: 200, headers: { 'x-cache': 'HIT' } });
});

test('preflights, other methods and /-/ are the service’s to answer, every time', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  for (const target of ['/harbour.jpg?w=64', '/harbour.jpg']) {
    const preflight = await nginx.send('OPTIONS', target, {
      origin: 'https://a.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'range',
    });
    t.match(preflight, {
      status: 204,
      headers: { 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': 'Range' },
    });
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await nginx.send(method, target);
      t.match(refused, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' }, body: /"method_not_allowed"/ });
    }
  }
  t.match(arrivals[0]?.headers, {
    origin: 'https://a.example',
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'range',
  });
  for (const method of ['GET', 'HEAD', 'GET']) {
    t.match(await nginx.send(method, '/-/x?w=1&y=2'), { status: 404, headers: { 'cache-control': 'no-store' } });
  }
  t.equal(arrivals.at(-1)?.url, '/-/', 'what is there is for nobody who comes through a cache');
  t.equal(arrivals.length, 11);
});

test('a body does not reach the service', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  const errors: Error[] = [];
  service.app.publicApp.server.on('clientError', (error) => void errors.push(error));
  const client = request(`${nginx.url}/harbour.jpg`, { method: 'POST', agent: false });
  client.end('x'.repeat(100));
  const [answer] = await once(client, 'response');
  t.equal(answer.resume().statusCode, 405);
  t.equal(arrivals[0]?.headers['content-length'], undefined);
  t.equal((await nginx.get('/harbour.jpg?w=64')).status, 200);
  t.same(errors, [], 'nor is it taken for the next request');
});

test('the id of a request goes on, so that logs can be joined', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  const idOf = async (target: string, id?: string) => {
    await nginx.get(target, id === undefined ? {} : { 'x-request-id': id });
    return arrivals.at(-1)?.headers['x-request-id'];
  };
  for (const [index, path] of ['/harbour.jpg?w=', '/portrait.jpg?dl=', '/-/'].entries()) {
    t.equal(await idOf(`${path}${index}1`, 'an-id_of=theirs'), 'an-id_of=theirs');
    t.match(await idOf(`${path}${index}2`), /^[0-9a-f]{32}$/);
    t.match(await idOf(`${path}${index}3`, 'not a plain one'), /^[0-9a-f]{32}$/);
  }
});

test('with a list in CORS_ORIGINS, once it is in the configuration', async (t) => {
  const service = await startService(t, { env: { CORS_ORIGINS: 'https://shop.example' } });
  const nginx = await startNginx(t, service, { edits: { '# https://shop.example ': 'https://shop.example ' } });
  const arrivals = arrivalsAt(service);
  for (const target of ['/harbour.jpg?w=64', '/harbour.jpg?dl=x']) {
    for (const [origin, xCache] of [
      ['https://shop.example', 'MISS'],
      ['https://evil.example', 'MISS'],
      ['https://another.example', 'HIT'],
      ['https://shop.example', 'HIT'],
    ] as const) {
      const { headers } = await nginx.get(target, { origin });
      const allowed = origin === 'https://shop.example' ? origin : undefined;
      t.same([headers['access-control-allow-origin'], headers['x-cache']], [allowed, xCache], `${target} ${origin}`);
    }
  }
  t.equal(arrivals.length, 4);
});

test('connections to the service are used again', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  let connections = 0;
  service.app.publicApp.server.on('connection', () => connections++);
  for (let w = 1; w <= 20; w++) await nginx.get(`/harbour.jpg?w=${w}`);
  t.ok(connections <= 2, `${connections} for two workers`);
});
