import { PassThrough, Readable } from 'node:stream';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { ClientLeft } from '../../src/errors.ts';
import { createUploadStore } from '../../src/uploads/upload-store.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';
import { keysOf } from '../support/uploads.ts';

const signal = new AbortController().signal;
const OBJECT = { type: 'image/png', cacheControl: 'private', metadata: { width: '1' } };

async function start(t: Test, prefix = '') {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  useS3(t, s3);
  const place = { bucket: s3.bucket, prefix };
  const store = createUploadStore({ ...place, forcePathStyle: true, browserEndpoint: 'https://s3.example' });
  t.teardown(() => store.close());
  return { s3, store };
}

t.test('objects lie below the prefix, and are known by their keys there', async (t) => {
  const { s3, store } = await start(t, 'a b/c');
  await store.write('tmp/x', Readable.from([Buffer.from('hello')]), 'text/plain', signal);
  t.same(await keysOf(s3), ['a b/c/tmp/x']);
  t.match(await store.head('tmp/x', signal), { type: 'text/plain', bytes: 5, metadata: {} });
  const { ETag: etag = '' } = await s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: 'a b/c/tmp/x' }));
  t.equal(await store.copy('tmp/x', etag, 'files/x', OBJECT, signal), etag);
  t.match(await store.head('files/x', signal), { type: 'image/png', bytes: 5, metadata: { width: '1' } });
  await store.remove('tmp/x', signal);
  await store.remove('tmp/x', signal);
  t.equal(await store.head('tmp/x', signal), undefined);
  t.equal(await store.copy('tmp/x', etag, 'files/y', OBJECT, signal), undefined);
  t.match(await store.presign.get('files/x', 60), /^https:\/\/s3\.example\/.+\/a%20b\/c\/files\/x\?.*X-Amz-Expires=60/);
});

t.test('what a store refuses is trouble of ours, and none of the client’s', async (t) => {
  const { s3, store } = await start(t);
  const cases: readonly [number, string][] = [
    [400, 'source_failed'],
    [403, 'source_failed'],
    [416, 'source_failed'],
    [501, 'source_failed'],
    [503, 'source_unavailable'],
  ];
  for (const [status, code] of cases) {
    s3.fault = (_req, res) => {
      res.writeHead(status).end();
      return true;
    };
    const body = Readable.from([Buffer.from('x')]);
    const message = status === 403 ? /s3:ListBucket for what is missing$/ : /^s3:\/\//;
    await t.rejects(store.head('a', signal), { code, message }, `HEAD ${status}`);
    await t.rejects(store.copy('a', '"x"', 'b', OBJECT, signal), { code }, `copy ${status}`);
    await t.rejects(store.remove('a', signal), { code }, `DELETE ${status}`);
    await t.rejects(store.write('a', body, 'text/plain', signal), { code }, `PUT ${status}`);
  }
});

t.test('who leaves ends what is asked for, and leaves nothing', async (t) => {
  const { s3, store } = await start(t);
  for (const size of [5, 6_000_000]) {
    const leaving = new AbortController();
    const body = new PassThrough({ highWaterMark: 10_000_000 });
    body.write(Buffer.alloc(size));
    const written = store.write('a', body, 'text/plain', leaving.signal);
    leaving.abort(new ClientLeft());
    await t.rejects(written, ClientLeft);
    t.ok(body.destroyed);
    t.same(await keysOf(s3), []);
    await t.rejects(store.head('a', leaving.signal), ClientLeft);
  }
});

t.test('a body that breaks off is the client’s, and leaves nothing', async (t) => {
  const { s3, store } = await start(t);
  const body = new PassThrough();
  body.write('half');
  const written = store.write('a', body, 'text/plain', signal);
  body.destroy(new Error('Unexpected end of form'));
  await t.rejects(written, { code: 'bad_upload' });
  t.same(await keysOf(s3), []);
});
