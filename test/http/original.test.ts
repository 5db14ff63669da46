import { createHash, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { startOverS3, startService } from '../support/service.ts';

const TEXT = '0123456789';

t.test('an original passes as it is stored', async (t) => {
  const { s3, service } = await startOverS3(t);
  const bytes = randomBytes(300_000);
  await s3.put('video/a.mp4', bytes, {
    contentType: 'video/mp4',
    contentDisposition: 'attachment; filename="a.mp4"',
    contentLanguage: 'de',
    metadata: { secret: 'x' },
  });
  const { status, headers, body } = await service.get('/video/a.mp4?utm_source=x&w=');
  t.equal(status, 200);
  t.ok(body.equals(bytes));
  t.match(headers, {
    'content-type': 'video/mp4',
    'content-length': '300000',
    'content-disposition': 'attachment; filename="a.mp4"',
    'content-language': 'de',
    'accept-ranges': 'bytes',
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    'cache-control': /^public, max-age=3600, /,
    'cache-status': 'lambent; fwd=bypass',
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
  });
  t.match(headers, {
    'content-security-policy': undefined,
    'x-amz-meta-secret': undefined,
    'transfer-encoding': undefined,
  });
});

t.test("its own lifetime is kept, and an Expires is not overruled by the service's", async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('own', TEXT, { cacheControl: 'no-cache' });
  await s3.put('expires', TEXT, { expires: new Date('2030-01-02T03:04:05Z') });
  t.equal((await service.get('/own')).headers['cache-control'], 'no-cache');
  const { headers } = await service.get('/expires');
  t.match(headers, { expires: 'Wed, 02 Jan 2030 03:04:05 GMT', 'cache-control': undefined });
});

t.test('markup is put into a sandbox', async (t) => {
  const { s3, service } = await startOverS3(t);
  for (const contentType of ['text/html', 'application/xhtml+xml', 'text/xml', 'image/svg+xml']) {
    await s3.put('a', '<script>alert(1)</script>', { contentType });
    t.match((await service.get('/a')).headers, { 'content-security-policy': /sandbox/, 'content-type': contentType });
  }
});

t.test('ranges', async (t) => {
  const { s3, service } = await startOverS3(t);
  const etag = await s3.put('digits', TEXT, { contentType: 'text/plain' });
  const modified = String((await service.get('/digits')).headers['last-modified']);
  const cases: readonly [Record<string, string>, number, string, string | undefined][] = [
    [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=0-1,4-5' }, 200, TEXT, undefined],
    [{ range: 'bytes=4-2' }, 200, TEXT, undefined],
    [{ range: 'lines=1-2' }, 200, TEXT, undefined],
    [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, TEXT, undefined],
    [{ range: 'bytes=2-4', 'if-range': modified }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200, TEXT, undefined],
  ];
  for (const [headers, status, body, contentRange] of cases) {
    const answer = await service.get('/digits', headers);
    const got = [answer.status, answer.body.toString(), answer.headers['content-range']];
    t.same(got, [status, body, contentRange], JSON.stringify(headers));
    t.equal(answer.headers['content-length'], String(body.length));
  }
  t.match(await service.get('/digits', { range: 'bytes=10-' }), {
    status: 416,
    headers: { 'cache-control': 'no-store' },
  });
});

t.test('a range beyond the object says how long it is', async (t) => {
  const service = await startService(t);
  const { size } = await stat(new URL('../../samples/logo.svg', import.meta.url));
  t.match(await service.get('/logo.svg', { range: `bytes=${size}-` }), {
    status: 416,
    headers: { 'content-range': `bytes */${size}` },
  });
});

t.test('conditions and HEAD cost one byte of the object', async (t) => {
  const { s3, service } = await startOverS3(t);
  const etag = await s3.put('digits', TEXT, { contentType: 'text/plain', cacheControl: 'max-age=5' });
  await s3.put('empty', '', { contentType: 'text/plain' });
  const { headers } = await service.get('/digits');
  const modified = String(headers['last-modified']);
  for (const condition of [
    { 'if-none-match': etag },
    { 'if-none-match': `"x", W/${etag}` },
    { 'if-modified-since': modified },
  ]) {
    s3.requests.reset();
    const answer = await service.get('/digits', condition);
    t.match(answer, { status: 304, headers: { etag, 'cache-control': 'max-age=5', 'last-modified': modified } });
    t.equal(answer.headers['content-type'], undefined);
    t.same(
      s3.requests.map((entry) => entry.headers.range),
      ['bytes=0-0'],
    );
  }
  t.match(await service.get('/digits', { 'if-none-match': '"other"' }), { status: 200, body: Buffer.from(TEXT) });
  for (const [key, length] of [
    ['digits', '10'],
    ['empty', '0'],
  ] as const) {
    const answer = await service.send('HEAD', `/${key}`);
    t.match(answer, { status: 200, headers: { 'content-length': length, 'content-type': 'text/plain' } }, key);
    t.equal(answer.body.length, 0);
  }
  t.equal((await service.get('/empty')).status, 200);
});

t.test('names of every kind reach the source as they are meant', async (t) => {
  const { s3, service } = await startOverS3(t);
  const cases: readonly [string, string][] = [
    ['/a%20b.jpg', 'a b.jpg'],
    ['/a+b.jpg', 'a+b.jpg'],
    ['/a%2Bb.jpg', 'a+b.jpg'],
    ['/a%252Bb.jpg', 'a%2Bb.jpg'],
    ['/caf%C3%A9.jpg', 'caf\u00e9.jpg'],
    ['/cafe%CC%81.jpg', 'cafe\u0301.jpg'],
    ['/%F0%9F%98%80.jpg', '\u{1F600}.jpg'],
    ['/folder%2Fa.jpg', 'folder/a.jpg'],
  ];
  for (const [target, key] of cases) {
    await s3.put(key, key);
    t.equal((await service.get(target)).body.toString(), key, target);
  }
  await s3.put('summer 2024.jpg', 'spaces');
  t.equal((await service.get('/summer+2024.jpg')).body.toString(), 'spaces');
});

t.test('an original of any size passes without being held, and stops with its client', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_SOURCE_BYTES: '1KiB', DEADLINE_MS: '60000' } });
  await s3.put('large', Buffer.alloc(30_000_000));
  let open = 0;
  await new Promise<void>((resolve, reject) => {
    const client = request(`${service.url}/large`, { agent: false }, (answer) => {
      t.equal(answer.headers['content-length'], '30000000');
      answer.once('data', () => {
        open = s3.openSockets();
        client.destroy();
      });
      answer.on('error', () => {}).on('close', resolve);
    });
    client.on('error', reject).end();
  });
  while (s3.openSockets() === open) await setImmediate();
  t.equal(s3.openSockets(), open - 1, 'the read at the source has ended');
});
