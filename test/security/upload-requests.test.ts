import { HeadObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { verifyReceipt } from '../../src/uploads/receipt.ts';
import {
  CONTENT_TYPES,
  HOSTILE_BODIES,
  HOSTILE_NAMES,
  ORDER,
  STEPS,
  STRANGE_NAMES,
} from '../support/hostile-uploads.ts';
import { jpeg } from '../support/pictures.ts';
import { sendRaw } from '../support/raw-http.ts';
import { identityToken, startUploads, UPLOADS_KEYS } from '../support/uploads.ts';

const photo = await jpeg(40, 30);

/** Sends these headers as they are, and what is given of a body, however long it is said to be. */
async function askRaw(url: string, what: string, headers: Readonly<Record<string, string>>, body = '') {
  const lines = Object.entries({ host: 'x', connection: 'close', ...headers }).map(
    ([name, value]) => `${name}:${value}`,
  );
  const text = await sendRaw(url, [`${what} HTTP/1.1`, ...lines, '', body].join('\r\n'));
  return { status: Number(text.slice(9, 12)), text };
}

t.test('T25 JSON body tricks: what is not exactly an announcement is refused in words that say why', async (t) => {
  const { call, s3 } = await startUploads(t);
  for (const [body, message] of HOSTILE_BODIES) {
    const { status, json } = await call('POST', '/-/uploads', { as: 'ann', body });
    t.match([status, json.error], [400, { code: 'bad_upload', message }], body.slice(0, 100));
  }
  t.same(s3.requests, []);
  t.equal(Reflect.get({}, 'private'), undefined);
  t.equal((await call('POST', '/-/uploads', { as: 'ann', body: ORDER })).status, 201);
});

t.test('T25: whatever a body is called, it is checked or not read', async (t) => {
  const { service } = await startUploads(t);
  const authorization = ` Bearer ${await identityToken('ann')}`;
  const send = (order: object, type: string | undefined) => {
    const body = JSON.stringify(order);
    const headers = {
      authorization,
      'content-length': String(body.length),
      ...(type !== undefined && { 'content-type': type }),
    };
    return askRaw(service.url, 'POST /-/uploads', headers, body);
  };
  for (const [type, isJson] of CONTENT_TYPES) {
    t.equal((await send(ORDER, type)).status, isJson ? 201 : 400, `${type}`);
    for (const wrong of [
      { ...ORDER, size: '1000' },
      { ...ORDER, private: 'true' },
    ])
      t.equal((await send(wrong, type)).status, 400, `${type}`);
  }
  t.match((await send(ORDER, 'text/plain')).text, /Unsupported Media Type/, 'and not as a text either');
});

t.test('T25: of tokens there are as many as can be looked at, and nothing else', async (t) => {
  const { call, s3 } = await startUploads(t);
  const [count, one] = [/^expected "token", or "tokens" with an array of 1 to 100 of them$/, /^"token": expected what/];
  const cases: readonly (readonly [body: unknown, message: RegExp])[] = [
    [{}, count],
    [{ tokens: [] }, count],
    [{ tokens: Array(101).fill('x') }, count],
    [{ tokens: 'x' }, count],
    [{ tokens: { length: 1, 0: 'x' } }, count],
    [{ token: 'x', tokens: ['x'] }, count],
    [{ tokens: ['x', 7] }, one],
    [{ tokens: [['x']] }, one],
    [{ tokens: [null] }, one],
    [{ token: '' }, one],
    [{ token: 7 }, one],
    [{ token: null }, one],
    [{ token: 'x'.repeat(4_097) }, one],
  ];
  for (const [method, target] of STEPS) {
    for (const [body, message] of cases) {
      const { status, json } = await call(method, target, { as: 'ann', body });
      t.match(
        [status, json.error],
        [400, { code: 'bad_upload', message }],
        `${method} ${target} ${JSON.stringify(body).slice(0, 50)}`,
      );
    }
  }
  t.same(s3.requests, []);
  t.equal(
    (await call('POST', '/-/uploads/confirm', { as: 'ann', body: { tokens: Array(100).fill('x') } })).status,
    200,
  );
});

const ROUTES = [
  'POST /-/uploads',
  'POST /-/uploads/confirm',
  'POST /-/uploads/confirm?status',
  'POST /-/uploads/ckeditor',
  'DELETE /-/uploads',
  'DELETE /-/uploads?key=files/ann/a.jpg',
  'GET /-/uploads/url?key=files/ann/a.jpg',
];

t.test('T25: who is nobody, or asks too often, is told before a body is waited for', async (t) => {
  const { service, s3 } = await startUploads(t, { env: { UPLOADS_PER_MINUTE: '2' } });
  // Promised, and never sent.
  const promised = [{ 'content-length': '400000' }, { 'transfer-encoding': 'chunked' }];
  for (const what of ROUTES) {
    for (const length of promised) {
      for (const type of ['application/json', 'multipart/form-data; boundary=x']) {
        const { status, text } = await askRaw(service.url, what, { ...length, 'content-type': type });
        t.equal(status, 401, what);
        t.match(text, /\r\nwww-authenticate: Bearer\r\n/, what);
        t.match(text, /"code":"unauthorized"/, what);
      }
    }
  }
  const as = async (subject: string) => ({ authorization: ` Bearer ${await identityToken(subject)}` });
  for (let times = 0; times < 2; times++)
    t.equal((await askRaw(service.url, 'POST /-/uploads', await as('ann'))).status, 400);
  for (const what of ROUTES) {
    for (const length of promised) {
      const { status, text } = await askRaw(service.url, what, { ...(await as('ann')), ...length });
      t.equal(status, 429, what);
      t.match(text, /\r\nretry-after: ([1-9]|[1-5][0-9]|60)\r\n/, what);
      t.match(text, /"code":"too_many_requests"/, what);
    }
  }
  t.equal((await askRaw(service.url, 'POST /-/uploads', await as('bob'))).status, 400, 'each for themselves');
  t.same(s3.requests, []);
});

t.test('T26 key injection: a name that is none is refused, and nothing of any other is in a key', async (t) => {
  const { service, call, keys, s3, upload } = await startUploads(t);
  for (const filename of HOSTILE_NAMES) {
    const { status, json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, filename } });
    const message = /^"filename": expected a file name of 1 to 255 characters, without slashes and control characters$/;
    t.match([status, json.error], [400, { code: 'bad_upload', message }], JSON.stringify(filename).slice(0, 50));
  }
  t.same(s3.requests, []);
  const order: string[] = [];
  for (const filename of STRANGE_NAMES) {
    const token = await upload(photo, { filename });
    const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
    t.match([status, json.key], [200, /^files\/ann\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jpg$/], filename);
    t.equal((await verifyReceipt(json.receipt, UPLOADS_KEYS)).name, filename);
    const { Metadata } = await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: json.key }));
    t.equal(Metadata?.name, encodeURIComponent(filename));
    const { headers } = await service.get(json.url);
    t.notOk(headers['content-disposition'] ?? headers['x-amz-meta-name'], filename);
    order.push(json.key);
  }
  t.same(await keys(), order.sort());
});

/** Subjects as somebody's identity provider may have them, or as somebody would like to be called. */
const SUBJECTS = [
  '..',
  '../bob',
  'bob/',
  '/bob',
  'ann/../bob',
  'bob\0',
  'b%6fb',
  'auth0|bob',
  's.bob',
  'b\u00f6b',
  ' bob',
  'B'.repeat(65),
  '__proto__',
];

t.test('T26: whoever somebody is, their folder is one of their own', async (t) => {
  const { call, upload, keys } = await startUploads(t);
  const folders = new Set<string>();
  for (const subject of ['bob', ...SUBJECTS]) {
    const token = await upload(photo, {}, subject);
    const { status, json } = await call('POST', '/-/uploads/confirm', { as: subject, body: { token } });
    t.match(
      [status, json.key],
      [200, /^files\/([A-Za-z0-9_-]{1,64}|s\.[A-Za-z0-9_-]{43})\/[0-9a-f-]{36}\.jpg$/],
      subject,
    );
    folders.add(json.key.split('/')[1]);
    if (subject !== 'bob')
      t.equal((await call('GET', `/-/uploads/url?key=${json.key}`, { as: 'bob' })).status, 403, subject);
  }
  t.equal(folders.size, SUBJECTS.length + 1);
  t.equal((await keys()).length, folders.size);
  const digest = [...folders].find((folder) => folder.startsWith('s.'));
  const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
  t.equal((await call('GET', `/-/uploads/url?key=files/${digest}/${id}.jpg`, { as: `${digest}` })).status, 403);
});
