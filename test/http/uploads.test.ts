import { readFileSync } from 'node:fs';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { createPending } from '../../src/uploads/pending.ts';
import { verifyReceipt } from '../../src/uploads/receipt.ts';
import { createTokens, type Upload } from '../../src/uploads/tokens.ts';
import { ask, setEnvironment, startService, useS3 } from '../support/service.ts';
import {
  API_KEY,
  callUploads,
  identityToken,
  KEY,
  keysOf,
  sendBytes,
  startUploads,
  UPLOADS_KEYS,
  uploadsEnvironment,
} from '../support/uploads.ts';

const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url));
const ORDER = { filename: 'Hafen ü.jpg', type: 'image/jpeg', size: harbour.byteLength };
const UPLOAD: Omit<Upload, 'expires'> = {
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  subject: 'ann',
  visibility: 'public',
  type: 'image/jpeg',
  size: harbour.byteLength,
  name: 'a.jpg',
};

t.test('a picture that is announced, sent and confirmed has a URL, sizes and a receipt', async (t) => {
  const { service, call, keys, s3 } = await startUploads(t);
  for (const method of ['POST', 'PUT']) {
    const begun = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
    t.equal(begun.status, 201);
    const { token, expires, confirmBefore } = begun.json;
    t.match(begun.json, { method, url: /^http/ });
    t.equal(confirmBefore - expires, 86_400 - 600);
    t.ok(Math.abs(expires - 600 - Date.now() / 1000) < 60, 'in seconds since 1970');
    t.equal((await sendBytes(begun.json, harbour)).ok, true);
    const [temporary = ''] = (await keys()).filter((key) => key.startsWith('tmp/'));
    const [, file = ''] = /^tmp\/ann\/([\w-]{36}\.jpg)$/.exec(temporary) ?? [];
    const key = `files/ann/${file}`;

    const confirmed = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
    t.equal(confirmed.status, 200);
    t.equal(confirmed.headers.get('cache-control'), 'no-store');
    const { receipt, srcset, ...rest } = confirmed.json;
    t.same(rest, { key, url: `/${key}`, width: 2400, height: 1600, type: 'image/jpeg', bytes: harbour.byteLength });
    t.same(
      srcset.split(', '),
      [320, 640, 960, 1280, 1920, 2400].map((width) => `/${key}?w=${width}&enlarge=0&f=auto ${width}w`),
    );
    t.same(await verifyReceipt(receipt, UPLOADS_KEYS), {
      id: file.slice(0, 36),
      subject: 'ann',
      key,
      visibility: 'public',
      type: 'image/jpeg',
      bytes: harbour.byteLength,
      width: 2400,
      height: 1600,
      name: 'Hafen ü.jpg',
    });
    const picture = await service.get(`/${key}?w=320&enlarge=0&f=auto`, { accept: 'image/webp' });
    t.match(picture.headers, { 'content-type': 'image/webp', 'cache-control': 'public, max-age=31536000, immutable' });
    t.strictSame((await service.get(`/${key}`)).body, harbour);
    const stored = await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: key }));
    t.match(stored, { ContentType: 'image/jpeg', Metadata: { name: 'Hafen%20%C3%BC.jpg', width: '2400' } });
  }
  t.equal((await keys()).filter((key) => key.startsWith('files/ann/')).length, 2);
  t.equal((await keys()).length, 2, 'and nothing else');
});

t.test('confirming is once and for all: the same token has the same answer', async (t) => {
  const { call, upload, s3 } = await startUploads(t);
  const token = await upload(harbour);
  const confirm = () => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  const [first, ...others] = await Promise.all([confirm(), confirm(), confirm(), confirm()]);
  t.equal(first?.status, 200);
  for (const other of others) t.same(other.json, first?.json);
  s3.requests.reset();
  t.same((await confirm()).json, first?.json);
  t.same(
    s3.requests.map(({ method }) => method),
    ['HEAD'],
  );
});

t.test('what has not arrived can be waited for, and after its end it is gone', async (t) => {
  const { service, call } = await startUploads(t);
  const { json } = await call('POST', '/-/uploads', { as: 'ann', body: ORDER });
  const body = { token: json.token };
  t.same((await call('POST', '/-/uploads/confirm?status', { as: 'ann', body })).json, { state: 'missing' });
  t.match(await call('POST', '/-/uploads/confirm', { as: 'ann', body }), {
    status: 409,
    json: { error: { code: 'not_uploaded', message: 'Nothing has been uploaded yet.' } },
  });
  const past = await createTokens([KEY]).issue({ ...UPLOAD, expires: Math.floor(Date.now() / 1000) - 1 });
  t.same((await call('POST', '/-/uploads/confirm?status', { as: 'ann', body: { token: past } })).json, {
    state: 'expired',
  });
  t.match(await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: past } }), {
    status: 410,
    json: { error: { code: 'upload_expired' } },
  });
  t.match(service.log.filter(({ error }) => error === 'upload_expired')[0], { status: 410, method: 'POST' });
});

t.test('what was confirmed stays so after the token’s end', async (t) => {
  const { call, s3 } = await startUploads(t);
  await s3.put(`tmp/ann/${UPLOAD.id}.jpg`, harbour);
  const tokens = createTokens([KEY]);
  const token = await tokens.issue({ ...UPLOAD, expires: Math.floor(Date.now() / 1000) + 600 });
  const first = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.equal(first.status, 200);
  const past = await tokens.issue({ ...UPLOAD, expires: 1000 });
  t.same((await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: past } })).json, first.json);
  t.same((await call('POST', '/-/uploads/confirm?status', { as: 'ann', body: { token: past } })).json, {
    state: 'confirmed',
    ...first.json,
  });
});

t.test('many tokens have an answer each, in their order', async (t) => {
  const { call, upload, keys } = await startUploads(t);
  const good = await Promise.all([upload(harbour), upload(harbour), upload(harbour)]);
  const { json: late } = await call('POST', '/-/uploads', { as: 'ann', body: ORDER });
  const tokens = [good[0], 'nonsense', late.token, good[1], await upload(harbour, {}, 'bob')];
  const states = await call('POST', '/-/uploads/confirm?status', { as: 'ann', body: { tokens } });
  t.match(states.json.results, [
    { state: 'uploaded' },
    { error: { code: 'bad_token', status: 403 } },
    { state: 'missing' },
    { state: 'uploaded' },
    { error: { code: 'forbidden', status: 403 } },
  ]);
  const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { tokens } });
  t.equal(status, 200);
  t.match(json.results, [
    { key: /^files\/ann\// },
    { error: { code: 'bad_token', status: 403, message: String } },
    { error: { code: 'not_uploaded', status: 409 } },
    { key: /^files\/ann\// },
    { error: { code: 'forbidden', status: 403 } },
  ]);
  t.same((await keys()).map((key) => key.split('/').slice(0, 2).join('/')).sort(), [
    'files/ann',
    'files/ann',
    'tmp/ann',
    'tmp/bob',
  ]);
});

t.test('who closes without saving takes back what waits, and nothing that is confirmed', async (t) => {
  const { call, upload, keys } = await startUploads(t);
  const [token, kept] = [await upload(harbour), await upload(harbour)];
  await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: kept } });
  const { json } = await call('DELETE', '/-/uploads', { as: 'ann', body: { tokens: [token, kept] } });
  t.same(json.results, [{ state: 'removed' }, { state: 'confirmed' }]);
  t.same((await call('DELETE', '/-/uploads', { as: 'ann', body: { token } })).json, { state: 'removed' }, 'again');
  t.match(await keys(), [/^files\/ann\//]);
  t.equal((await keys()).length, 1);
});

t.test('a film and a document are taken by their first bytes where they are allowed', async (t) => {
  const { service, call, upload } = await startUploads(t, { env: { UPLOADS_TYPES: 'application/pdf,image/png' } });
  const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n');
  const token = await upload(pdf, { filename: 'a.pdf', type: 'application/pdf' });
  const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.equal(status, 200);
  t.match(json.key, /\.pdf$/);
  t.same(Object.keys(json), ['key', 'url', 'type', 'bytes', 'receipt']);
  t.match((await service.get(json.url)).headers, { 'content-type': 'application/pdf' });
  t.equal((await call('POST', '/-/uploads', { as: 'ann', body: ORDER })).json.error.code, 'type_not_allowed');
});

t.test('a picture of another kind than announced is that kind', async (t) => {
  const { call, upload } = await startUploads(t);
  const token = await upload(harbour, { filename: 'a.png', type: 'image/png' });
  const { json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.match(json, { key: /\.png$/, type: 'image/jpeg', width: 2400 });
});

t.test('uploads lie where the source has them, and their URLs are the CDN’s', async (t) => {
  const { service, call, upload, keys } = await startUploads(t, {
    envOf: ({ bucket }) => ({ UPLOADS_BUCKET: `s3://${bucket}/site/up loads`, SOURCE: `s3://${bucket}/site` }),
    env: {
      UPLOADS_PUBLIC_URL: 'https://img.example',
      DEFAULT_OPTIONS: 'f=webp',
      WIDTHS: '400,800',
      UPLOADS_CACHE_CONTROL: 'public, max-age=60',
    },
  });
  const token = await upload(harbour);
  const { json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.match(json.key, /^up loads\/files\/ann\//);
  const path = json.key.replace('up loads', 'up%20loads');
  t.equal(json.url, `https://img.example/${path}`);
  t.equal(json.srcset, [400, 800].map((w) => `https://img.example/${path}?w=${w}&enlarge=0 ${w}w`).join(', '));
  t.same(await keys(), [`site/${json.key}`]);
  t.match((await service.get(`/${path}?w=400`)).headers, {
    'content-type': 'image/webp',
    'cache-control': 'public, max-age=60',
  });
});

t.test('where URLs have to be signed, those that are answered are', async (t) => {
  const { service, call, upload } = await startUploads(t, { env: { SIGNING_KEYS: `s1:${'0c'.repeat(32)}` } });
  const token = await upload(harbour);
  const { json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.equal((await service.get(`/${json.key}`)).status, 403);
  t.equal((await service.get(json.url)).status, 200);
  const [smallest = ''] = json.srcset.split(' ');
  t.equal((await service.get(smallest)).status, 200);
  t.equal((await service.get(smallest.replace('w=320', 'w=321'))).status, 403);
});

t.test('where only presets are served no sizes are named', async (t) => {
  const folder = t.testdir({ 'presets.json': '{ "thumb": "w=20" }' });
  const { call, upload } = await startUploads(t, {
    env: { PRESETS_FILE: `${folder}/presets.json`, PRESETS_ONLY: 'true' },
  });
  const token = await upload(harbour);
  const { json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.same(Object.keys(json), ['key', 'url', 'width', 'height', 'type', 'bytes', 'receipt']);
});

t.test('a browser reaches the store by another address than the service, where that is said', async (t) => {
  const { call } = await startUploads(t, { env: { UPLOADS_S3_ENDPOINT: 'https://s3.example' } });
  for (const method of ['POST', 'PUT']) {
    const { json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
    t.match(json.url, /^https:\/\/s3\.example\//);
  }
});

t.test('a page on another origin may ask, and is answered about pictures as before', async (t) => {
  const { service } = await startUploads(t);
  const asking = {
    origin: 'https://app.example',
    'access-control-request-method': 'DELETE',
    'access-control-request-headers': 'authorization,content-type',
  };
  const preflight = await service.send('OPTIONS', '/-/uploads', asking);
  t.equal(preflight.status, 204);
  t.match(preflight.headers, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
    'access-control-allow-headers': 'Range, Authorization, Content-Type',
  });
  const refused = await service.send('POST', '/-/uploads', { origin: 'https://app.example' });
  t.equal(refused.status, 401);
  t.match(refused.headers, { 'access-control-allow-origin': '*', 'www-authenticate': 'Bearer' });
  t.notOk((await service.get('/none.jpg')).headers.vary, 'one entry at a CDN for all pages');
});

t.test('another method is refused with those that are allowed', async (t) => {
  const { service } = await startUploads(t);
  const put = await service.send('PUT', '/-/uploads');
  t.equal(put.status, 405);
  t.match(put.headers, { allow: 'GET, POST, DELETE, OPTIONS' });
  t.match((await service.send('POST', '/a.jpg')).headers, { allow: 'GET, HEAD, OPTIONS' });
  t.equal((await service.get('/-/uploads/none')).status, 404);
  t.equal((await service.send('POST', '/-/uploadsx')).status, 405);
});

t.test('instances that only show uploads take none in, and show what waits', async (t) => {
  const taking = await startUploads(t);
  const showing = await startService(t, {
    env: {
      ...useS3(t, taking.s3),
      ...uploadsEnvironment(taking.s3),
      UPLOADS_ENDPOINTS: 'false',
      UPLOADS_JWT_SECRET: '',
      UPLOADS_API_KEYS: '',
    },
  });
  t.equal((await callUploads(showing.url, 'POST', '/-/uploads', { as: 'ann', body: ORDER })).status, 405);
  const key = `files/ann/${UPLOAD.id}.jpg`;
  await taking.s3.put(`tmp/ann/${UPLOAD.id}.jpg`, harbour);
  const pending = createPending([KEY]).valueFor(key, Math.floor(Date.now() / 1000) + 60);
  t.equal((await showing.get(`/${key}?pending=${pending}`)).status, 200);
  t.equal((await showing.get(`/${key}`)).status, 404);
});

t.test('steps are counted by what came of them', async (t) => {
  const { service, call, upload } = await startUploads(t);
  const token = await upload(harbour);
  await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  await call('POST', '/-/uploads/confirm', { as: 'bob', body: { token } });
  const metrics = (await ask(service.managementUrl, 'GET', '/metrics')).body.toString();
  for (const line of [
    'lambent_uploads_total{step="begin",outcome="done"} 1',
    'lambent_uploads_total{step="confirm",outcome="done"} 1',
    'lambent_uploads_total{step="confirm",outcome="forbidden"} 1',
  ])
    t.ok(metrics.includes(line), line);
});

t.test('more requests than allowed within a minute are refused, for each subject by itself', async (t) => {
  const { call } = await startUploads(t, { env: { UPLOADS_PER_MINUTE: '2' } });
  const begin = (as: string) => call('POST', '/-/uploads', { as, body: ORDER });
  t.same([(await begin('ann')).status, (await begin('ann')).status], [201, 201]);
  const refused = await begin('ann');
  t.equal(refused.status, 429);
  t.equal(refused.json.error.code, 'too_many_requests');
  t.same(
    [...refused.headers.keys()].filter((name) => name.startsWith('x-ratelimit')),
    [],
  );
  t.match(refused.headers.get('retry-after'), /^([1-9]|[1-5][0-9]|60)$/);
  t.equal((await begin('bob')).status, 201);
});

t.test('a backend uploads by its key, under a name of its own', async (t) => {
  const { call, keys, s3 } = await startUploads(t);
  const authorization = `Bearer ${API_KEY}`;
  const { json } = await call('POST', '/-/uploads', { authorization, body: { ...ORDER, method: 'PUT' } });
  t.equal((await sendBytes(json, harbour)).status, 200);
  const confirmed = await call('POST', '/-/uploads/confirm', { authorization, body: { token: json.token } });
  t.match(confirmed.json, { key: /^files\/shop\// });
  t.same(await keys(), [confirmed.json.key]);
  t.equal(s3.openSockets() < 20, true);
});

t.test('trouble of the store is told as such, and nothing is lost by it', async (t) => {
  const { service, call, upload, s3, keys } = await startUploads(t);
  const token = await upload(harbour);
  const confirm = () => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  for (const [method, prefix] of [
    ['HEAD', 'files/'],
    ['GET', 'tmp/'],
    ['PUT', 'files/'],
  ] as const) {
    s3.fault = (req, res) => {
      if (req.method !== method || !req.url?.includes(prefix)) return false;
      res.writeHead(403).end();
      return true;
    };
    const { status, json, headers } = await confirm();
    t.ok([502, 503].includes(status), `${method} ${status}`);
    t.notMatch(json.error.message, /s3:|tmp|files/);
    t.equal(headers.get('cache-control'), 'no-store');
  }
  s3.fault = (req, res) => {
    if (req.method !== 'DELETE') return false;
    res.writeHead(500).end();
    return true;
  };
  t.equal((await confirm()).status, 200, 'what could not be removed is the lifecycle’s');
  t.match(
    service.log.find(({ msg }) => msg === 'an upload could not be removed'),
    { key: /^tmp\/ann\//, level: 40 },
  );
  t.equal((await keys()).length, 2);
});

t.test('without credentials nothing is permitted, and it is said that it may be later', async (t) => {
  setEnvironment(t, 'AWS_EC2_METADATA_DISABLED', 'true');
  const { call, service } = await startUploads(t, {
    envOf() {
      // Once the bucket is there: the service finds none.
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) setEnvironment(t, name, undefined);
      return {};
    },
    ready: false,
  });
  for (const method of ['POST', 'PUT']) {
    const { status, json, headers } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
    t.equal(status, 503);
    t.equal(json.error.code, 'source_unavailable');
    t.equal(headers.get('retry-after'), '5');
  }
  t.ok(service.log.some(({ reason }) => /Could not load credentials/.test(String(reason))));
});

t.test('of several, what is trouble of ours is told and logged for each', async (t) => {
  const { service, call, upload, s3 } = await startUploads(t);
  const tokens = [await upload(harbour), await upload(harbour)];
  s3.fault = (req, res) => {
    if (req.method !== 'HEAD') return false;
    res.writeHead(500).end();
    return true;
  };
  const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { tokens } });
  t.equal(status, 200);
  t.match(json.results, [
    { error: { code: 'source_failed', status: 502, message: 'The source failed.' } },
    { error: { code: 'source_failed', status: 502 } },
  ]);
  t.equal(service.log.filter(({ msg, code }) => msg === 'failed' && code === 'source_failed').length, 2);
});

t.test('who leaves before there is an answer is not asked for again, and no error', async (t) => {
  const { service, upload, s3 } = await startUploads(t);
  const token = await upload(harbour);
  for (const body of [{ token }, { tokens: [token] }]) {
    const leaving = new AbortController();
    // Held, and ended with the test.
    s3.fault = () => {
      leaving.abort();
      return true;
    };
    const headers = { authorization: `Bearer ${await identityToken('ann')}`, 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: JSON.stringify(body), signal: leaving.signal };
    await t.rejects(fetch(`${service.url}/-/uploads/confirm`, options), { name: 'AbortError' });
  }
  const counted = 'lambent_uploads_total{step="confirm",outcome="client_left"} 2';
  while (!(await ask(service.managementUrl, 'GET', '/metrics')).body.includes(counted));
  t.same(
    service.log.filter(({ level }) => Number(level) >= 40),
    [],
  );
});

t.test('what was asked for too early is there as soon as it is confirmed, also at another instance', async (t) => {
  const { service, call, upload, s3 } = await startUploads(t);
  const other = await startService(t, { env: { ...useS3(t, s3), ...uploadsEnvironment(s3) } });
  const token = await upload(harbour);
  const [temporary = ''] = await keysOf(s3);
  const target = `/${temporary.replace('tmp/', 'files/')}?w=20`;
  const shown = `${target}&pending=${createPending([KEY]).valueFor(target.slice(1, -5), Math.floor(Date.now() / 1000) + 60)}`;
  t.equal((await service.get(target)).status, 404);
  t.equal((await other.get(target)).status, 404);
  t.equal((await other.get(shown)).status, 200);
  t.equal((await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } })).status, 200);
  t.equal((await service.get(target)).status, 200);
  t.equal((await other.get(shown)).status, 200);
  t.equal((await other.get(target)).status, 200);
});
