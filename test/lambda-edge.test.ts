import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import {
  DIFFERENCES,
  differencesOf,
  type Kind,
  type Outcome,
  ofTheFunction,
  ofTheService,
  type Picture,
} from './support/lambda-edge-function.ts';
import { LAMBDA_EDGE_ROWS } from './support/lambda-edge-rows.ts';
import { createMemorySource } from './support/memory-source.ts';
import { animation, colourAt, gradient, jpeg, noise, orientedJpeg, paint, transparentPng } from './support/pictures.ts';
import { type Answer, startOverS3, startService } from './support/service.ts';

/** Largest side that is made: small, so that thousands of pictures are made in seconds. */
const LARGEST = 640;
/** Of 255 levels, over all pixels: what a palette and the lowest quality cost a picture of a few pixels. */
const TOLERANCE = 12;
/** With fewer pixels on a side, halved colours are most of the picture; and noise off by half a pixel is other noise. */
const FEW_PIXELS = 12;
const ROUGH_TOLERANCE = 100;
const SIDES = { width: 60, height: 40 };
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="#fa0"/><circle cx="20" cy="20" r="15"/></svg>';

type Encoder = Exclude<Kind['format'], 'svg' | 'none'>;
const encoded = (format: Encoder) => gradient(SIDES.width, SIDES.height).toFormat(format).toBuffer();

/** What is in the bucket: each kind of object once, with its bytes and the type it is stored with. */
const OBJECTS: readonly (Kind & { readonly type: string; readonly bytes: Buffer })[] = [
  { key: 'photo.jpg', format: 'jpeg', ...SIDES, type: 'image/jpeg', bytes: await encoded('jpeg') },
  { key: 'PHOTO.JPG', format: 'jpeg', ...SIDES, type: 'image/jpeg', bytes: await encoded('jpeg') },
  // Upright it is as high as the others are wide.
  { key: 'phone.jpg', format: 'jpeg', ...SIDES, lies: true, type: 'image/jpeg', bytes: await orientedJpeg(6, 40, 60) },
  { key: 'logo.png', format: 'png', ...SIDES, alpha: true, type: 'image/png', bytes: await transparentPng(60, 40) },
  { key: 'photo.webp', format: 'webp', ...SIDES, type: 'image/webp', bytes: await encoded('webp') },
  { key: 'photo.avif', format: 'avif', ...SIDES, type: 'image/avif', bytes: await encoded('avif') },
  { key: 'scan.tif', format: 'tiff', ...SIDES, type: 'image/tiff', bytes: await encoded('tiff') },
  { key: 'anim.gif', format: 'gif', ...SIDES, type: 'image/gif', bytes: await animation('gif') },
  { key: 'anim.webp', format: 'webp', ...SIDES, type: 'image/webp', bytes: await animation('webp') },
  { key: 'drawing.svg', format: 'svg', ...SIDES, alpha: true, type: 'image/svg+xml', bytes: Buffer.from(SVG) },
  { key: 'photo', format: 'jpeg', ...SIDES, type: 'image/jpeg', bytes: await encoded('jpeg') },
  { key: 'renamed.png', format: 'jpeg', ...SIDES, type: 'image/png', bytes: await encoded('jpeg') },
  { key: 'notes.txt', format: 'none', width: 0, height: 0, type: 'text/plain', bytes: Buffer.from('notes') },
  {
    key: 'huge.png',
    format: 'png',
    width: 640,
    height: 600,
    heavy: true,
    type: 'image/png',
    bytes: await noise(640, 600).png().toBuffer(),
  },
];

const source = createMemorySource({ chunkBytes: 1 << 20 });
for (const { key, bytes, type } of OBJECTS) source.put(key, bytes, { contentType: type });
const service = await startService(t, {
  env: { COMPAT: 'lambda-edge', MAX_WIDTH: String(LARGEST), MAX_HEIGHT: String(LARGEST) },
  parts: { source },
});

function objectAt(key: string) {
  const object = OBJECTS.find((known) => known.key === key);
  if (!object) throw new Error(`There is no ${key}.`);
  return object;
}

/** What is wrong with an answer; undefined when it is as expected. */
async function complaint(
  answer: Answer,
  expected: Outcome,
  object: (typeof OBJECTS)[number],
): Promise<string | undefined> {
  const status = expected === 'fails' ? 415 : 200;
  if (answer.status !== status)
    return `status ${answer.status}, not ${status}: ${answer.body.toString().slice(0, 200)}`;
  if (expected === 'fails') return undefined;
  if (expected === 'original') return answer.body.equals(object.bytes) ? undefined : 'not the original';
  return await complaintAbout(answer, expected, object);
}

async function complaintAbout(
  { headers, body }: Answer,
  expected: Picture,
  { bytes, heavy }: (typeof OBJECTS)[number],
) {
  const { format, width, height, pages = 1 } = await sharp(body).metadata();
  const seen = `${headers['content-type']}, ${format === 'heif' ? 'avif' : format}, frames: ${pages}`;
  const wanted = `image/${expected.format}, ${expected.format}, frames: 1`;
  if (seen !== wanted) return `${seen}; not ${wanted}`;
  // Sides that were scaled down to a limit are rounded more than once.
  const slack = Number.isInteger(expected.width) && Number.isInteger(expected.height) ? 0 : 2;
  const off = Math.max(Math.abs(width - expected.width), Math.abs(height - expected.height));
  if (off > slack) return `${width}x${height}, not ${expected.width}x${expected.height}`;
  const difference = await meanDifference(body, bytes, { width, height, isCut: expected.isCut === true });
  const isRough = heavy || slack > 0 || Math.min(width, height) < FEW_PIXELS;
  const tolerance = isRough ? ROUGH_TOLERANCE : TOLERANCE;
  return difference < tolerance ? undefined : `pixels differ by ${difference} on average`;
}

const references = new Map<string, Promise<Buffer>>();

interface Box {
  readonly width: number;
  readonly height: number;
  readonly isCut: boolean;
}

/** How far a picture is from what sharp makes of the original with `resize(width, height)`, on white. */
async function meanDifference(body: Buffer, original: Buffer, { width, height, isCut }: Box): Promise<number> {
  const opaque = (image: Sharp) => image.flatten({ background: '#fff' }).toColourspace('srgb').raw().toBuffer();
  const resize = () =>
    sharp(original)
      .autoOrient()
      .resize(width, height, { fit: isCut ? 'cover' : 'fill' });
  const id = `${original.length} ${original.subarray(-64).toString('hex')} ${width}x${height} ${isCut}`;
  const reference = references.get(id) ?? opaque(resize());
  references.set(id, reference);
  const [one, other] = await Promise.all([opaque(sharp(body)), reference]);
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  return one.reduce((sum, value, index) => sum + Math.abs(value - (other[index] ?? 0)), 0) / one.length;
}

const text = (outcome: Outcome) =>
  typeof outcome === 'string'
    ? outcome
    : `${outcome.format} ${Math.round(outcome.width)} × ${Math.round(outcome.height)}`;

t.test('each row of the table', async (t) => {
  for (const { target, theirs, ours } of LAMBDA_EDGE_ROWS) {
    const [key = '', query = ''] = target.split('?');
    const object = objectAt(key);
    t.equal(text(ofTheFunction(query, object)), theirs, `${target}: the function, as it is restated`);
    t.equal(text(ofTheService(query, object, LARGEST)), ours, `${target}: the service, as it is expected`);
    const answer = await service.get(`/${target}`);
    t.equal(await complaint(answer, ofTheService(query, object, LARGEST), object), undefined, `${target}: the service`);
    t.equal(differencesOf(query, object, LARGEST).length > 0, theirs !== ours, `${target}: named where it differs`);
  }
});

t.test('the document has every row and every difference', (t) => {
  const document = readFileSync(new URL('../docs/from-lambda-edge.md', import.meta.url), 'utf8');
  for (const { target, theirs, ours, note } of LAMBDA_EDGE_ROWS) {
    const line = `| \`${target}\` | ${theirs} | ${ours === theirs ? 'the same' : `**${ours}**`} | ${note} |`;
    t.ok(document.includes(`\n${line}\n`), line);
  }
  for (const { name, reason } of DIFFERENCES) t.ok(document.includes(`\n- ${name}: ${reason}`), name);
  t.end();
});

const side = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 90 }).map(String) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...[
        '',
        '0',
        '00',
        'undefined',
        'auto',
        'null',
        'NaN',
        'Infinity',
        '-5',
        '-0',
        '30px',
        '30%',
        '%2030',
        '+30',
        '3e1',
      ],
      ...[
        '12.9',
        '.5',
        '0x10',
        '007',
        '30,40',
        '30;40',
        '%zz',
        '3%zz',
        '%',
        '99999',
        '650',
        `${'9'.repeat(400)}`,
        '%D9%A3',
        '%F0%9F',
      ],
    ),
  },
);
const format = fc.constantFrom(
  ...['', 'jpg', 'JPG', 'jpeg', 'jpe', 'png', 'PNG', 'webp', 'WebP', 'avif', 'gif', 'tiff', 'tif', '%77ebp'],
  ...['jxl', 'heic', 'svg', 'raw', 'bmp', '+webp', 'web%p', 'constructor', '__proto__', 'toString', '../etc', '%00'],
);
const quality = fc.constantFrom('', '0', '60', '70', '80', '100', '101', '1000', '-1', '80%', 'high', '90x', '%zz');
const pair = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom('w', 'h', '%77', '%68'), side).map(([name, value]) => `${name}=${value}`),
  },
  { weight: 3, arbitrary: format.map((value) => `f=${value}`) },
  { weight: 2, arbitrary: quality.map((value) => `q=${value}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['w', 'h', 'f', 'q', '', '=', '=5', '&', 'W=9', 'w[]=9', 'width=9', 'utm_source=x', '__proto__=1', '%zz=1'],
      ...[
        'fit=contain',
        'fit=x',
        'pos=top',
        'dpr=9',
        'crop=1',
        'rot=90',
        'trim=x',
        'preset=x',
        'sig=x',
        'exp=1',
        'wm=x',
        'anim=1',
      ],
    ),
  },
);
const request = fc.record({
  key: fc.constantFrom(...OBJECTS.map(({ key }) => key)),
  pairs: fc.array(pair, { maxLength: 6 }),
});

t.test('5,000 requests are answered as the function does, but for the differences', async (t) => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ key, pairs }) => {
      const object = objectAt(key);
      const query = pairs.join('&');
      const [theirs, ours] = [ofTheFunction(query, object), ofTheService(query, object, LARGEST)];
      if (text(theirs) !== text(ours) && differencesOf(query, object, LARGEST).length === 0)
        throw new Error(`${object.key}?${query}: ${text(ours)}, not ${text(theirs)}, and no difference says why`);
      const wrong = await complaint(await service.get(`/${object.key}?${query}`), ours, object);
      if (wrong) throw new Error(`${object.key}?${query}: ${wrong}`);
      const kind = typeof ours === 'string' ? ours : ours.format;
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }),
    // The example's one column is where red ends: with 61 columns for 61.5, it was all red.
    { numRuns: 5000, examples: [[{ key: 'logo.png', pairs: ['%68=41', 'w=1'] }]] },
  );
  const kinds = ['original', 'fails', 'jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'];
  for (const kind of kinds) t.ok((outcomes.get(kind) ?? 0) >= 20, `${kind}: ${outcomes.get(kind)} times`);
});

t.test('a PNG keeps its colours, whatever quality is asked for', async (t) => {
  const colours = 4096;
  source.put(
    'colours.png',
    await paint(64, 64, (x, y) => [x * 4, y * 4, (x + y) % 256])
      .png()
      .toBuffer(),
  );
  const { body } = await service.get('/colours.png?w=64&q=10');
  const { isPalette } = await sharp(body).metadata();
  const pixels = await sharp(body).removeAlpha().raw().toBuffer();
  const seen = new Set(Array.from({ length: colours }, (_, index) => pixels.readUIntBE(index * 3, 3)));
  t.notOk(isPalette);
  t.equal(seen.size, colours);
});

t.test('an SVG is drawn sharply at the size it is wanted in', async (t) => {
  const half =
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="10" fill="#f00"/></svg>';
  source.put('half.svg', Buffer.from(half), { contentType: 'image/svg+xml' });
  const { body } = await service.get('/half.svg?w=600&f=png');
  t.same(await colourAt(body, 299, 300), [255, 0, 0, 255]);
  t.same(await colourAt(body, 300, 300), [0, 0, 0, 0], 'no soft edge of an enlargement');
  source.put(
    'wide-half.svg',
    Buffer.from(half.replace('width="10"', 'width="20"').replace('width="5"', 'width="10"')),
    {
      contentType: 'image/svg+xml',
    },
  );
  const { body: cut } = await service.get('/wide-half.svg?w=640&h=640&f=png');
  t.same(await colourAt(cut, 319, 320), [255, 0, 0, 255]);
  t.same(await colourAt(cut, 320, 320), [0, 0, 0, 0], 'nor when it is cut');
  const onWhite = await service.get('/half.svg?w=600&f=jpeg');
  t.ok(
    (await colourAt(onWhite.body, 450, 300)).every((level) => level > 250),
    'flattened on white',
  );
});

t.test('an SVG draws nothing that is not in it', async (t) => {
  const requests: string[] = [];
  const outside = createServer((request, response) => {
    requests.push(String(request.url));
    response.end();
  }).listen(0, '127.0.0.1');
  t.teardown(() => outside.close());
  await once(outside, 'listening');
  const { port } = outside.address() as { port: number };
  const red = fileURLToPath(new URL('../samples/harbour.jpg', import.meta.url));
  const svg = (inside: string, prologue = '') =>
    Buffer.from(`${prologue}<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">${inside}</svg>`);
  const drawings = [
    svg(`<image href="file://${red}" width="20" height="20"/>`),
    svg(`<image href="${red}" width="20" height="20"/>`),
    svg(`<image href="http://127.0.0.1:${port}/a.png" width="20" height="20"/>`),
    svg(`<style>@import url(http://127.0.0.1:${port}/a.css);</style>`),
    svg(`<use href="http://127.0.0.1:${port}/a.svg#a"/>`),
    svg(`<rect width="20" height="20" fill="url(http://127.0.0.1:${port}/a.svg#a)"/>`),
  ];
  for (const [index, drawing] of drawings.entries()) {
    source.put(`outside-${index}.svg`, drawing, { contentType: 'image/svg+xml' });
    const answer = await service.get(`/outside-${index}.svg?w=20&f=png`);
    t.equal(answer.status, 200, drawing.toString());
    t.same(await colourAt(answer.body, 10, 10), [0, 0, 0, 0], 'nothing is drawn');
  }
  const entity = svg('<text y="15">&x;</text>', '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>');
  source.put('entity.svg', entity, { contentType: 'image/svg+xml' });
  t.equal((await service.get('/entity.svg?w=20&f=png')).status, 422);
  t.equal((await service.get('/entity.svg?w=20')).status, 200, 'passes as it is');
  t.same(requests, []);
});

t.test('an SVG is bounded as any picture is', async (t) => {
  const put = (key: string, attributes: string, inside = '') =>
    source.put(key, Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inside}</svg>`), {
      contentType: 'image/svg+xml',
    });
  put('endless.svg', 'width="1000000" height="1000000"');
  put('long.svg', 'width="10" height="10"', ' '.repeat(26 * 2 ** 20));
  put('empty.svg', 'width="0" height="0"');
  put('unsized.svg', '', '<rect width="10" height="10"/>');
  put('nested.svg', 'width="10" height="10"', `${'<g>'.repeat(20_000)}${'</g>'.repeat(20_000)}`);
  const statuses = { endless: 422, long: 413, empty: 422, unsized: 200, nested: 422 };
  for (const [key, status] of Object.entries(statuses)) {
    t.equal((await service.get(`/${key}.svg?w=20&f=webp`)).status, status, key);
    t.equal((await service.get(`/${key}.svg?w=20`)).status, 200, `${key} passes as it is`);
  }
});

t.test('what S3 says of a picture holds for its variants, and not for errors', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { COMPAT: 'lambda-edge' } });
  const forever = 'public, max-age=31536000, immutable';
  await s3.put('dev/a b.jpg', await jpeg(), { contentType: 'image/jpeg', cacheControl: forever });
  await s3.put('dev/broken.jpg', (await jpeg()).subarray(0, 2000), {
    contentType: 'image/jpeg',
    cacheControl: forever,
  });
  t.match(await service.get('/dev/a+b.jpg?w=200px&f=WEBP'), {
    status: 200,
    headers: { 'content-type': 'image/webp', 'cache-control': forever },
  });
  const errors = { '/dev/broken.jpg?w=200px': 422, '/dev/missing.jpg?w=200px': 404, '/dev/%zz.jpg?w=200': 400 };
  for (const [target, status] of Object.entries(errors)) {
    const { headers, ...answer } = await service.get(target);
    t.equal(answer.status, status, target);
    t.match(headers['cache-control'], /^public, max-age=10, s-maxage=\d\d$/, 'seconds, not a year');
  }
  s3.fault = (_request, response) =>
    Boolean(
      response
        .writeHead(503)
        .end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'),
    );
  t.match(await service.get('/dev/other.jpg?w=200px'), { status: 503, headers: { 'cache-control': 'no-store' } });
});

t.test('what is untouched without a format is so whatever its state', async (t) => {
  const drawing = Buffer.from(SVG);
  const originals: Readonly<Record<string, readonly [string, Buffer, number]>> = {
    'cut.gif': ['image/gif', (await animation('gif')).subarray(0, 60), 422],
    'large.gif': ['image/gif', Buffer.concat([await animation('gif'), Buffer.alloc(26 * 2 ** 20)]), 413],
    'packed.svg': ['image/svg+xml', gzipSync(drawing), 415],
    'wide.svg': ['image/svg+xml', Buffer.from(SVG, 'utf16le'), 415],
  };
  for (const [key, [contentType, bytes, status]] of Object.entries(originals)) {
    source.put(key, bytes, { contentType });
    const answer = await service.get(`/${key}?w=30`);
    t.equal(answer.status, 200, key);
    t.ok(answer.body.equals(bytes), key);
    t.equal((await service.get(`/${key}?w=30&f=png`)).status, status, `${key} as a PNG`);
  }
  source.put('page.html', Buffer.from('<html>'), { contentType: 'text/html' });
  t.equal((await service.get('/page.html?w=30')).status, 415);
});

t.test('an animation gives its first frame, however long it is', async (t) => {
  source.put('long.webp', await animation('webp', 300, 8, 8), { contentType: 'image/webp' });
  const { status, body } = await service.get('/long.webp?w=4');
  t.equal(status, 200);
  t.match(await sharp(body).metadata(), { format: 'webp', width: 4, height: 4, pages: undefined });
  const animated = await service.get('/anim.gif?w=30&f=auto', { accept: 'image/webp' });
  t.match(await sharp(animated.body).metadata(), { format: 'webp', pages: 4 }, 'but auto keeps it');
});
