import { GetObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { createPending } from '../../src/uploads/pending.ts';
import { FILE, FOREIGN_KEYS, inSeconds } from '../support/hostile-credentials.ts';
import { FORM_TYPE, formOf, formPart, HTML, isRefusal, placeOf, STEPS } from '../support/hostile-uploads.ts';
import { jpegSegment, withJpegSegments } from '../support/jpeg-blocks.ts';
import { jpeg } from '../support/pictures.ts';
import {
  API_KEY,
  identityToken,
  JWT_SECRET,
  KEY,
  type Permission,
  sendBytes,
  startUploads,
  type UploadsFixture,
} from '../support/uploads.ts';

/** Two pictures of the same length. */
const [photo, other] = (await Promise.all(
  ['one', 'two'].map(async (text) => withJpegSegments(await jpeg(40, 30), [jpegSegment(0xfe, Buffer.from(text))])),
)) as [Buffer, Buffer];
const ORDER = { filename: 'a.jpg', type: 'image/jpeg', size: photo.length };

async function bytesOf({ s3 }: UploadsFixture, key: string): Promise<Buffer> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

t.test('T27 overwrite: who has a URL to send to has it for one key, and once', async (t) => {
  const fixture = await startUploads(t);
  const { call, keys } = fixture;
  const begin = async (as: string, method: string) =>
    (await call('POST', '/-/uploads', { as, body: { ...ORDER, method } })).json;
  const [put, post, own] = [await begin('eve', 'PUT'), await begin('eve', 'POST'), await begin('ann', 'PUT')];
  t.ok((await sendBytes(own, photo)).ok);
  t.equal((await sendBytes(own, other)).status, 412, 'the same URL again');
  const { 'if-none-match': _once, ...rest } = own.headers;
  isRefusal(t, await sendBytes({ ...own, headers: rest }, other), 'the same URL, for any number of times');
  const place = await placeOf(own.token);
  for (const key of [place, place.replace('tmp/', 'files/'), place.replace('tmp/', 'private/'), 'a.jpg']) {
    const elsewhere = put.url.replace(await placeOf(put.token), key);
    isRefusal(t, await sendBytes({ ...put, url: elsewhere }, other), `PUT ${key}`);
    isRefusal(t, await sendBytes({ ...post, fields: { ...post.fields, key } }, other), `POST ${key}`);
  }
  const { headers } = own as Permission;
  for (const method of ['DELETE', 'GET', 'POST', 'HEAD'])
    isRefusal(t, await fetch(own.url, { method, headers: { ...headers } }), method);
  t.same(await keys(), [place]);
  t.strictSame(await bytesOf(fixture, place), photo);
});

t.test(
  'T27: what is confirmed is not replaced: not at the same moment, nor by who sends or confirms again',
  async (t) => {
    const fixture = await startUploads(t);
    const { call, keys } = fixture;
    for (const method of ['PUT', 'POST']) {
      const { json: begun } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
      t.ok((await sendBytes(begun, photo)).ok);
      const confirm = () => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: begun.token } });
      const [first, ...others] = await Promise.all(Array.from({ length: 8 }, confirm));
      t.equal(first?.status, 200);
      for (const { status, json } of others) t.same([status, json], [200, first?.json]);
      t.same(await keys(), [first?.json.key]);
      t.ok((await sendBytes(begun, other)).ok, 'its URL lives on');
      t.same((await confirm()).json, first?.json);
      t.same(
        (await Promise.all([confirm(), confirm()])).map(({ json }) => json),
        [first?.json, first?.json],
      );
      t.strictSame(await bytesOf(fixture, first?.json.key), photo);
      t.equal((await call('DELETE', `/-/uploads?key=${first?.json.key}`, { as: 'ann' })).status, 204);
      await call('DELETE', '/-/uploads', { as: 'ann', body: { token: begun.token } });
    }
  },
);

/** The store is asked to copy twice: before the second time, something is done to what is to be copied. */
function beforeCopies({ s3 }: UploadsFixture, change: () => Promise<unknown>, times = 1): void {
  let copies = 0;
  s3.fault = (req, res) => {
    const isAsked = req.method === 'PUT' && req.headers['x-amz-copy-source'] !== undefined;
    if (!isAsked || copies++ % 2 !== 0 || copies > times * 2) return false;
    void change().then(() => res.writeHead(503).end());
    return true;
  };
}

t.test('T27: what is copied is what was looked at, or nothing', async (t) => {
  const fixture = await startUploads(t);
  const { call, upload, keys, s3 } = fixture;
  const html = Buffer.from(HTML.padEnd(photo.length));
  const confirm = (token: string) => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });

  const gone = await upload(photo);
  const place = await placeOf(gone);
  beforeCopies(fixture, () => s3.remove(place));
  t.match(await confirm(gone), { status: 409, json: { error: { code: 'not_uploaded' } } });
  t.same(await keys(), [], 'removed');

  const spoofed = await upload(photo);
  beforeCopies(fixture, async () => s3.put(await placeOf(spoofed), html));
  t.match(await confirm(spoofed), {
    status: 422,
    json: { error: { code: 'wrong_content', message: /HTML or a script/ } },
  });
  t.same(await keys(), [], 'replaced by HTML');

  const changing = await upload(photo);
  let turn = 0;
  beforeCopies(fixture, async () => s3.put(await placeOf(changing), turn++ % 2 === 0 ? other : photo), 2);
  const first = await confirm(changing);
  const keepsChanging = { error: { code: 'not_uploaded', message: 'The upload keeps changing.' } };
  // A store that compares versions copies nothing; where another one does, the copy is looked at.
  t.match(first.json, first.status === 409 ? keepsChanging : { key: /^files\// });
  t.equal((await keys()).length, 1, 'replaced again and again');
  beforeCopies(fixture, async () => s3.put(await placeOf(changing), other));
  const { status, json } = await confirm(changing);
  t.equal(status, 200, 'replaced by another picture');
  t.same(await keys(), [json.key]);
  t.strictSame(await bytesOf(fixture, json.key), other);
});

t.test('T27: who confirms late does not write over what was confirmed meanwhile', async (t) => {
  const fixture = await startUploads(t);
  const { call, upload, keys, s3 } = fixture;
  const token = await upload(photo);
  const place = await placeOf(token);
  const confirm = () => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  const early: unknown[] = [];
  // Its look is put off until somebody else is done, and other bytes have come.
  s3.fault = (req, res) => {
    if (early.length > 0 || req.method !== 'GET' || !req.url?.includes('/tmp/')) return false;
    early.push(confirm().then(({ json }) => json));
    void Promise.all(early)
      .then(() => s3.put(place, other))
      .then(() => res.writeHead(503).end());
    return true;
  };
  const { status, json } = await confirm();
  t.same([status, json], [200, await early[0]]);
  t.same(await keys(), [json.key]);
  t.strictSame(await bytesOf(fixture, json.key), photo);
});

t.test('T31 confirm outside temp: no key is taken from who confirms', async (t) => {
  const { call, keys, s3, upload } = await startUploads(t);
  const token = await upload(photo);
  await s3.put('a.jpg', photo);
  const before = await keys();
  s3.requests.reset();
  for (const key of ['permanent/x', 'tmp-evil/x', 'tmp/../x', 'a.jpg', await placeOf(token)]) {
    for (const [method, target] of STEPS) {
      for (const body of [{ key }, { token, key }, { tokens: [token], keys: [key] }]) {
        const { status, json } = await call(method, target, { as: 'ann', body });
        t.match([status, json.error], [400, { code: 'bad_upload', message: /^expected/ }], `${target} ${key}`);
      }
      const named = await call(method, target, { as: 'ann', body: { token: key } });
      t.match([named.status, named.json.error.code], [403, 'bad_token'], `${target} ${key}`);
    }
  }
  t.same(s3.requests, []);
  t.same(await keys(), before);
});

t.test('T31: elsewhere a key is one of an own object, or the store hears nothing', async (t) => {
  const { call, s3 } = await startUploads(t, { env: { UPLOADS_PER_MINUTE: '1000' } });
  const own = `key=${encodeURIComponent(`files/ann/${FILE}`)}`;
  for (const [method, target] of [
    ['GET', '/-/uploads/url'],
    ['DELETE', '/-/uploads'],
  ] as const) {
    for (const key of FOREIGN_KEYS) {
      const given = `key=${encodeURIComponent(key)}`;
      const { status, json } = await call(method, `${target}?${given}`, { as: 'ann' });
      const error = { code: 'forbidden', message: 'The key is none of yours.' };
      t.same([status, json.error], [403, error], `${method} ${key}`);
      for (const query of [`${own}&${given}`, `${given}&${own}`]) {
        const twice = await call(method, `${target}?${query}`, { as: 'ann' });
        t.match([twice.status, twice.json.error], [400, { code: 'bad_upload', message: /^"key": .*once$/ }], query);
      }
    }
    for (const query of ['key=', 'key']) t.equal((await call(method, `${target}?${query}`, { as: 'ann' })).status, 400);
  }
  t.same(s3.requests, []);
});

t.test('T31: nothing is served of what waits, in whichever spelling, nor of what is private', async (t) => {
  const paths = [
    `tmp/ann/${FILE}`,
    'tmp/x',
    `%74mp/ann/${FILE}`,
    `%74%6D%70/ann/${FILE}`,
    `tmp%2Fann%2F${FILE}`,
    `tmp%2fann/${FILE}`,
  ];
  const refused = [
    `/tmp/ann/${FILE}`,
    `./tmp/ann/${FILE}`,
    `files/../tmp/ann/${FILE}`,
    `%2e/tmp/ann/${FILE}`,
    `%252e%252e%2f..%2ftmp/${FILE}`,
    `tmp//ann/${FILE}`,
    'tmp/',
  ];
  for (const prefix of ['', 'up/']) {
    const { service, s3 } = await startUploads(t, {
      envOf: ({ bucket }) => ({ UPLOADS_BUCKET: `s3://${bucket}/${prefix}` }),
      env: { SIGNING_KEYS: `s1:${'0c'.repeat(32)}`, SIGNING: 'off' },
    });
    await s3.put(`${prefix}tmp/ann/${FILE}`, photo);
    s3.requests.reset();
    for (const path of paths) {
      for (const query of [
        '',
        '?w=20',
        '?f=auto',
        '?dl=a.jpg',
        `?pending=${createPending([KEY]).valueFor(`${prefix}tmp/ann/${FILE}`, inSeconds(60))}`,
      ]) {
        const target = `/${prefix}${path}${query}`;
        t.equal((await service.get(target)).status, 404, target);
        t.equal((await service.send('HEAD', target)).status, 404, target);
        t.equal((await service.get(target, { range: 'bytes=0-9' })).status, 404, target);
      }
    }
    for (const query of ['', '?w=20', `?sig=${'A'.repeat(43)}`, '?w=20&exp=9999999999'])
      t.equal((await service.get(`/${prefix}private/ann/${FILE}${query}`)).status, 403, `private ${query}`);
    for (const path of refused) t.equal((await service.get(`/${prefix}${path}`)).status, 400, path);
    t.same(s3.requests, [], prefix);
  }
});

/** What of an answer somebody could do something with: signatures, tokens, receipts and policies are long, and of these characters. */
function secretsIn(value: unknown): readonly string[] {
  const long = (JSON.stringify(value) ?? '').match(/[\w+/.-]{43,}/g) ?? [];
  return long.filter((text) => !text.includes('/ann/'));
}

/** Somebody who remembers what must not be found anywhere else. */
async function createWitness({ service, call }: UploadsFixture) {
  const credentials = await identityToken('ann');
  const authorization = `Bearer ${credentials}`;
  const secrets = new Set([credentials, API_KEY, JWT_SECRET, ...['0a', '0b', '0c'].map((byte) => byte.repeat(32))]);
  const note = <T>(answer: T): T => {
    for (const secret of secretsIn(answer)) secrets.add(secret);
    return answer;
  };
  return {
    secrets,
    ask: async (method: string, target: string, body?: unknown) =>
      note((await call(method, target, { authorization, body })).json),
    async edit() {
      const body = new Uint8Array(formOf(formPart({ bytes: photo })));
      const headers = { authorization, 'content-type': FORM_TYPE };
      const answer = await fetch(`${service.url}/-/uploads/ckeditor`, { method: 'POST', headers, body });
      return note(JSON.parse(await answer.text()));
    },
    async beRefused() {
      for (const wrong of [`${authorization}x`, `Bearer ${API_KEY}x`, credentials])
        await call('POST', '/-/uploads', { authorization: wrong, body: ORDER });
    },
  };
}

t.test('T32 secrets in logs: nothing that somebody could send, confirm or read with, whatever happens', async (t) => {
  const fixture = await startUploads(t, {
    env: { SIGNING_KEYS: `s1:${'0c'.repeat(32)}`, SIGNING: 'off', UPLOADS_PER_MINUTE: '1000' },
  });
  const { service, s3 } = fixture;
  const { secrets, ask, edit, beRefused } = await createWitness(fixture);
  const put = await ask('POST', '/-/uploads', { ...ORDER, method: 'PUT' });
  const post = await ask('POST', '/-/uploads', { ...ORDER, private: true });
  for (const permission of [put, post]) t.ok((await sendBytes(permission, photo)).ok);
  const tokens = [put.token, post.token, 'x'];
  const confirm = async () => {
    for (const [method, target] of STEPS.slice(0, 2)) await ask(method, target, { tokens });
    for (const name of ['token', 'access_token', 'pending', 'sig', 'X-Amz-Signature'])
      await ask('POST', `/-/uploads/confirm?${name}=${put.token}`, { token: post.token });
    return await ask('POST', '/-/uploads/confirm', { tokens });
  };
  const { results } = await confirm();
  const plain = await ask('GET', `/-/uploads/url?key=${results[1].key}`);
  const sized = await ask('GET', `/-/uploads/url?key=${results[1].key}&w=20`);
  const { pathname, search } = new URL(plain.url);
  const shown = await edit();
  const read = async () => {
    for (const target of [sized.url, shown.urls.default, `${pathname}${search}`, `/-/uploads/url${search}`])
      await service.get(target);
  };
  await read();
  await beRefused();
  s3.fault = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  await read();
  await confirm();
  await edit();
  const log = JSON.stringify(service.log);
  t.match(log, /"level":20.*"level":30.*"level":40/, 'lines of every kind');
  t.ok(secrets.size > 15, `${secrets.size} secrets`);
  for (const secret of secrets) t.notOk(log.includes(secret), secret);
  t.notMatch(log, /X-Amz-[\w-]+=(?!…)|Bearer |"authorization"/i);
});
