import { HeadObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { createTokens } from '../../src/uploads/tokens.ts';
import { hostileContents, isRefusal, placeOf } from '../support/hostile-uploads.ts';
import { jpeg, png } from '../support/pictures.ts';
import { KEY, type Permission, sendBytes, startUploads } from '../support/uploads.ts';

const photo = await jpeg(40, 30);
const longer = Buffer.concat([photo, Buffer.of(0)]);
const ORDER = { filename: 'a.jpg', type: 'image/jpeg', size: photo.length };

t.test('T28 size overrun: a permission is for as many bytes as were announced, and for no others', async (t) => {
  const { call, keys } = await startUploads(t);
  for (const method of ['POST', 'PUT']) {
    const { json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
    for (const bytes of [photo.subarray(0, -1), longer, Buffer.alloc(0)]) {
      isRefusal(t, await sendBytes(json, bytes), `${method} ${bytes.length}`);
      t.same(
        (await keys()).filter((key) => key.startsWith('tmp/')),
        [],
        method,
      );
    }
    t.ok((await sendBytes(json, photo)).ok, method);
    const { status, json: confirmed } = await call('POST', '/-/uploads/confirm', {
      as: 'ann',
      body: { token: json.token },
    });
    t.match([status, confirmed.bytes], [200, photo.length], method);
  }
  t.equal((await keys()).length, 2);
});

t.test('T28: a store that takes other bytes than it was told has them taken away again', async (t) => {
  const { call, keys, s3 } = await startUploads(t);
  for (const bytes of [photo.subarray(0, -1), longer, Buffer.alloc(0)]) {
    const { json: begun } = await call('POST', '/-/uploads', { as: 'ann', body: ORDER });
    await s3.put(await placeOf(begun.token), bytes);
    const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: begun.token } });
    const has = bytes.length === 0 ? 'is empty' : `has ${bytes.length} bytes; ${photo.length} were announced`;
    t.same([status, json.error], [422, { code: 'wrong_content', message: `It ${has}.` }]);
    t.same(await keys(), []);
  }
});

t.test('T28: nothing larger than the limits is announced, or confirmed under those of another day', async (t) => {
  const { call, keys, s3 } = await startUploads(t, {
    env: { UPLOADS_TYPES: 'image/jpeg,application/pdf', UPLOADS_MAX_BYTES: '20000', MAX_SOURCE_BYTES: '10000' },
  });
  s3.requests.reset();
  for (const [type, most] of [
    ['image/jpeg', 10_000],
    ['application/pdf', 20_000],
  ] as const) {
    for (const size of [most + 1, 2 ** 40]) {
      const { status, json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, type, size } });
      const message = `"size": expected at most ${most} bytes, got ${size}`;
      t.same([status, json.error], [413, { code: 'upload_too_large', message }]);
    }
    t.equal((await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, type, size: most } })).status, 201);
  }
  t.same(s3.requests, []);
  const bytes = Buffer.concat([photo, Buffer.alloc(10_000)]);
  const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
  const announced = { id, subject: 'ann', visibility: 'public', type: 'image/jpeg', name: 'a.jpg' } as const;
  const token = await createTokens([KEY]).issue({ ...announced, size: bytes.length, expires: 2 ** 32 });
  await s3.put(await placeOf(token), bytes);
  const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
  t.match([status, json.error], [422, { code: 'wrong_content', message: /; of a picture at most 10000 are read\.$/ }]);
  t.same(await keys(), []);
});

t.test(
  'T29 type spoofing: what is no whole picture, or something else besides, is refused and taken away',
  async (t) => {
    const { call, upload, keys } = await startUploads(t);
    for (const { what, type, bytes, message } of await hostileContents()) {
      const token = await upload(bytes, { type });
      const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
      t.match([status, json.error], [422, { code: 'wrong_content', message }], `${what}, ${type}`);
      t.same(await keys(), [], `${what}, ${type}`);
    }
  },
);

const OTHER_TYPES: readonly unknown[] = [
  'image/svg+xml',
  'IMAGE/SVG+XML',
  'text/html',
  'application/xhtml+xml',
  'application/javascript',
  'application/pdf',
  'video/mp4',
  'image/tiff',
  'image/*',
  'image/jpeg; charset=utf-8',
  'image/jpeg,text/html',
  ' image/jpeg',
  'image/jpeg\n',
  'jpeg',
  '',
  'constructor',
  '__proto__',
  'toString',
];

t.test(
  'T29: what is not on the list is not announced, and what was announced is not sent as something else',
  async (t) => {
    const { call, keys, s3 } = await startUploads(t);
    for (const type of OTHER_TYPES) {
      const { status, json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, type } });
      t.match(
        [status, json.error],
        [415, { code: 'type_not_allowed', message: /^"type": expected one of image/ }],
        `${type}`,
      );
    }
    t.same(s3.requests, []);
    for (const method of ['POST', 'PUT']) {
      const { json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, method } });
      const { fields, headers } = json as Permission;
      const asHtml = {
        fields: { ...fields, 'Content-Type': 'text/html' },
        headers: { ...headers, 'content-type': 'text/html' },
      };
      isRefusal(t, await sendBytes({ ...json, ...asHtml }, photo), method);
      t.same(await keys(), [], method);
    }
  },
);

t.test(
  'T29: a confirmed object has the type of its bytes, and nothing else of what was stored with them',
  async (t) => {
    const { service, call, s3 } = await startUploads(t);
    const hostile = {
      contentDisposition: 'inline; filename=a.html',
      contentLanguage: 'x',
      metadata: { name: 'x', evil: 'x' },
    };
    for (const [bytes, type] of [
      [photo, 'image/jpeg'],
      [await png(40, 30), 'image/png'],
    ] as const) {
      const { json } = await call('POST', '/-/uploads', { as: 'ann', body: { ...ORDER, size: bytes.length } });
      await s3.put(await placeOf(json.token), bytes, {
        contentType: 'text/html',
        contentEncoding: 'identity',
        ...hostile,
      });
      const confirmed = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: json.token } });
      t.equal(confirmed.json.type, type);
      const { ContentType, ContentDisposition, ContentEncoding, ContentLanguage, Metadata } = await s3.client.send(
        new HeadObjectCommand({ Bucket: s3.bucket, Key: confirmed.json.key }),
      );
      t.same(
        [ContentType, ContentDisposition, ContentEncoding, ContentLanguage],
        [type, undefined, undefined, undefined],
      );
      t.match(Metadata, { name: 'a.jpg', width: '40', height: '30' });
      t.notOk(Metadata?.evil);
      t.match((await service.get(confirmed.json.url)).headers, {
        'content-type': type,
        'x-content-type-options': 'nosniff',
      });
    }
  },
);
