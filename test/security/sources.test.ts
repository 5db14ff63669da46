import t from 'tap';
import { countSockets, httpsSource, never, overHttps, resolver } from '../support/https-source.ts';
import { ask, startService } from '../support/service.ts';
import { until } from '../support/waiting.ts';

/** The service over a web server with one picture; what lies beside its base is there, too. */
async function serviceOverHttps(t: Parameters<typeof startService>[0]) {
  const { web, source } = await overHttps(t);
  web.put('originals/a.jpg', 'a picture');
  for (const path of ['secret.jpg', 'originals-private/a.jpg', 'originals.bak']) web.put(path, 'a secret');
  const service = await startService(t, { parts: { source } });
  web.requests.length = 0;
  return { web, service };
}

t.test('T01 open proxy / SSRF: https source is the only host that is asked, whatever a URL says', async (t) => {
  const { web, service } = await serviceOverHttps(t);
  await service.get('/a.jpg');
  const sockets = countSockets(t);
  const before = web.connections;
  const targets = [
    '/http://169.254.169.254/latest/meta-data/',
    '/https:%2f%2fevil.test/x',
    '/%2f%2fevil.test/x',
    '//evil.test/x',
    '/@evil.test/x',
    '/.evil.test/x',
    '/:8443/x',
    '/%3f@evil.test/x',
    '/%23@evil.test/x',
    '/%5c%5cevil.test/x',
    '/a.jpg%3furl=https://evil.test/',
    '/a.jpg?url=https://evil.test/x&src=https://evil.test/x',
  ];
  for (const target of targets) await service.get(target, { connection: 'close' });
  t.ok(web.requests.every(({ headers }) => headers.host === `127.0.0.1:${web.port}`));
  t.ok(
    web.requests.every(({ url }) => /^\/originals\/[A-Za-z0-9._~/%-]+$/.test(url)),
    'no query, no other base',
  );
  // Each request of the test makes a socket of its own; all others are to the one host.
  t.equal(sockets.made - targets.length, web.connections - before);
});

t.test('T01 open proxy / SSRF: https source hears nothing of a client', async (t) => {
  const { web, service } = await serviceOverHttps(t);
  const forged = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-for': '10.0.0.1',
    forwarded: 'host=evil.test',
    cookie: 'session=1',
    authorization: 'Bearer secret',
    'accept-encoding': 'br',
    'user-agent': 'someone',
  };
  t.equal((await service.get('/a.jpg', forged)).status, 200);
  t.match(web.requests, { length: 1 });
  t.same(Object.keys(web.requests[0]?.headers ?? {}).sort(), [
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ]);
  t.equal(web.requests[0]?.headers.host, `127.0.0.1:${web.port}`);
});

t.test('T01 open proxy / SSRF: https source at an address that is not public is not connected to', async (t) => {
  const { web } = await overHttps(t);
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::ffff:127.0.0.1'], ['169.254.169.254']]) {
    const url = `https://photos.test:${web.port}/`;
    const source = httpsSource(t, web, { url, allowPrivate: false, lookup: resolver(addresses) });
    const service = await startService(t, { parts: { source }, ready: false });
    const answer = await service.get('/a.jpg');
    t.match(answer, { status: 502, headers: { 'cache-control': 'no-store' } }, addresses.join(' '));
    t.notMatch(answer.body.toString(), /address|127|169|photos/, 'which is nobody else’s business');
    t.match(await source.check(never), { readable: false, detail: /AddressRefused/ });
  }
  t.equal(web.connections, 0);
});

t.test('T01 open proxy / SSRF: https source at a name of this machine is not ready', async (t) => {
  const { web } = await overHttps(t);
  const env = { SOURCE: `https://localhost:${web.port}/` };
  const service = await startService(t, { env, ready: false });
  let reasons = '';
  await until(async () => {
    reasons = (await ask(service.managementUrl, 'GET', '/readyz')).body.toString();
    return !reasons.includes('not checked yet');
  });
  t.match(reasons, /localhost has the private address .+, and SOURCE_ALLOW_PRIVATE is false/);
  const allowed = await startService(t, { env: { ...env, SOURCE_ALLOW_PRIVATE: 'true' }, ready: false });
  await until(() => allowed.log.some(({ detail }) => String(detail).includes('SELF_SIGNED')));
  t.equal(web.requests.length, 0);
});

t.test('T02 prefix escape: https source is left neither upwards nor sideways', async (t) => {
  const { web, service } = await serviceOverHttps(t);
  const targets = [
    '/../secret.jpg',
    '/%2e%2e/secret.jpg',
    '/%252e%252e/secret.jpg',
    '/..%2fsecret.jpg',
    '/..%5csecret.jpg',
    '/x/../../secret.jpg',
    '/-private/a.jpg',
    '/../originals-private/a.jpg',
    '/.bak',
    '/%2e%2e%2foriginals.bak',
  ];
  for (const target of targets) {
    const { status, body } = await service.get(target);
    t.ok([400, 404].includes(status), `${target}: ${status}`);
    t.notMatch(body.toString(), /a secret/);
  }
  t.ok(
    web.requests.every(({ url }) => url.startsWith('/originals/') && !/%2e/.test(url.replaceAll('%252e', ''))),
    web.requests.map(({ url }) => url).join(' '),
  );
});
