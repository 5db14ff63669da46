import { symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { watchConnects } from '../support/connects.ts';
import {
  ADDRESSES_AS_KEYS,
  FOREIGN_TARGETS,
  FORGED_HEADERS,
  SPELLINGS,
  TRAVERSALS,
  WAYS_OUT,
} from '../support/hostile-targets.ts';
import { closeServer, listen } from '../support/http-relay.ts';
import { jpeg } from '../support/pictures.ts';
import { sendRaw } from '../support/raw-http.ts';
import { startS3Server } from '../support/s3-server.ts';
import { startOverS3, startService, useS3 } from '../support/service.ts';

const photo = await jpeg(40, 30);

t.test('T01 open proxy: whatever a request names, the one bucket is asked and nobody else', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  const connects = watchConnects(t);
  for (const target of FOREIGN_TARGETS) t.equal((await service.get(target)).status, 400, target);
  for (const method of ['PUT', 'POST', 'PATCH', 'DELETE', 'TRACE']) {
    for (const target of ['/a.jpg', 'http://169.254.169.254/latest/'])
      t.equal((await service.send(method, target, FORGED_HEADERS)).status, 405, `${method} ${target}`);
  }
  t.equal(await sendRaw(service.url, 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n'), '', 'CONNECT');
  t.equal(s3.requests.length, 0, 'nothing was looked up');

  for (const target of ['/a.jpg', '/a.jpg?w=10', '/a.jpg?f=webp'])
    t.equal((await service.get(target, FORGED_HEADERS)).status, 200, target);
  for (const [target] of ADDRESSES_AS_KEYS) await service.get(target);
  const { host } = new URL(s3.endpoint);
  const expected = ['a.jpg', 'a.jpg', ...ADDRESSES_AS_KEYS.map(([, key]) => key)];
  t.same(
    s3.requests.map(({ headers, path, key }) => [headers.host, path.split('/')[1], key]),
    expected.map((key) => [host, s3.bucket, key]),
  );
  t.same(
    connects.filter((place) => !place.startsWith('127.0.0.1:')),
    [],
  );
  t.ok(connects.includes(new URL(service.url).host), 'and connections are seen');
});

t.test('T01 open proxy: where S3 sends us, we do not go', async (t) => {
  const { s3, service } = await startOverS3(t);
  const visits: string[] = [];
  const decoy = createServer((req, res) => {
    visits.push(`${req.method} ${req.url}`);
    res.end();
  });
  const location = await listen(decoy);
  t.teardown(() => closeServer(decoy));
  for (const status of [301, 302, 307, 308]) {
    s3.requests.reset();
    s3.fault = (_req, res) => {
      res.writeHead(status, { location: `${location}/a.jpg`, 'x-amz-bucket-region': 'eu-west-3' });
      const { host } = new URL(location);
      res.end(`<Error><Code>PermanentRedirect</Code><Endpoint>${host}</Endpoint><Bucket>b</Bucket></Error>`);
      return true;
    };
    for (const target of [`/${status}.jpg`, `/${status}.jpg?w=10`]) t.equal((await service.get(target)).status, 502);
    t.equal(s3.requests.length, 2, `${status}: each asked once, and no other region`);
  }
  t.same(visits, []);
});

t.test('T02 prefix escape: what lies beside the prefix is out of reach, in a bucket and in a folder', async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  await s3.put('public/b/a.jpg', photo);
  await s3.put('public-other/a.jpg', 'secret');
  const inBucket = await startService(t, { env: useS3(t, s3, 'public') });
  s3.requests.reset();
  const root = t.testdir({ public: { b: {} }, 'public-other': { 'a.jpg': 'secret' } });
  await writeFile(path.join(root, 'public/b/a.jpg'), photo);
  await symlink('../public-other', path.join(root, 'public/link'));
  const inFolder = await startService(t, { env: { SOURCE: pathToFileURL(path.join(root, 'public')).href } });
  for (const service of [inBucket, inFolder]) {
    t.equal((await service.get('/b/a.jpg')).status, 200);
    for (const target of WAYS_OUT) {
      const { status, body } = await service.get(target);
      t.ok(status === 400 || status === 404, `${target}: ${status}`);
      t.notMatch(body.toString(), /secret/);
    }
  }
  t.ok(s3.requests.length > 1);
  t.same(
    s3.requests.map(({ key }) => key).filter((key) => !key.startsWith('public/') || key.includes('..')),
    [],
  );
});

t.test('T03 traversal, double decode: 400 and no look at S3, or a look under exactly the one key', async (t) => {
  const { s3, service } = await startOverS3(t);
  for (const [target, key] of TRAVERSALS) {
    s3.requests.reset();
    const { status } = await service.get(target);
    t.same([status, ...s3.requests.map((asked) => asked.key)], key === undefined ? [400] : [404, key], target);
  }
});

t.test('T04 encoding confusion: keys arrive byte by byte as they were meant', async (t) => {
  const { s3, service } = await startOverS3(t);
  for (const [target, key] of SPELLINGS) {
    await s3.put(key, key);
    s3.requests.reset();
    t.equal((await service.get(target)).body.toString(), key, target);
    const sent = s3.requests.map((asked) => Buffer.from(asked.key).toString('hex'));
    t.same(sent, [Buffer.from(key).toString('hex')], target);
  }
});

const VARY: readonly (readonly [target: string, vary: string | undefined])[] = [
  ['/a.jpg', undefined],
  ['/a.jpg?w=10', undefined],
  ['/a.jpg?f=webp', undefined],
  ['/a.jpg?f=auto', 'Accept'],
  ['/missing.jpg', undefined],
  ['/missing.jpg?f=auto', 'Accept'],
  ['/a.jpg?w=x', undefined],
  ['/-/x', undefined],
];

t.test('T18 key confusion: who asks changes neither the answer nor the key, and S3 never hears of it', async (t) => {
  const { s3, service } = await startOverS3(t);
  const listed = await startService(t, { env: { ...useS3(t, s3), CORS_ORIGINS: 'https://a.example' } });
  await s3.put('a.jpg', photo);
  s3.requests.reset();
  const askers = [
    {},
    { cookie: 'session=alice' },
    { cookie: 'session=bob', authorization: 'Bearer of-bob', 'proxy-authorization': 'Basic x', 'x-api-key': 'bob' },
  ];
  for (const target of ['/a.jpg', '/a.jpg?w=10', '/missing.jpg']) {
    const answers = [];
    for (const asker of askers) answers.push(await service.get(target, asker));
    const told = answers.map(
      ({ status, headers: { date, 'server-timing': _, 'cache-status': __, ...rest }, body }) => ({
        status,
        rest,
        body,
      }),
    );
    for (const one of told) t.same(one, told[0], target);
  }
  t.equal((await service.get('/a.jpg?w=10', { cookie: 'session=eve' })).headers['cache-status'], 'lambent; hit');
  t.equal(service.transforms(), 1);
  for (const { headers } of s3.requests) {
    t.match(headers.authorization, /^AWS4-HMAC-SHA256 Credential=/);
    t.notMatch(JSON.stringify(headers), /alice|bob|eve/);
  }
  for (const [target, vary] of VARY) {
    t.equal((await service.get(target)).headers.vary, vary, target);
    const own = ['Origin', ...(vary === undefined ? [] : [vary])].join(', ');
    t.equal((await listed.get(target)).headers.vary, own, `${target}, with a list of origins`);
  }
});
