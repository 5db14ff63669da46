import t from 'tap';
import { createCertificate } from '../support/certificate.ts';
import { countSockets, httpsSource, never, opened, overHttps, resolver } from '../support/https-source.ts';
import { setEnvironment } from '../support/service.ts';
import { startWebServer } from '../support/web-server.ts';

const failed = { name: 'ServiceError', code: 'source_failed' };

t.test('an address that is not allowed is not connected to, however it is written', async (t) => {
  const web = await startWebServer(t);
  const sockets = countSockets(t);
  const here = ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.1.', '0.0.0.0', '[::1]'];
  const embedded = ['[::ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]'];
  for (const host of [...here, ...embedded]) {
    const source = httpsSource(t, web, { url: `https://${host}:${web.port}/`, allowPrivate: false });
    await t.rejects(
      source.open('a', {}, never),
      { ...failed, message: /: AddressRefused: .* has the (private|special) address/ },
      host,
    );
    t.match(await source.check(never), { readable: false, detail: /AddressRefused/ });
  }
  for (const host of ['169.254.169.254', '0.0.0.0', '[::ffff:127.0.0.1]']) {
    const source = httpsSource(t, web, { url: `https://${host}:${web.port}/`, allowPrivate: true });
    await t.rejects(source.open('a', {}, never), { ...failed, message: /no source may have that/ }, host);
  }
  t.same([sockets.made, web.connections], [0, 0], 'no socket was made');
});

t.test('a name with one address that is not allowed is not connected to', async (t) => {
  const web = await startWebServer(t);
  const url = `https://photos.test:${web.port}/`;
  for (const [addresses, allowPrivate] of [
    [['127.0.0.1'], false],
    [['8.8.8.8', '127.0.0.1'], false],
    [['127.0.0.1', '8.8.8.8'], false],
    [['127.0.0.1', '169.254.169.254'], true],
  ] as const) {
    const lookup = resolver(addresses);
    const source = httpsSource(t, web, { url, allowPrivate, lookup });
    await t.rejects(source.open('a', {}, never), { ...failed, message: /AddressRefused: photos\.test has/ });
    t.equal(lookup.asked, 1, 'and not tried again');
  }
  const source = httpsSource(t, web, { url: `https://localhost:${web.port}/`, allowPrivate: false });
  await t.rejects(source.open('a', {}, never), { ...failed, message: /localhost has the private address/ });
  t.equal(web.connections, 0);
});

t.test('what was looked up is what is connected to, and each connection is looked up anew', async (t) => {
  const web = await startWebServer(t);
  web.put('a', 'abc');
  const lookup = resolver(['127.0.0.1'], ['169.254.169.254']);
  const source = httpsSource(t, web, { url: `https://photos.test:${web.port}/`, lookup });
  (await opened(source, 'a')).body.resume();
  t.same([lookup.asked, web.connections], [1, 1], 'one lookup: there is none between the judgement and the connection');
  // The connection breaks; the name has come to mean another machine.
  web.answer = ({ socket }) => void socket.destroy();
  await t.rejects(source.open('a', {}, never), { ...failed, message: /the special address 169\.254\.169\.254/ });
  t.same([lookup.asked, web.connections], [2, 1]);
});

t.test('who has no certificate for the host is asked nothing', async (t) => {
  const web = await startWebServer(t);
  const other = await startWebServer(t, { certificate: createCertificate(['other.test', '127.0.0.2']) });
  // Node.js would verify nothing then, where nothing is said.
  setEnvironment(t, 'NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const cases = [
    ['signed by nobody', httpsSource(t, web, { ca: undefined }), /SELF_SIGNED/],
    ['another address', httpsSource(t, other), /ERR_TLS_CERT_ALTNAME_INVALID/],
    [
      'another name',
      httpsSource(t, other, { url: `https://photos.test:${other.port}/`, lookup: resolver(['127.0.0.1']) }),
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
  ] as const;
  for (const [name, source, message] of cases)
    await t.rejects(source.open('a', {}, never), { ...failed, message }, name);
  t.same([web.requests.length, other.requests.length], [0, 0]);
});

t.test('redirects are not followed unless it is said', async (t) => {
  const { web, source } = await overHttps(t);
  for (const status of [301, 302, 303, 307, 308]) {
    web.answer = (_, response) => void response.writeHead(status, { location: '/elsewhere' }).end();
    web.requests.length = 0;
    const message = `${web.origin} answers ${status} to ${web.origin}; SOURCE_REDIRECTS is 0.`;
    await t.rejects(source.open('a', {}, never), { ...failed, message });
    t.equal(web.requests.length, 1);
  }
});

t.test('redirects are followed as far as is said, by https to any allowed address', async (t) => {
  const certificate = createCertificate(['127.0.0.1']);
  const { web, source } = await overHttps(t, { certificate, redirects: 2 });
  const away = await startWebServer(t, { certificate });
  away.put('photo', 'elsewhere');
  const to = (locations: Readonly<Record<string, string | undefined>>) => {
    web.requests.length = 0;
    web.answer = ({ url = '' }, response) => {
      const location = locations[url];
      if (url === '/end?signed=1') response.writeHead(200, { 'content-length': '3', etag: '"one"' }).end('abc');
      else response.writeHead(302, location === undefined ? {} : { location }).end();
    };
    return source.open('a', { ifNoneMatch: '"two"', range: 'bytes=0-9' }, never);
  };
  const end = `${web.origin}/end?signed=1#part`;
  t.match(await to({ '/originals/a': 'b', '/originals/b': end }), { status: 'opened', length: 3 });
  t.match(web.requests[2], { url: '/end?signed=1', headers: { 'if-none-match': '"two"', range: 'bytes=0-9' } });
  t.match(await to({ '/originals/a': `${away.origin}/photo` }), { length: 9 }, 'at another host');
  t.equal(away.requests[0]?.headers.host, `127.0.0.1:${away.port}`);
  await t.rejects(to({ '/originals/a': 'b', '/originals/b': 'c', '/originals/c': end }), {
    ...failed,
    message: /answers 302 to https:\/\/127\.0\.0\.1:\d+; SOURCE_REDIRECTS is 2\.$/,
  });
  t.equal(web.requests.length, 3, 'two redirects and no more');
  await t.rejects(to({ '/originals/a': 'a' }), failed, 'in a circle');
  const nowhere = [
    undefined,
    'http://127.0.0.1/',
    'https://user:pass@127.0.0.1/',
    'https://user@127.0.0.1/',
    'https://:99999',
    'file:///etc/passwd',
  ];
  for (const location of nowhere) {
    const message = /answers 302 to no https:\/\/ URL; SOURCE_REDIRECTS is 2\.$/;
    await t.rejects(to({ '/originals/a': location }), { ...failed, message }, `to ${location}`);
  }
});

t.test('a redirect to an address that is not allowed is not followed', async (t) => {
  const { web, source } = await overHttps(t, { redirects: 5 });
  const sockets = countSockets(t);
  for (const host of ['169.254.169.254', '[::ffff:127.0.0.1]', '0x0', '2852039166', '[fe80::1]']) {
    web.answer = (_, response) => void response.writeHead(302, { location: `https://${host}:${web.port}/` }).end();
    await t.rejects(source.open('a', {}, never), { ...failed, message: /AddressRefused/ }, host);
  }
  t.ok(web.connections > 0);
  t.equal(sockets.made, web.connections, 'all of them to who sent the redirect');
});

t.test('redirects do not lead to any number of hosts at the same time', async (t) => {
  const certificate = createCertificate(['127.0.0.1']);
  const { web, source } = await overHttps(t, { certificate, redirects: 1 });
  const others = await Promise.all(Array.from({ length: 17 }, () => startWebServer(t, { certificate })));
  web.answer = ({ url = '' }, response) => {
    const { origin } = others[Number(url.split('/').at(-1))] ?? web;
    response.writeHead(302, { location: `${origin}/a` }).end();
  };
  for (const other of others) {
    // Never ends: the connection is there for as long as the test.
    other.answer = (_, response) => void response.writeHead(200, { 'content-length': '9', etag: '"one"' }).write('abc');
  }
  for (let host = 0; host < 16; host++) await opened(source, String(host));
  await t.rejects(source.open('16', {}, never), { ...failed, message: /UND_ERR_MAX_ORIGINS_REACHED/ });
  t.equal(others[16]?.connections, 0);
});
