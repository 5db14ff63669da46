import { readFileSync } from 'node:fs';
import t from 'tap';
import { createPending } from '../../src/uploads/pending.ts';
import { identityToken, KEY, startUploads } from '../support/uploads.ts';

const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url));
const WIDTHS = [320, 640, 960, 1280, 1920, 2400];

interface Form {
  readonly bytes?: Uint8Array;
  readonly type?: string;
  readonly name?: string;
  readonly field?: string;
  readonly query?: string;
}

/** Sends a form as the Simple Upload Adapter of CKEditor 5 does. */
async function sendForm(url: string, form: Form = {}) {
  const { bytes = harbour, type = 'image/jpeg', name = 'a.jpg', field = 'upload', query = '' } = form;
  const body = new FormData();
  body.append(field, new Blob([Buffer.from(bytes)], { type }), name);
  const headers = { authorization: `Bearer ${await identityToken('ann')}` };
  const answer = await fetch(`${url}/-/uploads/ckeditor${query}`, { method: 'POST', body, headers });
  return { status: answer.status, json: JSON.parse(await answer.text()) };
}

t.test('an editor is answered final URLs, which show what is pending', async (t) => {
  const { service, call, keys, s3 } = await startUploads(t);
  const { status, json } = await sendForm(service.url);
  t.equal(status, 201);
  t.same(Object.keys(json), ['urls', 'token', 'confirmBefore']);
  t.same(Object.keys(json.urls), [...WIDTHS.map(String), 'default']);
  const [temporary = ''] = await keys();
  const key = temporary.replace('tmp/', 'files/');
  const pending = `pending=${json.confirmBefore}.k1.`;
  t.ok(json.urls.default.startsWith(`/${key}?${pending}`));
  t.ok(json.urls[640].startsWith(`/${key}?w=640&enlarge=0&f=auto&${pending}`));

  const shown = await service.get(json.urls[640], { accept: 'image/webp' });
  t.equal(shown.status, 200);
  t.match(shown.headers, { 'content-type': 'image/webp', 'cache-control': 'private, no-store', vary: 'Accept' });
  t.strictSame((await service.get(json.urls.default)).body, harbour);
  t.match((await service.get(json.urls.default)).headers, { 'cache-control': 'private, no-store' });
  const again = await service.get(json.urls[640], { accept: 'image/webp', 'if-none-match': shown.headers.etag ?? '' });
  t.equal(again.status, 304);
  t.equal((await service.get(`/${key}`)).status, 404, 'to whoever has not been given it');
  t.equal((await service.get(`/${temporary}`)).status, 404);
  t.equal((await service.get(`/${temporary}?w=20`)).status, 404);

  t.equal((await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: json.token } })).status, 200);
  const plain = `/${key}?w=640&enlarge=0&f=auto`;
  t.equal((await service.get(plain)).status, 200);
  s3.requests.reset();
  const kept = await service.get(json.urls[640], { accept: 'image/webp' });
  t.match(kept.headers, { 'cache-control': 'public, max-age=31536000, immutable' });
  await service.get(json.urls[640], { accept: 'image/webp' });
  t.same(
    s3.requests.filter(({ key: asked }) => asked.startsWith('tmp/')).length,
    1,
    'what is gone is not looked for again',
  );
});

t.test('what is pending is shown by its own value alone, and until its end', async (t) => {
  const { service, s3 } = await startUploads(t);
  const file = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg';
  await s3.put(`tmp/ann/${file}`, harbour);
  const pending = createPending([KEY]);
  const soon = Math.floor(Date.now() / 1000) + 60;
  const value = pending.valueFor(`files/ann/${file}`, soon);
  t.equal((await service.get(`/files/ann/${file}?w=20&pending=${value}`)).status, 200);
  for (const other of [
    `/files/bob/${file}?w=20&pending=${value}`,
    `/tmp/ann/${file}?w=20&pending=${value}`,
    `/tmp/ann/${file}?w=20&pending=${pending.valueFor(`tmp/ann/${file}`, soon)}`,
    `/files/ann/x.jpg?w=20&pending=${pending.valueFor('files/ann/x.jpg', soon)}`,
    `/files/ann/${file}?w=20&pending=${pending.valueFor(`files/ann/${file}`, soon - 120)}`,
    `/files/ann/${file}?w=20&pending=${value.slice(0, -1)}`,
    `/files/ann/${file}?w=20&pending=`,
    `/files/ann/${file}?w=20&pending=${value}&pending=${value}`,
    `/files/ann/${file}?w=20`,
  ])
    t.equal((await service.get(other)).status, 404, other);
});

t.test('trouble with what is pending is not taken for its absence', async (t) => {
  const { service, s3 } = await startUploads(t);
  const { json } = await sendForm(service.url);
  s3.fault = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  t.equal((await service.get(json.urls[320])).status, 502);
});

t.test('one URL, for an editor that takes no others', async (t) => {
  const { service } = await startUploads(t);
  const { json } = await sendForm(service.url, { query: '?srcset=0' });
  t.same(Object.keys(json), ['url', 'token', 'confirmBefore']);
  t.equal((await service.get(json.url)).status, 200);
});

t.test('a large picture passes through in parts', async (t) => {
  const { service, call, keys, s3 } = await startUploads(t);
  // What follows a JPEG is nobody's business: 6 MB of it are two parts.
  const { status, json } = await sendForm(service.url, { bytes: Buffer.concat([harbour, Buffer.alloc(6_000_000)]) });
  t.equal(status, 201);
  t.ok(s3.requests.some(({ query }) => query.includes('partNumber=2')));
  const confirmed = await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token: json.token } });
  t.match(confirmed.json, { bytes: harbour.byteLength + 6_000_000, width: 2400 });
  t.same(await keys(), [confirmed.json.key]);
});

t.test('what is no picture is told in words that the editor shows, and not kept', async (t) => {
  const { service, keys } = await startUploads(t, { env: { UPLOADS_MAX_BYTES: '400KiB' } });
  const cases: readonly [Form, number, RegExp][] = [
    [{ bytes: Buffer.from('<html><script>'), type: 'image/png' }, 422, /first bytes/],
    [{ bytes: harbour.subarray(0, 300) }, 422, /damaged/],
    [{ bytes: harbour.subarray(0, 300_000) }, 422, /damaged/],
    [{ bytes: Buffer.alloc(0) }, 422, /empty/],
    [{ type: 'text/html' }, 415, /"type": expected one of/],
    [{ type: 'video/mp4' }, 415, /"type": expected one of/],
    [{ field: 'file' }, 400, /field "upload"/],
    [{ bytes: Buffer.concat([harbour, Buffer.alloc(400 * 1024)]) }, 413, /more bytes/],
  ];
  for (const [form, status, message] of cases) {
    const answer = await sendForm(service.url, form);
    t.equal(answer.status, status);
    t.match(answer.json, { error: { message } });
  }
  t.same(await keys(), []);
});

t.test('what is no form is refused', async (t) => {
  const { call } = await startUploads(t);
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const cases: readonly [string, string, Record<string, string>, RegExp][] = [
    ['JSON', '{}', {}, /multipart/],
    ['nothing', '', headers, /./],
    [
      'no file',
      '--x\r\nContent-Disposition: form-data; name="upload"\r\n\r\ntext\r\n--x--\r\n',
      headers,
      /field "upload"/,
    ],
  ];
  for (const [what, body, given, message] of cases) {
    const answer = await call('POST', '/-/uploads/ckeditor', { as: 'ann', body, headers: given });
    t.equal(answer.status, 400, what);
    t.match(answer.json, { error: { code: 'bad_upload', message } }, what);
  }
});
