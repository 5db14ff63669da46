import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { bombs } from '../support/bomb-list.ts';
import { avifBomb, gifFrames, jpegClaim, pngText, webpFrames } from '../support/bombs.ts';
import { withGainMap } from '../support/gain-map.ts';
import { gradient, jpeg, noise, png, SVG } from '../support/pictures.ts';
import { pngProfile, withPngChunk } from '../support/png-chunks.ts';
import { type Answer, startOverS3, startService } from '../support/service.ts';
import { tiffOf } from '../support/tiff-blocks.ts';
import { until } from '../support/waiting.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MIB = 2 ** 20;

/** Counts the headers that are read by a loader, until the test ends. */
function countHeaders(t: Test): () => number {
  let count = 0;
  const { metadata } = sharp.prototype;
  t.teardown(() => {
    sharp.prototype.metadata = metadata;
  });
  sharp.prototype.metadata = function read(this: Sharp, ...args: Parameters<typeof metadata>) {
    count++;
    return metadata.apply(this, args);
  } as typeof metadata;
  return () => count;
}

function codeOf({ body }: Answer): string {
  return (JSON.parse(body.toString()) as { error: { code: string } }).error.code;
}

async function sidesOf({ body }: Answer) {
  const { width, height, pageHeight = height, pages = 1 } = await sharp(body, { limitInputPixels: false }).metadata();
  return { width, height: pageHeight, pages };
}

t.test('T08 output amplification: the answer is clamped, whatever its sides are multiplied with', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_WIDTH: '300', MAX_HEIGHT: '200' } });
  await s3.put('dot.png', await png(1, 1));
  await s3.put('line.png', await png(1, 10_000));
  await s3.put('photo.jpg', await jpeg(400, 300));
  await s3.put('frames.gif', gifFrames(256, { width: 8, height: 8 }));
  const rows: readonly (readonly [target: string, width: number, height: number])[] = [
    ['/dot.png?w=8192&h=8192', 200, 200],
    ['/dot.png?w=99999999999999999999&h=1', 300, 1],
    ['/dot.png?w=300&h=200&dpr=4', 300, 200],
    // 180 x 120 in what the border leaves of 300 x 200.
    ['/dot.png?w=300&h=200&pad=50,40,30,20', 240, 200],
    ['/dot.png?w=300&h=200&rot=90', 300, 200],
    ['/dot.png?w=100&h=100&fit=outside&pad=20,20,20,20&dpr=4', 200, 200],
    ['/line.png?w=4096', 1, 200],
    ['/line.png?w=4096&rot=90', 300, 1],
    ['/line.png?h=4096&fit=contain&w=4096', 200, 200],
    ['/photo.jpg?w=300&h=300&fit=outside', 267, 200],
    ['/photo.jpg?trim=255&w=9999', 266, 200],
    ['/frames.gif?w=9999&f=webp', 200, 200],
  ];
  for (const [target, width, height] of rows) {
    const answer = await service.get(target);
    t.equal(answer.status, 200, target);
    const sides = await sidesOf(answer);
    t.ok(sides.width <= 300 && sides.height <= 200, `${target}: ${sides.width}x${sides.height}`);
    t.strictSame([sides.width, sides.height], [width, height], target);
  }
  for (const target of ['/dot.png?pad=0,300,0,0', '/dot.png?pad=99999,0,0,0', '/dot.png?pad=10,10,10,10&dpr=100'])
    t.equal((await service.get(target)).status, 400, target);
});

t.test('T08 output amplification: formats that take their time have fewer pixels of it', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('dot.png', await png(1, 1));
  await s3.put('frames.gif', gifFrames(256, { width: 1, height: 1 }));
  t.strictSame(await sidesOf(await service.get('/dot.png?w=4096&h=4096&f=gif')), {
    width: 2740,
    height: 2740,
    pages: 1,
  });
  // Frames that do not differ are one in a file, and were as many to work on: at most 171 x 171 for each of 256.
  const { width, height } = await sidesOf(await service.get('/frames.gif?w=4096&h=4096'));
  t.strictSame([width, height], [171, 171]);
});

t.test('T09 pixel flood: by the header alone, in every format, and once', async (t) => {
  const { s3, service } = await startOverS3(t);
  const headers = countHeaders(t);
  for (const { name, bytes, code } of await bombs()) {
    await s3.put(name, bytes, { contentType: 'image/png' });
    t.ok(bytes.length < 600_000, `${name} has ${bytes.length} bytes`);
    const before = headers();
    const answer = await service.get(`/${name}?w=10&f=png`);
    // What inflates as soon as a header is read, and what no header says, is found before that.
    const reads = ['texts.png', 'frames.avif', 'tiles.avif'].includes(name) ? 0 : 1;
    t.strictSame([answer.status, codeOf(answer), headers() - before], [422, code, reads], name);
  }
  t.equal(service.transforms(), 0, 'no pixel was decoded');
  s3.requests.reset();
  const before = headers();
  for (const { name } of await bombs()) t.equal((await service.get(`/${name}?h=20&f=webp`)).status, 422, name);
  t.strictSame([s3.requests.length, headers() - before, service.transforms()], [0, 0, 0], 'nor read again');
});

t.test('T09 pixel flood: what is to be kept beside a picture is left out where it is larger', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { HDR: 'keep' } });
  const map = await gradient(80, 60).jpeg().toBuffer();
  const photo = await jpeg(400, 300);
  await s3.put('good.jpg', withGainMap(photo, map));
  await s3.put('bomb.jpg', withGainMap(photo, jpegClaim(map, { width: 20_000, height: 20_000 })));
  const [good, bomb] = [await service.get('/good.jpg?w=100'), await service.get('/bomb.jpg?w=100')];
  t.strictSame([good.status, bomb.status], [200, 200]);
  t.ok((await sharp(good.body).metadata()).gainMap);
  t.notOk((await sharp(bomb.body).metadata()).gainMap);
});

t.test('T09 pixel flood: a header that says less than there is', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_SOURCE_PIXELS: '1000000' } });
  const large = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'red' } })
    .avif({ effort: 0 })
    .toBuffer();
  large.writeUInt32BE(16, large.indexOf('ispe') + 8);
  large.writeUInt32BE(16, large.indexOf('ispe') + 12);
  await s3.put('small.avif', large);
  // libheif allows what the header says, and no more.
  await s3.put('huge.avif', await avifBomb({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }));
  for (const name of ['small.avif', 'huge.avif']) {
    const answer = await service.get(`/${name}?w=10&f=png`);
    t.strictSame([answer.status, codeOf(answer)], [422, 'corrupt_image'], name);
  }
});

/** Answers with a head of one's own and bytes without end, as fast as they are taken; counts them. */
function endless(headers: Record<string, string>) {
  const chunk = Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xfe), Buffer.alloc(64 * 1024)]);
  const sent = { bytes: 0, isClosed: false };
  const answer = (response: ServerResponse) => {
    response.writeHead(200, { etag: '"endless"', 'content-type': 'image/jpeg', ...headers });
    const body = Readable.from(
      (function* () {
        for (;;) {
          sent.bytes += chunk.length;
          yield chunk;
        }
      })(),
    );
    response.on('close', () => {
      sent.isClosed = true;
      body.destroy();
    });
    body.pipe(response);
    return true;
  };
  return { sent, answer };
}

/** What two sockets and two streams hold between them, on whatever system. */
const IN_FLIGHT = 16 * MIB;

t.test('T10 byte flood: what says it is too long is not read, what does not say it neither', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_SOURCE_BYTES: '1MiB' } });
  const headers = countHeaders(t);
  const rows: readonly (readonly [what: string, headers: Record<string, string>, status: number, code: string])[] = [
    ['too long', { 'content-length': String(2 ** 40) }, 413, 'too_large'],
    ['one byte too long', { 'content-length': String(MIB + 1) }, 413, 'too_large'],
    ['no length', {}, 502, 'source_failed'],
    ['longer than it says', { 'content-length': '100000' }, 422, 'corrupt_image'],
  ];
  for (const [what, head, status, code] of rows) {
    const { sent, answer } = endless({ ...head, etag: JSON.stringify(what) });
    s3.fault = (_request, response) => answer(response);
    const reply = await service.get(`/${encodeURIComponent(what)}.jpg?w=10`);
    t.strictSame([reply.status, codeOf(reply)], [status, code], what);
    await until(() => sent.isClosed);
    t.ok(sent.bytes < IN_FLIGHT, `${what}: ${sent.bytes} bytes were on their way`);
  }
  t.strictSame([service.transforms(), headers()], [0, 1], 'the last alone has a header to read');
});

t.test('T10 byte flood: what says more than it has is the source that failed', async (t) => {
  const { s3, service } = await startOverS3(t);
  const headers = countHeaders(t);
  s3.fault = (request, response) => {
    response.writeHead(200, { etag: '"short"', 'content-length': String(20 * MIB) });
    response.write(Buffer.from('\xff\xd8\xff\xe0', 'latin1'), () => request.socket.destroy());
    return true;
  };
  const answer = await service.get('/a.jpg?w=10');
  t.strictSame([answer.status, codeOf(answer), headers()], [502, 'source_broke_off', 0]);
});

t.test('T10 byte flood: the same ETag does not let more in than there was', async (t) => {
  const env = { MAX_SOURCE_BYTES: '1MiB', CACHE_ORIGINALS_BYTES: '0' };
  const { s3, service } = await startOverS3(t, { env });
  const photo = await jpeg(40, 30);
  let isLarge = false;
  const { sent, answer } = endless({ etag: '"same"', 'content-length': String(2 ** 40) });
  s3.fault = (_request, response) => {
    if (isLarge) return answer(response);
    response.writeHead(200, { etag: '"same"', 'content-length': String(photo.length) }).end(photo);
    return true;
  };
  t.equal((await service.get('/a.jpg?w=10')).status, 200);
  isLarge = true;
  const reply = await service.get('/a.jpg?w=11');
  t.strictSame([reply.status, codeOf(reply), service.transforms()], [413, 'too_large', 1]);
  await until(() => sent.isClosed);
  t.ok(sent.bytes < IN_FLIGHT, `${sent.bytes} bytes were on their way`);
});

t.test('T11 frame bomb: more frames than allowed are the first, or the original', async (t) => {
  const { s3, service } = await startOverS3(t);
  const originals = [
    ['a.gif', gifFrames(10_000, { width: 1, height: 1 })],
    ['a.webp', webpFrames(10_000, { width: 1, height: 1 })],
    ['large.gif', gifFrames(10_000, { width: 2000, height: 2000 })],
  ] as const;
  for (const [key, bytes] of originals) {
    await s3.put(key, bytes);
    const untouched = await service.get(`/${key}?w=3`);
    t.equal(untouched.status, 200);
    t.ok(untouched.body.equals(bytes), `${key} as it is`);
    t.equal(service.transforms(), 0);
  }
  for (const [index, [key]] of originals.slice(0, 2).entries()) {
    const first = await service.get(`/${key}?w=3&f=webp`);
    t.match(await sidesOf(first), { width: 3, height: 3, pages: 1 }, `the first of ${key}`);
    t.equal(service.transforms(), index + 1);
  }
  await s3.put('many.gif', gifFrames(401, { width: 8000, height: 8000 }));
  t.equal(codeOf(await service.get('/many.gif?w=3&f=webp')), 'too_many_pixels', 'its first alone is too large');
  t.equal(service.transforms(), 2);
});

/** Most that this process took since the mark was reset, in bytes. */
function peak(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

t.test('T12 zlib bomb, huge text chunks, huge profiles: little is inflated, before or by libvips', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { KEEP_COPYRIGHT: 'true', COLOR_PROFILE: 'keep' } });
  const picture = await png(40, 30);
  const many = (chunk: Buffer) => Buffer.concat(Array<Buffer>(50).fill(chunk));
  const rows: readonly (readonly [key: string, chunk: Buffer, status: number])[] = [
    ['text.png', pngText(60_000_000), 422],
    ['texts.png', many(pngText(7_900_000)), 422],
    ['international.png', many(pngText(7_900_000, 'iTXt')), 422],
    ['together.png', many(pngText(90_000)), 422],
    ['few.png', pngText(3_900_000), 200],
    ['profile.png', pngProfile(Buffer.alloc(50_000_000)), 200],
  ];
  for (const [key, chunk] of rows) await s3.put(key, withPngChunk(picture, chunk));
  const ask = async (w: number) => {
    for (const [key, , status] of rows) {
      const answer = await service.get(`/${key}?w=${w}`);
      t.equal(answer.status, status, key);
      if (status === 200)
        t.match([(await sidesOf(answer)).width, answer.body.length < 10_000], [w, true], 'nothing is left');
      else t.equal(codeOf(answer), 'too_complex', key);
    }
  };
  if (!existsSync('/proc/self/clear_refs')) return await ask(20);
  // Inflated, each is 50 MB or more, each time; libvips would take 1.9 GB for 50 texts. What V8 leaves to its next collection is
  // not there each time, so a busy machine is asked again.
  let most = Number.POSITIVE_INFINITY;
  for (let w = 20; w < 23 && most >= 48 * MIB; w++) {
    writeFileSync('/proc/self/clear_refs', '5');
    const before = peak();
    await ask(w);
    most = peak() - before;
  }
  t.ok(most < 48 * MIB, `${(most / MIB).toFixed(1)} MiB more`);
});

t.test('T12 zlib bomb: pixels that are missing or too many', async (t) => {
  const { s3, service } = await startOverS3(t);
  const [short, long] = [await png(40, 30), await png(40, 30)];
  // The sides of another picture (PNG, third edition, 11.2.1), for which there is too little, and too much.
  short.writeUInt32BE(4000, 16);
  long.writeUInt32BE(1, 20);
  await s3.put('short.png', short);
  await s3.put('long.png', long);
  for (const name of ['short.png', 'long.png']) t.equal((await service.get(`/${name}?w=10`)).status, 422, name);
});

const text = (content: string) => Buffer.from(content, 'latin1');

/** What some loader of libvips reads, and none that is in use here; each as its first bytes say it. */
const STRANGERS: Readonly<Record<string, Buffer>> = {
  pdf: text('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>'),
  svg: text(SVG),
  svgz: text('\x1f\x8b\x08\0\0\0\0\0\0\x03'),
  jxl: text('\xff\x0a\xfa\x1f\x01\x90'),
  'jxl-box': text('\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl '),
  jp2: text('\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 '),
  j2k: text('\xff\x4f\xff\x51\0\x29\0\0\0\0\0\x08\0\0\0\x08'),
  heic: text('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
  mat: text(`${'MATLAB 5.0 MAT-file, Platform: GLNXA64'.padEnd(124)}\0\x01IM`),
  csv: text('1,2,3\n4,5,6\n'),
  ppm: text('P6\n1 1\n255\nabc'),
  pfm: text('PF\n1 1\n-1.0\n0000'),
  hdr: text('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\nabcd'),
  vips: text(`\x08\xf2\xa6\xb6${'\0'.repeat(60)}`),
  fits: text('SIMPLE  =                    T'.padEnd(80).repeat(36)),
  exr: text('v/1\x01\x02\0\0\0channels\0chlist\0'),
  analyze: text(`\x5c\x01\0\0${'\0'.repeat(344)}`),
  psd: text('8BPS\0\x01\0\0\0\0\0\0'),
  bmp: text('BM\x36\0\0\0\0\0\0\0\x36\0\0\0'),
  ico: text('\0\0\x01\0\x01\0\x10\x10'),
  mvg: text("push graphic-context\nfill 'url(https://127.0.0.1/x)'\npop graphic-context"),
  eps: text('%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9'),
  html: text('<!doctype html><svg xmlns="http://www.w3.org/2000/svg"/>'),
};

t.test('T13 codec memory bugs: what has no loader in use never reaches one, under whatever name', async (t) => {
  const { s3, service } = await startOverS3(t);
  const headers = countHeaders(t);
  for (const [format, bytes] of Object.entries(STRANGERS)) {
    for (const [key, contentType] of [
      [`a.${format}`, 'application/octet-stream'],
      [`${format}.png`, 'image/png'],
      [`${format}.jpg`, 'image/jpeg'],
    ] as const) {
      await s3.put(key, bytes, { contentType });
      for (const query of ['w=10', 'w=10&f=png', 'f=auto']) {
        const answer = await service.get(`/${key}?${query}`);
        t.strictSame([answer.status, codeOf(answer)], [415, 'unsupported_image'], `${key}?${query}`);
      }
    }
  }
  t.strictSame([headers(), service.transforms()], [0, 0], 'no loader has seen a byte');
});

t.test('T13 codec memory bugs: a picture is what its first bytes are, and never what it says further on', async (t) => {
  const { s3, service } = await startOverS3(t);
  const disguised: readonly (readonly [key: string, bytes: Buffer, status: number, type: string])[] = [
    ['tiff.png', tiffOf({ width: 8, height: 8, channels: 3, bits: 8 }), 200, 'image/jpeg'],
    ['webp.svg', text(`RIFF\x40\0\0\0WEBP${SVG}`), 422, 'application/json; charset=utf-8'],
    ['gif.svg', text(`GIF89a${SVG}`), 422, 'application/json; charset=utf-8'],
    ['jpeg.pdf', text('\xff\xd8\xff%PDF-1.4'), 422, 'application/json; charset=utf-8'],
    ['png.v', text(`\x89PNG\r\n\x1a\n\x08\xf2\xa6\xb6${SVG}`), 422, 'application/json; charset=utf-8'],
    ['tiff.svg', text(`II*\0\x08\0\0\0${SVG}`), 422, 'application/json; charset=utf-8'],
    ['big.tif', text(`II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0${'\0'.repeat(20)}`), 422, 'application/json; charset=utf-8'],
    ['six.tif', tiffOf({ width: 8, height: 8, channels: 6, bits: 8 }), 422, 'application/json; charset=utf-8'],
  ];
  for (const [key, bytes, status, type] of disguised) {
    await s3.put(key, bytes, { contentType: 'image/svg+xml' });
    const { headers, ...answer } = await service.get(`/${key}?w=10`);
    t.strictSame([answer.status, headers['content-type']], [status, type], key);
  }
  t.equal(service.transforms(), 1, 'the TIFF is one');
});

t.test('T13 codec memory bugs: no start with a libvips that has a published hole', async (t) => {
  const { versions } = sharp;
  const { vips } = versions;
  t.teardown(() => {
    versions.vips = vips;
  });
  versions.vips = '8.18.2';
  const config = readConfig({ PORT: '0', MANAGEMENT_PORT: '0' }, pathToFileURL(path.join(ROOT, 'samples')).href);
  await t.rejects(buildApp(config), { message: /^libvips is 8\.18\.2; expected 8\.18\.3/ });
});

t.test('T13 codec memory bugs: no limit of a decoder is lifted anywhere', (t) => {
  const folder = path.join(ROOT, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.c?ts$/.test(name));
  t.ok(files.length > 100);
  for (const file of files) {
    const code = readFileSync(path.join(folder, file), 'utf8');
    t.notMatch(code, /\bunlimited\b|\blimitInputChannels\b/, `${file} leaves both as sharp has them`);
    const lifted = code.match(/limitInputPixels: false/g)?.length ?? 0;
    t.equal(
      lifted,
      code.match(/limitInputPixels: false[^;]*\.metadata\(\)/g)?.length ?? 0,
      `${file}: for headers alone`,
    );
  }
  t.end();
});

t.test('while bombs are refused, pictures are made', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('photo.jpg', await noise(200, 100).jpeg().toBuffer());
  await s3.put('progressive.jpg', await gradient(200, 100).jpeg({ progressive: true }).toBuffer());
  const list = await bombs();
  for (const { name, bytes } of list) await s3.put(name, bytes);
  const all = await Promise.all([
    ...list.map(({ name }) => service.get(`/${name}?w=10&f=png`)),
    service.get('/photo.jpg?w=20'),
    service.get('/progressive.jpg?w=20'),
  ]);
  t.strictSame(
    all.map(({ status }) => status),
    [...list.map(() => 422), 200, 200],
  );
});

/** Beside the checkout, or wherever the variable says. */
const CORPUS = process.env.TEST_CORPUS ?? path.resolve(ROOT, '../shared/corpus');
const MANIFEST = path.join(CORPUS, 'MANIFEST.tsv');
const BOMBS = /(bomb|280mp|-ihdr-huge|65536x65536|oom|-scans-|gen-gif-|svg-huge|svg-deep)/;
/** Answers of the manifest that are pictures. */
const PICTURE = /\b200\b|first frame|rendered only/;
const noCorpus = existsSync(MANIFEST) ? false : `there is no ${MANIFEST}; TEST_CORPUS may name another folder`;

t.test(
  'bombs of a corpus are refused by their headers, or are a picture where that is good',
  { skip: noCorpus },
  async (t) => {
    const service = await startService(t, { env: { SOURCE: pathToFileURL(CORPUS).href } });
    const rows = readFileSync(MANIFEST, 'utf8')
      .split(/\r?\n/)
      .map((line) => line.split('\t'))
      .filter(([, file = '']) => BOMBS.test(file));
    t.ok(rows.length > 15, `${rows.length} of them`);
    for (const row of rows) {
      const [file = '', good = ''] = [row[1], row.at(-1)];
      const before = service.transforms();
      const answer = await service.get(`/${file.split('/').map(encodeURIComponent).join('/')}?w=320&f=png`);
      const made = service.transforms() - before;
      if (answer.status === 200) t.ok(PICTURE.test(good) && made === 1, `${file} is a picture: ${good}`);
      else t.ok([413, 415, 422].includes(answer.status) && made === 0, `${file} is ${answer.status}, nothing decoded`);
    }
  },
);
