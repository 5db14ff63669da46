import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { png } from '../support/pictures.ts';
import { sendXml } from '../support/s3-xml.ts';
import { startUploads } from '../support/uploads.ts';

const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url));
const HTML = Buffer.from('<html><script>alert(1)</script>'.padEnd(harbour.length));

/** An upload of Ann's whose bytes can be changed at the moment at which they are copied. */
async function start(t: Test) {
  const { s3, call, upload, keys } = await startUploads(t);
  const token = await upload(harbour);
  const [temporary = ''] = await keys();
  const isCopy = ({ method, headers }: IncomingMessage) => method === 'PUT' && 'x-amz-copy-source' in headers;
  const copies = () => s3.requests.filter(({ headers }) => 'x-amz-copy-source' in headers).length;
  return {
    s3,
    temporary,
    permanent: temporary.replace('tmp/', 'files/'),
    keys,
    copies,
    confirm: () => call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } }),
    /** Does something before the store sees a copy, as often as `times`. */
    beforeCopy(work: () => Promise<unknown>, times = 1) {
      s3.fault = (req, res) => {
        if (!isCopy(req) || copies() > times) return false;
        // The store is asked by a request of its own, once that is done.
        work().then(
          () => void res.writeHead(412).end(),
          () => void res.destroy(),
        );
        return true;
      };
    },
    /** Copies whatever is there, as stores do that know no conditions; then `etag` is what it says of the copy. */
    copyAnything(swap: () => Promise<unknown>, etagOf = (etag: string) => etag, times = 1) {
      s3.fault = (req, res) => {
        if (!isCopy(req) || copies() > times) return false;
        const input = {
          Bucket: s3.bucket,
          Key: temporary.replace('tmp/', 'files/'),
          CopySource: `${s3.bucket}/${temporary}`,
          MetadataDirective: 'REPLACE' as const,
          ContentType: String(req.headers['content-type']),
          Metadata: { width: '2400', height: '1600' },
        };
        swap()
          .then(() => s3.client.send(new CopyObjectCommand(input)))
          .then((copied) => sendXml(res, 200, resultOf(etagOf(copied.CopyObjectResult?.ETag ?? ''))));
        return true;
      };
    },
  };
}

function resultOf(etag: string): string {
  return `<CopyObjectResult><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${etag}</ETag></CopyObjectResult>`;
}

t.test('what is replaced between the look and the copy is looked at again', async (t) => {
  const upload = await start(t);
  upload.beforeCopy(() => upload.s3.put(upload.temporary, HTML));
  t.match(await upload.confirm(), { status: 422, json: { error: { code: 'wrong_content' } } });
  t.same(await upload.keys(), []);
});

t.test('what keeps being replaced is not confirmed', async (t) => {
  const upload = await start(t);
  upload.beforeCopy(() => upload.s3.put(upload.temporary, harbour, { metadata: { a: String(Math.random()) } }), 9);
  t.match(await upload.confirm(), { status: 409, json: { error: { message: 'The upload keeps changing.' } } });
  t.same(await upload.keys(), [upload.temporary]);
});

t.test('what vanishes between the look and the copy is not there', async (t) => {
  const upload = await start(t);
  upload.beforeCopy(() => upload.s3.remove(upload.temporary));
  t.match(await upload.confirm(), { status: 409, json: { error: { code: 'not_uploaded' } } });
  t.same(await upload.keys(), []);
});

t.test('a store that copies whatever is there makes nothing permanent that was not looked at', async (t) => {
  const upload = await start(t);
  upload.copyAnything(() => upload.s3.put(upload.temporary, HTML));
  t.match(await upload.confirm(), { status: 422 });
  t.same(await upload.keys(), []);
});

t.test('nor is anything said of another picture', async (t) => {
  const upload = await start(t);
  // Of as many bytes as were announced.
  const other = Buffer.concat([await png(30, 20), Buffer.alloc(harbour.length)]).subarray(0, harbour.length);
  upload.copyAnything(() => upload.s3.put(upload.temporary, other));
  const { status, json } = await upload.confirm();
  t.equal(status, 200);
  t.match(json, { type: 'image/png', width: 30, height: 20 });
  t.equal(upload.copies(), 2);
  t.same(await upload.keys(), [upload.permanent]);
});

t.test('an entity tag that is not of the bytes costs one look more', async (t) => {
  const upload = await start(t);
  upload.copyAnything(
    () => Promise.resolve(),
    () => '0123456789abcdef0123456789abcdef',
  );
  const { status, json } = await upload.confirm();
  t.equal(status, 200);
  t.match(json, { type: 'image/jpeg', width: 2400 });
  t.equal(upload.copies(), 1);
  t.same(
    upload.s3.requests.filter(({ method }) => method === 'GET').map(({ key }) => key),
    [upload.temporary, upload.permanent],
  );
});

t.test('trouble while a copy is looked at is told, and it can be confirmed again', async (t) => {
  const upload = await start(t);
  upload.copyAnything(
    () => Promise.resolve(),
    () => 'other',
  );
  const { fault } = upload.s3;
  upload.s3.fault = (req, res) => {
    if (req.method !== 'GET' || !req.url?.includes('files/')) return fault?.(req, res) ?? false;
    res.writeHead(500).end();
    return true;
  };
  t.equal((await upload.confirm()).status, 502);
  upload.s3.fault = undefined;
  t.equal((await upload.confirm()).status, 200);
});

t.test('a store that does not answer is not waited for longer than for anything else', async (t) => {
  const { call, upload, s3 } = await startUploads(t, { env: { DEADLINE_MS: '300' } });
  const token = await upload(harbour);
  for (const method of ['HEAD', 'GET', 'PUT']) {
    // Held, and ended with the test.
    s3.fault = (req) => req.method === method;
    const { status, json } = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } });
    t.equal(status, 504, method);
    t.equal(json.error.code, 'deadline_exceeded');
  }
});
