import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { folderTag, objectTag } from '../../src/cache/tags.ts';
import { transform } from '../../src/transform/transform.ts';
import { temporaryFolder } from '../support/cache-entries.ts';
import { jpeg, png } from '../support/pictures.ts';
import { type Answer, ask, type Service, startOverS3, startService } from '../support/service.ts';
import { deferred, until } from '../support/waiting.ts';

const TOKEN = 'a-token-of-enough-length';
const env = { PURGE_TOKEN: TOKEN };
/** In place of a header's value: the header is left out. */
const NONE = 'none';

/** `POST /purge` with this body, as it is. */
async function post(
  { managementUrl }: Service,
  body: string | Buffer,
  headers: Record<string, string> = {},
  path = '/purge',
): Promise<Answer> {
  const all = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== NONE));
  return await new Promise((resolve, reject) => {
    const req = request(new URL(path, managementUrl), { method: 'POST', headers: sent, agent: false }, (res) => {
      buffer(res).then((bytes) => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: bytes }), reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

const purge = (service: Service, order: object) => post(service, JSON.stringify(order));

const jsonOf = ({ body }: Answer) => JSON.parse(body.toString()) as Record<string, unknown>;

const errorOf = (answer: Answer) => jsonOf(answer).error as { readonly code: string; readonly message: string };

const widthOf = async (service: Service, target: string) => {
  const { body, status } = await service.get(target);
  return status === 200 ? body.length : status;
};

t.test('an overwritten object is new at once, by its key, a folder or a tag', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  const orders: readonly object[] = [
    { keys: ['a/b.jpg'] },
    { prefixes: ['a/'] },
    { prefixes: ['/'] },
    { tags: [objectTag('a/b.jpg')] },
    { tags: [folderTag('a/')] },
  ];
  for (const [index, order] of orders.entries()) {
    await s3.put('a/b.jpg', await jpeg(100, 80 + index));
    const first = await service.get('/a/b.jpg?w=50');
    t.match(first.headers, { 'cache-status': 'lambent; fwd=miss' });
    await service.get('/a/b.jpg?w=40');
    await s3.put('a/b.jpg', await jpeg(200, 20 + index));
    const before = await service.get('/a/b.jpg?w=50');
    t.ok(before.body.equals(first.body), 'believed to be the same for a minute');
    const answer = await purge(service, order);
    t.match(
      { status: answer.status, headers: answer.headers },
      { status: 200, headers: { 'cache-control': 'no-store' } },
    );
    t.same(jsonOf(answer), { variants: 2, store: 'none', replicas: 'none', cdn: 'none' });
    const after = await service.get('/a/b.jpg?w=50');
    t.match(after.headers, { 'cache-status': /fwd=miss/ });
    t.notOk(after.body.equals(first.body), JSON.stringify(order));
    t.not(after.headers.etag, first.headers.etag);
    await purge(service, { keys: ['a/b.jpg'] });
  }
});

t.test('others are left alone', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  for (const key of ['a/b.jpg', 'a/c.jpg', 'b.jpg']) await s3.put(key, await jpeg(100, 80));
  for (const key of ['a/b.jpg', 'a/c.jpg', 'b.jpg']) await service.get(`/${key}?w=50`);
  t.match(jsonOf(await purge(service, { keys: ['a/b.jpg', 'unknown.jpg'] })), { variants: 1 });
  const requests = s3.requests.length;
  for (const key of ['a/c.jpg', 'b.jpg'])
    t.match(await service.get(`/${key}?w=50`), { headers: { 'cache-status': 'lambent; hit' } });
  t.equal(s3.requests.length, requests);
});

t.test('an object that was missing is there at once', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  t.equal(await widthOf(service, '/a.jpg?w=10'), 404);
  await s3.put('a.jpg', await jpeg(100, 80));
  t.equal(await widthOf(service, '/a.jpg?w=10'), 404);
  await purge(service, { keys: ['a.jpg'] });
  t.match(await service.get('/a.jpg?w=10'), { status: 200 });
});

t.test('an object that was removed is gone at once, also when the source is down after that', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  await s3.put('a.jpg', await jpeg(100, 80));
  await service.get('/a.jpg?w=10');
  await s3.remove('a.jpg');
  t.match(await service.get('/a.jpg?w=10'), { status: 200 });
  await purge(service, { keys: ['a.jpg'] });
  s3.fault = (_request, response) => {
    response.writeHead(500).end();
    return true;
  };
  t.equal((await service.get('/a.jpg?w=10')).status, 502);
  s3.fault = undefined as never;
  t.equal((await service.get('/a.jpg?w=10')).status, 404);
});

t.test('who waits for a picture while it is purged gets it, and nobody keeps it', async (t) => {
  const held = { until: Promise.resolve() };
  const begun = deferred();
  const released = deferred();
  const { s3, service } = await startOverS3(t, {
    env,
    parts: {
      async transform(original, plan) {
        begun.resolve();
        await held.until;
        return await transform(original, plan);
      },
    },
  });
  await s3.put('a.jpg', await jpeg(100, 80), { expires: new Date('2030-01-01') });
  held.until = released.promise;
  const waiting = service.get('/a.jpg?w=10');
  await begun.promise;
  await purge(service, { keys: ['a.jpg'] });
  released.resolve();
  t.match(await waiting, { status: 200, headers: { 'cache-control': 'no-store', expires: undefined } });
  const after = await service.get('/a.jpg?w=10');
  t.match(after.headers, { 'cache-status': 'lambent; fwd=miss', expires: /2030/ });
});

t.test('a purge that is under way ends with the process, and says what it has not done', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { ...env, CACHE_STORE: 's3://no-such-bucket-here' } });
  s3.requests.reset();
  const purging = purge(service, { keys: ['a.jpg'] });
  await until(() => s3.requests.length > 0);
  await service.app.stop();
  const answer = await purging;
  t.equal(answer.status, 503);
  t.match(jsonOf(answer), { store: 'failed', replicas: 'failed', cdn: 'none' });
});

t.test('without the token it is 401, and nothing is purged', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  await s3.put('a.jpg', await jpeg(100, 80));
  await service.get('/a.jpg?w=10');
  const order = JSON.stringify({ keys: ['a.jpg'] });
  const inAnyCase = { authorization: `bEaReR  ${TOKEN}` };
  t.equal((await post(service, '{}', inAnyCase)).status, 400, 'but its scheme is in any case');
  for (const authorization of [
    '',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    TOKEN,
    `Basic ${TOKEN}`,
    'Bearer ',
  ]) {
    const answer = await post(service, order, { authorization });
    t.match(
      { status: answer.status, headers: answer.headers, error: errorOf(answer) },
      {
        status: 401,
        headers: { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' },
        error: { code: 'unauthorized' },
      },
    );
    t.notOk(answer.body.includes(TOKEN.slice(0, 8)));
  }
  t.match(await service.get('/a.jpg?w=10'), { headers: { 'cache-status': 'lambent; hit' } });
  t.notOk(JSON.stringify(service.log).includes(TOKEN), 'no log has it');
});

const MALFORMED: readonly [name: string, body: string | Buffer, headers: Record<string, string>, message: RegExp][] = [
  ['no JSON', '{', {}, /JSON/],
  ['nothing', '', {}, /body/],
  ['another type', 'keys=a.jpg', { 'content-type': 'application/x-www-form-urlencoded' }, /Unsupported Media Type/],
  ['no type', '{"keys":["a.jpg"]}', { 'content-type': NONE }, /Unsupported Media Type/],
  ['another field', '{"keys":["a.jpg"],"prefix":["a/"]}', {}, /got "prefix"/],
  ['a bad key beside a good one', '{"keys":["a.jpg","../b.jpg"]}', {}, /"keys", item 1: expected no .*"\.\."/],
  ['no array', '{"keys":"a.jpg"}', {}, /"keys": expected an array/],
  ['a prototype', '{"__proto__":{"keys":["a.jpg"]},"keys":["a.jpg"]}', {}, /JSON/],
  ['too much', Buffer.alloc(9 * 1024 * 1024, ' '), {}, /too large/],
];

t.test('a body that is no order is 400, says why, and nothing is purged', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  await s3.put('a.jpg', await jpeg(100, 80));
  await service.get('/a.jpg?w=10');
  for (const [name, body, headers, message] of MALFORMED) {
    const answer = await post(service, body, headers);
    t.equal(answer.status, 400, name);
    t.match(errorOf(answer), { code: 'bad_purge', message }, name);
    t.match(answer.headers, { 'cache-control': 'no-store' });
  }
  t.match(await service.get('/a.jpg?w=10'), { headers: { 'cache-status': 'lambent; hit' } });
});

t.test('there is no such route without a token, on the public port, or by another method', async (t) => {
  const without = await startService(t);
  t.equal((await purge(without, { keys: ['a.jpg'] })).status, 404);
  const service = await startService(t, { env });
  t.equal((await ask(service.managementUrl, 'GET', '/purge')).status, 404);
  t.match(errorOf(await ask(service.managementUrl, 'GET', '/purge')), { code: 'no_route' });
  t.equal((await service.send('POST', '/purge')).status, 405, 'a key like any other');
  t.equal((await service.send('POST', '/-/purge')).status, 405);
});

t.test('an order is one line in the log, and counted', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  await s3.put('a.jpg', await jpeg(100, 80));
  await purge(service, { keys: ['a.jpg', 'b.jpg'], prefixes: ['c/'] });
  t.match(
    service.log.find(({ msg }) => msg === 'purged'),
    { keys: 2, prefixes: 1, tags: 0, variants: 0, store: 'none' },
  );
  const metrics = (await ask(service.managementUrl, 'GET', '/metrics')).body.toString();
  t.match(metrics, /^lambent_purges_total\{step="memory",outcome="done"\} 1$/m);
});

t.test('two instances with one store: what one purges, the other has forgotten, and the store, too', async (t) => {
  const folder = await temporaryFolder(t);
  const shared = { ...env, CACHE_STORE: pathToFileURL(folder).href, PURGE_PROPAGATION_MS: '100' };
  const { s3, service: one } = await startOverS3(t, { env: shared });
  const two = await startService(t, { env: { ...shared, SOURCE: `s3://${s3.bucket}`, S3_FORCE_PATH_STYLE: 'true' } });
  const orders = { k: { keys: ['k/b.jpg'] }, p: { prefixes: ['p/'] }, t: { tags: [folderTag('t/')] } };
  for (const [folder, order] of Object.entries(orders)) {
    const key = `${folder}/b.jpg`;
    await s3.put(key, await jpeg(100, 80));
    for (const service of [one, two, two]) await service.get(`/${key}?w=10`);
    t.match(await two.get(`/${key}?w=10`), { headers: { 'cache-status': 'lambent; hit' } });
    t.match(jsonOf(await purge(one, order)), { store: 'done', replicas: 'done' });
    // The object is the same, so its variants have the names they had: only a purge makes them anew.
    const statusOf = async (service: Service) => (await service.get(`/${key}?w=10`)).headers['cache-status'];
    let status = await statusOf(two);
    while (status === 'lambent; hit') status = await statusOf(two);
    t.equal(status, 'lambent; fwd=miss', `${folder}: neither from memory nor from the store`);
  }
});

t.test('an object with spaces in its key is purged where it is asked for with plus signs', async (t) => {
  const { s3, service } = await startOverS3(t, { env });
  await s3.put('a b c.jpg', await jpeg(100, 80));
  const targets = ['/a+b+c.jpg?w=10', '/a%20b%20c.jpg?w=10'];
  const before = [];
  for (const target of targets) before.push((await service.get(target)).headers);
  t.equal(before[0]?.['cache-tag'], before[1]?.['cache-tag'], 'by a CDN, too');
  await s3.put('a b c.jpg', await jpeg(200, 80));
  t.match(jsonOf(await purge(service, { keys: ['a b c.jpg'] })), { variants: 2 });
  for (const [index, target] of targets.entries())
    t.not((await service.get(target)).headers.etag, before[index]?.etag, target);
});

t.test('a watermark that is overwritten is new at once', async (t) => {
  const file = path.join(await temporaryFolder(t), 'watermarks.json');
  await writeFile(file, JSON.stringify({ logo: { key: 'marks/logo.png' } }));
  const { s3, service } = await startOverS3(t, { env: { ...env, WATERMARKS_FILE: file } });
  await s3.put('a.jpg', await jpeg(100, 80));
  await s3.put('marks/logo.png', await png(10, 10));
  const before = await service.get('/a.jpg?w=50&wm=logo');
  await s3.put('marks/logo.png', await png(30, 10));
  t.equal((await service.get('/a.jpg?w=50&wm=logo')).headers.etag, before.headers.etag);
  await purge(service, { prefixes: ['marks/'] });
  t.not((await service.get('/a.jpg?w=50&wm=logo')).headers.etag, before.headers.etag);
});
