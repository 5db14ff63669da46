import type { IncomingMessage, ServerResponse } from 'node:http';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { ERRORS } from '../../src/errors.ts';
import { HEADER_NAMES, STORE_HEADERS, UNFIT_VALUES } from '../support/hostile-headers.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { colourAt, jpeg, paint } from '../support/pictures.ts';
import { PROVOKED, provokeAll } from '../support/provoked-errors.ts';
import { type Answer, type Service, setEnvironment, startOverS3, startService } from '../support/service.ts';

const photo = await jpeg(40, 30);

/** One answer of each kind. */
async function everyKind(service: Service): Promise<Readonly<Record<keyof typeof HEADER_NAMES, Answer>>> {
  const original = await service.get('/a.jpg');
  const variant = await service.get('/a.jpg?w=10');
  const unless = ({ headers }: Answer) => ({ 'if-none-match': String(headers.etag) });
  return {
    original,
    part: await service.get('/a.jpg', { range: 'bytes=0-9' }),
    variant,
    'original, not modified': await service.get('/a.jpg', unless(original)),
    'variant, not modified': await service.get('/a.jpg?w=10', unless(variant)),
    missing: await service.get('/missing.jpg'),
    refused: await service.get('/a.jpg?w=x'),
  };
}

const STATUSES = [200, 206, 200, 304, 304, 404, 400];

async function hasNoOtherHeader(t: Test, service: Service, what: string, more: readonly string[] = []): Promise<void> {
  const answers = await everyKind(service);
  t.same(
    Object.values(answers).map(({ status }) => status),
    STATUSES,
    what,
  );
  for (const [kind, { headers }] of Object.entries(answers)) {
    const own = HEADER_NAMES[kind as keyof typeof HEADER_NAMES];
    const added = /^(original|part)$/.test(kind) ? more : [];
    t.same(Object.keys(headers).sort(), [...own, ...added].sort(), `${what}: ${kind}`);
    t.notMatch(JSON.stringify(headers), /evil|somebody|AmazonS3|REQUEST0ID|"sniff"|script|x=1/, `${what}: ${kind}`);
  }
}

/** S3 as it answers, with headers of somebody's choice. */
function answerWith(headers: Readonly<Record<string, string>>) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.includes('/a.jpg')) return false;
    const { range } = request.headers;
    const [start, end] = range === undefined ? [0, photo.length - 1] : range.slice(6).split('-').map(Number);
    const body = photo.subarray(start, (end ?? 0) + 1);
    response.writeHead(range === undefined ? 200 : 206, {
      etag: '"a"',
      'last-modified': 'Mon, 06 May 2024 07:08:09 GMT',
      'content-type': 'image/jpeg',
      'content-length': body.length,
      ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${photo.length}` }),
      ...headers,
    });
    response.end(body);
    return true;
  };
}

t.test(
  'T16 header injection: of what a store says, what is known and plain is passed on, and nothing else',
  async (t) => {
    const { s3, service } = await startOverS3(t, { env: { ORIGINAL_FRESH_MS: '0', ORIGINAL_STALE_MS: '0' } });
    s3.fault = answerWith(STORE_HEADERS);
    await hasNoOtherHeader(t, service, 'headers of the store');
    const stored = { 'content-disposition': 'inline', 'content-language': 'de', 'content-encoding': 'identity' };
    s3.fault = answerWith({ ...STORE_HEADERS, ...stored });
    await hasNoOtherHeader(t, service, 'and what is stored', Object.keys(stored));
    for (const unfit of [
      { 'content-type': 'gr\xfcn', 'content-language': 'gr\xfcn', 'cache-control': 'gr\xfcn', expires: 'gr\xfcn' },
      { 'content-type': 'x'.repeat(8_192) },
      { 'content-language': 'x'.repeat(8_192) },
    ]) {
      s3.fault = answerWith(unfit);
      await hasNoOtherHeader(t, service, `${Object.keys(unfit)} over HTTP`);
    }
  },
);

t.test('T16 header injection: what no header may have ends with the value, and not with a 500', async (t) => {
  const source = createMemorySource();
  const service = await startService(t, { env: { ORIGINAL_FRESH_MS: '0', ORIGINAL_STALE_MS: '0' }, parts: { source } });
  for (const [index, value] of UNFIT_VALUES.entries()) {
    const head = { contentType: value, contentEncoding: value, contentDisposition: value, contentLanguage: value };
    source.put('a.jpg', photo, { ...head, cacheControl: value, expires: value });
    await hasNoOtherHeader(t, service, `unfit value ${index}`);
    const { headers, body } = await service.get('/a.jpg');
    t.match(headers, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
    t.ok(body.equals(photo));
  }
});

t.test('T17 metadata: where and with what it was taken is in no variant; it is upright and in sRGB', async (t) => {
  const { s3, service } = await startOverS3(t);
  const GPS = { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1', GPSLongitudeRef: 'W', GPSLongitude: '0/1 7/1 0/1' };
  // On its side, red above blue when upright. In Display P3 the same red has other numbers: 186, 65 and 59.
  const tagged = paint(40, 20, (x) => (x < 20 ? [200, 50, 50] : [50, 50, 200]))
    .withExif({ IFD0: { Make: 'planted-make', Artist: 'planted-artist' }, IFD3: GPS })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>planted-xmp</a></x:xmpmeta>')
    .withIccProfile('p3', { attach: true })
    .withMetadata({ orientation: 6 });
  for (const [name, body] of [
    ['a.jpg', await tagged.clone().jpeg({ quality: 95 }).toBuffer()],
    ['a.webp', await tagged.clone().webp({ quality: 95 }).toBuffer()],
    ['a.avif', await tagged.clone().avif({ quality: 90 }).toBuffer()],
  ] as const) {
    t.ok((await sharp(body).metadata()).exif?.includes('planted-make'), `${name} has it`);
    await s3.put(name, body);
    for (const query of ['q=90', 'w=20', 'f=jpeg', 'f=png', 'f=webp', 'f=avif', 'f=gif']) {
      const { body: made } = await service.get(`/${name}?${query}`);
      const { exif, xmp, iptc, icc, orientation, width, height } = await sharp(made).metadata();
      t.same({ exif, xmp, iptc, icc, orientation, width, height }, { width: 20, height: 40 }, `${name} ${query}`);
      t.notMatch(made.toString('latin1'), /planted|GPS|Exif/, `${name} ${query}`);
      const [red = 0, green = 255, blue = 0] = await colourAt(made, 10, 5);
      t.ok(
        Math.abs(red - 200) + Math.abs(green - 50) + Math.abs(blue - 50) < 15,
        `${name} ${query}: ${red} ${green} ${blue}`,
      );
    }
  }
});

t.test('T20 error detail: a code and a text that says no more, in production and elsewhere', async (t) => {
  t.same(Object.keys(PROVOKED).sort(), Object.keys(ERRORS).sort());
  const seen: unknown[] = [];
  for (const NODE_ENV of ['production', 'development']) {
    setEnvironment(t, 'NODE_ENV', NODE_ENV);
    const { bodies, secrets } = await provokeAll(t, { NODE_ENV, HOST: '127.0.0.1' });
    for (const [code, body] of Object.entries(bodies)) {
      const { error } = JSON.parse(body) as { error: { code: string; message: string } };
      t.same(body, JSON.stringify({ error: { code, message: error.message } }), `${code}, ${NODE_ENV}`);
      t.match(error.message, /^[A-Za-z"][^\n]{10,160}$/, code);
      for (const secret of secrets) t.notOk(body.includes(secret), `${code}: ${secret}`);
      t.notMatch(
        body,
        /node_modules|\.[cm]?[jt]s\b|\/src\/|\/tmp\/|s3:|file:|127\.0\.0\.1|\\n +at |[0-9a-f]{8}-[0-9a-f]{4}/i,
        code,
      );
    }
    seen.push(bodies);
  }
  t.same(seen[0], seen[1]);
});
