import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import type { OutputFormat } from '../../src/formats.ts';
import type { Options } from '../../src/request/options.ts';
import { type ImageFacts, readFacts } from '../../src/transform/facts.ts';
import type { Size } from '../../src/transform/geometry.ts';
import { sharpError } from '../../src/transform/sharp-error.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { transform } from '../../src/transform/transform.ts';
import {
  animation,
  colourAt,
  distance,
  gradient,
  jpeg,
  orientedJpeg,
  paint,
  png,
  SVG,
  transparentPng,
} from '../support/pictures.ts';
import { factsOf, planFor, variant } from '../support/variants.ts';

const orientations = [1, 2, 3, 4, 5, 6, 7, 8];
const outputFormats: readonly OutputFormat[] = ['jpeg', 'png', 'webp', 'avif', 'gif'];

async function sides(encoded: Uint8Array): Promise<Size> {
  const { width, height } = await sharp(encoded).metadata();
  return { width, height };
}

/** Whether each channel is what was expected, give or take what encoders lose. */
function isNear(colour: readonly number[], expected: readonly number[], tolerance = 8): boolean {
  return (
    colour.length === expected.length &&
    colour.every((level, channel) => Math.abs(level - (expected[channel] ?? -1000)) <= tolerance)
  );
}

async function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return await promise.then(
    () => false,
    () => true,
  );
}

/** One picture in each format that originals may have. */
async function originals(): Promise<readonly (readonly [format: ImageFacts['format'], encoded: Buffer])[]> {
  const image = gradient(40, 30);
  return [
    ['jpeg', await image.clone().jpeg().toBuffer()],
    ['png', await image.clone().png().toBuffer()],
    ['webp', await image.clone().webp().toBuffer()],
    ['avif', await image.clone().avif({ effort: 0 }).toBuffer()],
    ['gif', await image.clone().gif().toBuffer()],
    ['tiff', await image.clone().tiff().toBuffer()],
  ];
}

t.test('set up, sharp reads the six formats from memory and nothing else', async (t) => {
  const folder = t.testdir();
  const paths = ['a.jpg', 'a.png', 'a.webp', 'a.gif', 'a.tif', 'a.avif', 'a.v'].map((name) => join(folder, name));
  for (const path of paths) await gradient(8, 8).toFile(path);
  await writeFile(join(folder, 'a.svg'), SVG);
  const files = [...paths, join(folder, 'a.svg')];
  for (const path of files) t.notOk(await isRejected(sharp(path).raw().toBuffer()), `before, ${path} is read`);
  t.notOk(await isRejected(sharp(Buffer.from(SVG)).raw().toBuffer()), 'before, SVG is read');

  // What sharp does by itself depends on the machine.
  sharp.concurrency(2);
  setUpSharp({ svg: 'pass', keepsGainMap: false });

  for (const path of files) t.ok(await isRejected(sharp(path).raw().toBuffer()), `${path} is refused`);
  t.ok(await isRejected(sharp(Buffer.from(SVG)).raw().toBuffer()), 'SVG is refused');
  t.ok(await isRejected(sharp(Buffer.from('P6\n1 1\n255\nabc', 'latin1')).toBuffer()), 'PPM is refused');
  for (const [format, encoded] of await originals())
    t.strictSame(await sides(encoded), { width: 40, height: 30 }, format);
  t.equal(sharp.concurrency(), 1);
  const { memory, files: open, items } = sharp.cache();
  t.strictSame([memory.max, open.max, items.max], [0, 0, 0]);
});

/** The colour of `gradient` at a place given as shares of its sides, 0 to 1. */
function gradientAt(right: number, down: number): readonly number[] {
  return [255 * right, 255 * down, 128];
}

/** What a pixel of a scaled picture shows, by its middle, as a share of the side. */
function share(pixel: number, side: number): number {
  return (pixel + 0.5) / side;
}

interface Shown extends Size {
  /** The part of the upright original that is shown, as shares of its sides. */
  readonly from: readonly [left: number, top: number];
  readonly to: readonly [right: number, bottom: number];
}

/** Corners and middle, where they are and what they must be. */
function places({
  width,
  height,
  from,
  to,
}: Shown): readonly (readonly [x: number, y: number, colour: readonly number[]])[] {
  const within = (axis: 0 | 1, at: number) => from[axis] + (to[axis] - from[axis]) * at;
  const [right, bottom] = [width - 1, height - 1];
  const [centre, middle] = [Math.floor(width / 2), Math.floor(height / 2)];
  const points = [
    [0, 0],
    [right, 0],
    [0, bottom],
    [right, bottom],
    [centre, middle],
  ] as const;
  return points.map(([x, y]) => [x, y, gradientAt(within(0, share(x, width)), within(1, share(y, height)))]);
}

const whole = { from: [0, 0], to: [1, 1] } as const;

const shapes: readonly (readonly [what: string, options: Options, shown: Shown])[] = [
  ['as it is', { q: 90 }, { width: 120, height: 80, ...whole }],
  ['w only', { w: 60, q: 90 }, { width: 60, height: 40, ...whole }],
  ['h only', { h: 41, q: 90 }, { width: 62, height: 41, ...whole }],
  ['enlarged', { w: 240, q: 90 }, { width: 240, height: 160, ...whole }],
  // Scaled to 75 x 50, of which 50 x 50 around the centre are kept.
  ['a square', { w: 50, h: 50, q: 90 }, { width: 50, height: 50, from: [1 / 6, 0], to: [5 / 6, 1] }],
  // Scaled to 60 x 40, of which 60 x 20 are kept.
  ['low and wide', { w: 60, h: 20, q: 90 }, { width: 60, height: 20, from: [0, 1 / 4], to: [1, 3 / 4] }],
  ['high and narrow', { w: 20, h: 80, q: 90 }, { width: 20, height: 80, from: [5 / 12, 0], to: [7 / 12, 1] }],
];

t.test('each orientation comes out upright, with exact sides and every colour in its place', async (t) => {
  for (const orientation of orientations) {
    const original = await orientedJpeg(orientation, 120, 80);
    for (const [what, options, shown] of shapes) {
      const encoded = await variant(original, options);
      const { width, height } = shown;
      t.strictSame(await sides(encoded), { width, height }, `orientation ${orientation}, ${what}`);
      for (const [x, y, colour] of places(shown)) {
        const found = await colourAt(encoded, x, y);
        t.ok(isNear(found, colour), `orientation ${orientation}, ${what}: ${found} at ${x},${y}, not ${colour}`);
      }
    }
  }
});

t.test('formats other than JPEG are turned upright too', async (t) => {
  const stored = await png(40, 30);
  for (const format of ['png', 'webp', 'tiff', 'avif'] as const) {
    // To be shown turned by 90 degrees clockwise: what is at the bottom left comes to the top left.
    const original = await sharp(stored).withMetadata({ orientation: 6 }).toFormat(format).toBuffer();
    const encoded = await variant(original, { w: 60, h: 80, f: 'png' });
    t.strictSame(await sides(encoded), { width: 60, height: 80 }, format);
    const corners = [await colourAt(encoded, 0, 0), await colourAt(encoded, 59, 0), await colourAt(encoded, 0, 79)];
    const expected = [gradientAt(0, 1), gradientAt(0, 0), gradientAt(1, 1)];
    t.ok(isNear(corners.flat(), expected.flat(), 16), `${corners} in ${format}`);
  }
});

t.test('a strip that is cut before it is scaled is upright too and keeps its middle', async (t) => {
  const shown = { width: 100, height: 100, from: [0, 0.475], to: [1, 0.525] } as const;
  for (const orientation of orientations) {
    const encoded = await variant(
      await orientedJpeg(orientation, 20, 400),
      { w: 100, h: 100, q: 90 },
      { maxWidth: 100, maxHeight: 100 },
    );
    t.strictSame(await sides(encoded), { width: 100, height: 100 });
    for (const [x, y, colour] of places(shown)) {
      const found = await colourAt(encoded, x, y);
      t.ok(isNear(found, colour, 12), `orientation ${orientation}: ${found} at ${x},${y}, not ${colour}`);
    }
  }
});

t.test('sides are exact at sizes that nothing divides', async (t) => {
  const original = await jpeg(401, 299);
  for (const [w, h] of [
    [1, 1],
    [2, 399],
    [37, 53],
    [399, 3],
    [401, 299],
    [409, 307],
  ] as const) {
    for (const f of ['jpeg', 'png'] as const) {
      t.strictSame(await sides(await variant(original, { w, h, f })), { width: w, height: h }, `${w}x${h} ${f}`);
    }
  }
});

t.test('a missing side is exact too, where rounding changes the shape most', async (t) => {
  const original = await png(401, 299);
  for (const [w, height] of [
    [1, 1],
    [2, 1],
    [3, 2],
    [5, 4],
    [7, 5],
    [100, 75],
  ] as const) {
    t.strictSame(await sides(await variant(original, { w })), { width: w, height });
  }
});

t.test('a JPEG that is made much smaller is near to what its full size gives', async (t) => {
  const detail = await paint(400, 400, (x, y) => (((x >> 4) + (y >> 4)) % 2 === 0 ? [0, 0, 0] : [255, 255, 255]))
    .jpeg({ quality: 95 })
    .toBuffer();
  const full = await sharp(detail).png().toBuffer();
  const expected = await sharp(full).resize(30, 30).raw().toBuffer();
  const found = await sharp(await variant(detail, { w: 30, f: 'png' }))
    .raw()
    .toBuffer();
  const error =
    expected.reduce((sum, level, index) => sum + Math.abs(level - (found[index] ?? 0)), 0) / expected.length;
  // Decoded at half the scale, which fast shrink-on-load would do, it is 13.6.
  t.ok(error < 10, `${error} levels off on average`);
});

t.test('a line of pixels fills the largest box', async (t) => {
  const small = { maxWidth: 256, maxHeight: 256 };
  const upright = await variant(await png(1, 20_000), { w: 256, h: 256 }, small);
  t.strictSame(await sides(upright), { width: 256, height: 256 });
  const lying = await variant(await png(20_000, 1), { w: 256, h: 256 }, small);
  t.strictSame(await sides(lying), { width: 256, height: 256 });
  t.strictSame(await sides(await variant(await png(1, 20_000), { w: 256 }, small)), { width: 1, height: 256 });
});

t.test('metadata is gone, in every format', async (t) => {
  const original = await gradient(40, 30)
    .withExif({
      IFD0: { Copyright: 'Ada', Artist: 'Ada', Software: 'Camera' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
    })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>Ada</a></x:xmpmeta>')
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  const { exif, xmp, icc } = await sharp(original).metadata();
  t.ok(exif && xmp && icc, 'the original has all three');
  for (const f of outputFormats) {
    const encoded = await variant(original, { w: 20, f });
    const metadata = await sharp(encoded).metadata();
    for (const kind of ['exif', 'xmp', 'icc', 'iptc', 'orientation', 'comments'] as const) {
      t.equal(metadata[kind], undefined, `${kind} in ${f}`);
    }
    t.equal(metadata.hasProfile, false, f);
    for (const trace of ['Ada', 'Camera', 'GPS', 'Exif', 'adobe']) {
      t.notOk(encoded.includes(trace), `${trace} in ${f}`);
    }
  }
});

t.test('colours of a wide profile come out as the same colours in sRGB', async (t) => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [200, 120, 40],
  ] as const;
  const plain = await paint(40, 10, (x) => colours[Math.floor(x / 10)] ?? [0, 0, 0])
    .png()
    .toBuffer();
  const wide = await sharp(plain).withIccProfile('p3').png().toBuffer();
  const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
  t.ok(stored[0] !== undefined && stored[0] < 240, 'pure red is stored as another number there');
  for (const f of ['png', 'webp', 'jpeg', 'avif'] as const) {
    const encoded = await variant(wide, { f, q: 95 });
    t.equal((await sharp(encoded).metadata()).space, 'srgb');
    for (const [index, colour] of colours.entries()) {
      const found = await colourAt(encoded, index * 10 + 5, 5);
      t.ok(isNear(found, colour, 5), `${found} in ${f}, not ${colour}`);
    }
  }
});

t.test('four printing colours come out as three of light', async (t) => {
  const original = await paint(40, 30, () => [160, 120, 100])
    .toColourspace('cmyk')
    .jpeg({ quality: 95 })
    .toBuffer();
  t.match(await sharp(original).metadata(), { space: 'cmyk', channels: 4 });
  for (const f of ['jpeg', 'png', 'webp'] as const) {
    const encoded = await variant(original, { w: 20, f });
    t.match(await sharp(encoded).metadata(), { space: 'srgb', channels: 3, width: 20, height: 15 });
    const found = await colourAt(encoded, 10, 7);
    t.ok(isNear(found, [160, 120, 100], 12), `${found} in ${f}`);
  }
});

t.test('alpha is kept where the format holds it, and lies on white where not', async (t) => {
  const original = await transparentPng(40, 30);
  for (const f of ['png', 'webp', 'avif', 'gif'] as const) {
    const encoded = await variant(original, { w: 20, f });
    const [left, right] = [await colourAt(encoded, 4, 7), await colourAt(encoded, 16, 7)];
    t.ok(isNear(left, [255, 0, 0, 255], 10), `${left} in ${f}`);
    t.equal(right[3], 0, `${f} stays clear`);
  }
  for (const source of [original, await sharp(original).webp().toBuffer(), await sharp(original).gif().toBuffer()]) {
    const encoded = await variant(source, { w: 20, f: 'jpeg', q: 90 });
    const [left, right] = [await colourAt(encoded, 4, 7), await colourAt(encoded, 16, 7)];
    t.ok(isNear(left, [255, 0, 0], 12), `${left} where it was opaque`);
    t.ok(isNear(right, [255, 255, 255], 4), `${right} where it was clear`);
  }
});

async function countColours(encoded: Uint8Array): Promise<number> {
  const pixels = await sharp(encoded).removeAlpha().raw().toBuffer();
  const colours = new Set<number>();
  for (let at = 0; at < pixels.length; at += 3) colours.add(pixels.readUIntBE(at, 3));
  return colours.size;
}

t.test('PNG keeps every colour, whatever quality is asked for', async (t) => {
  const original = await png(64, 64);
  for (const options of [{ f: 'png' }, { f: 'png', q: 10 }] as const) {
    const encoded = await variant(original, options);
    t.ok((await countColours(encoded)) > 1000);
    t.equal((await sharp(encoded).metadata()).isPalette, false);
    t.equal(await distance(encoded, original), 0);
  }
});

t.test('quality decides the bytes of formats that have one', async (t) => {
  const original = await paint(64, 64, (x, y) => [(x * 37 + y * 91) % 256, (x * y) % 256, (x * 5) % 256])
    .png()
    .toBuffer();
  for (const f of ['jpeg', 'webp', 'avif'] as const) {
    const [low, usual, high] = [
      await variant(original, { f, q: 10 }),
      await variant(original, { f }),
      await variant(original, { f, q: 95 }),
    ];
    t.ok(
      low.length < usual.length && usual.length < high.length,
      `${f}: ${low.length}, ${usual.length}, ${high.length}`,
    );
  }
  for (const f of ['png', 'gif'] as const) {
    t.strictSame(await variant(original, { f, q: 10 }), await variant(original, { f, q: 95 }), f);
  }
});

/** Three frames of 30 x 20, each a level of grey with a white left edge; frames last 50, 80 and 120 ms, three times over. */
async function moving(format: 'gif' | 'webp'): Promise<Buffer> {
  const strip = paint(30, 60, (x, y) => {
    const level = x < 10 ? 255 : 60 + 60 * Math.floor(y / 20);
    return [level, level, level];
  });
  const raw = { width: 30, height: 60, channels: 3, pageHeight: 20 } as const;
  const image = sharp(await strip.raw().toBuffer(), { raw });
  const times = { delay: [50, 80, 120], loop: 3 };
  return await (format === 'gif' ? image.gif(times) : image.webp({ ...times, lossless: true })).toBuffer();
}

async function frameColours(encoded: Uint8Array, x: number, y: number): Promise<number[]> {
  const { pages = 1 } = await sharp(encoded).metadata();
  const colours: number[] = [];
  for (let page = 0; page < pages; page++) {
    const { data, info } = await sharp(encoded, { page }).raw().toBuffer({ resolveWithObject: true });
    colours.push(data[(y * info.width + x) * info.channels] ?? -1);
  }
  return colours;
}

t.test('an animation keeps its frames, their times and its rounds', async (t) => {
  for (const from of ['gif', 'webp'] as const) {
    for (const f of ['gif', 'webp'] as const) {
      const encoded = await variant(await moving(from), { w: 15, f });
      const { pages, delay, loop, width, pageHeight } = await sharp(encoded, { animated: true }).metadata();
      t.strictSame({ pages, delay, loop }, { pages: 3, delay: [50, 80, 120], loop: 3 }, `${from} to ${f}`);
      t.strictSame({ width, pageHeight }, { width: 15, pageHeight: 10 });
      const colours = await frameColours(encoded, 11, 5);
      t.ok(isNear(colours, [60, 120, 180], 10), `${colours} from ${from} to ${f}`);
    }
  }
});

t.test('cover crops each frame alike', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    const encoded = await variant(await moving(format), { w: 10, h: 20 });
    const { pages, width, pageHeight } = await sharp(encoded, { animated: true }).metadata();
    t.strictSame({ pages, width, pageHeight }, { pages: 3, width: 10, pageHeight: 20 });
    for (const [x, y] of [
      [0, 0],
      [9, 19],
    ] as const) {
      const colours = await frameColours(encoded, x, y);
      t.ok(isNear(colours, [60, 120, 180], 25), `${colours} at ${x},${y} of ${format}: the white edge is cut off`);
    }
  }
});

t.test('frames that are cut before they are scaled keep their middle', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    const encoded = await variant(
      await animation(format, 3, 4, 400),
      { w: 100, h: 100 },
      { maxWidth: 100, maxHeight: 100 },
    );
    const { pages, width, pageHeight } = await sharp(encoded, { animated: true }).metadata();
    t.strictSame({ pages, width, pageHeight }, { pages: 3, width: 100, pageHeight: 100 });
    t.ok(isNear(await frameColours(encoded, 50, 50), [85, 170, 255], 10), format);
  }
});

t.test('a format without frames shows the first', async (t) => {
  for (const from of ['gif', 'webp'] as const) {
    for (const f of ['jpeg', 'png', 'avif'] as const) {
      const encoded = await variant(await moving(from), { w: 15, f });
      const { pages = 1, width, height } = await sharp(encoded).metadata();
      t.strictSame({ pages, width, height }, { pages: 1, width: 15, height: 10 }, `${from} to ${f}`);
      t.ok(isNear((await colourAt(encoded, 11, 5)).slice(0, 3), [60, 60, 60], 10), `${from} to ${f}`);
    }
  }
});

t.test('an animation with too many frames shows its first', async (t) => {
  const encoded = await variant(await moving('webp'), { w: 15, f: 'webp' }, { maxFrames: 2 });
  t.equal((await sharp(encoded).metadata()).pages ?? 1, 1);
  t.ok(isNear(await colourAt(encoded, 11, 5), [60, 60, 60], 10));
});

async function turned(orientation: number): Promise<Buffer> {
  const still = await moving('webp');
  return await sharp(still, { animated: true }).withMetadata({ orientation }).webp({ lossless: true }).toBuffer();
}

t.test('an animation stored mirrored is shown upright, its frames in order', async (t) => {
  const encoded = await variant(await turned(2), {});
  t.ok(isNear(await frameColours(encoded, 5, 10), [60, 120, 180], 10));
  t.ok(isNear(await frameColours(encoded, 25, 10), [255, 255, 255], 10));
});

// libvips would turn the strip of all frames as one: they would play backwards.
t.test('an animation stored upside down shows its first frame', async (t) => {
  for (const orientation of [3, 4]) {
    const colours = await frameColours(await variant(await turned(orientation), {}), 15, 10);
    t.ok(isNear(colours, [60], 10), `${colours} for orientation ${orientation}`);
  }
});

t.test('an animation stored turned is not called damaged', async (t) => {
  for (const orientation of [5, 6, 7, 8]) {
    t.strictSame(await sides(await variant(await turned(orientation), { w: 10 })), { width: 10, height: 15 });
  }
});

t.test('a damaged original is refused as such, and the decoder says why in the log alone', async (t) => {
  for (const [format, encoded] of await originals()) {
    const plan = await planFor(encoded, { w: 20, f: 'png' });
    const cut = encoded.subarray(0, Math.floor(encoded.length * 0.6));
    await t.rejects(transform(cut, plan), { name: 'ServiceError', code: 'corrupt_image', cause: Error }, format);
  }
  const large = await jpeg(200, 150);
  const error = await transform(Buffer.from('abc'), await planFor(large, { w: 20 })).catch((thrown: unknown) => thrown);
  t.match(error, { publicMessage: 'The original is damaged and cannot be decoded.', row: { status: 422 } });
  const upTo = (part: number) => large.subarray(0, Math.floor(large.length * part));
  await t.rejects(variant(upTo(0.5), { w: 20 }), { code: 'corrupt_image' }, 'half a JPEG');
  await t.rejects(variant(upTo(0.95), { w: 20 }), { code: 'corrupt_image' }, 'nearly a whole JPEG');
});

t.test('what a header says', async (t) => {
  const still = { width: 40, height: 30, frames: 1, alpha: false, progressive: false };
  for (const [format, encoded] of await originals()) {
    t.match(await readFacts(encoded, format), { ...still, format }, format);
  }
  const clear = await transparentPng(40, 30);
  for (const format of ['png', 'webp', 'avif', 'tiff'] as const) {
    const encoded = await sharp(clear)
      .toFormat(format, format === 'tiff' ? { compression: 'lzw' } : {})
      .toBuffer();
    t.match(await factsOf(encoded), { ...still, format, alpha: true }, `${format} with alpha`);
  }
  const progressive = await gradient(40, 30).jpeg({ progressive: true }).toBuffer();
  t.match(await factsOf(progressive), { ...still, format: 'jpeg', progressive: true });
  for (const format of ['gif', 'webp'] as const) {
    t.match(await factsOf(await animation(format, 4, 60, 40)), { format, width: 60, height: 40, frames: 4 });
  }
});

t.test('pages are frames of an animation only', async (t) => {
  const frames = sharp(await moving('webp'), { animated: true });
  const pages = await frames.tiff().toBuffer();
  t.equal((await sharp(pages).metadata()).pages, 3);
  t.match(await factsOf(pages), { format: 'tiff', width: 30, height: 20, frames: 1 });
});

t.test('sides are those of the upright picture', async (t) => {
  for (const orientation of orientations) {
    t.match(
      await factsOf(await orientedJpeg(orientation, 40, 30)),
      { width: 40, height: 30 },
      `orientation ${orientation}`,
    );
  }
});

t.test('a header is read whatever size it says', async (t) => {
  const header = Buffer.from(await png(1, 1));
  header.writeUInt32BE(100_000, 16);
  header.writeUInt32BE(100_000, 20);
  t.match(await factsOf(withChecksum(header)), { width: 100_000, height: 100_000 });
});

/** A PNG whose first chunk has the checksum of what is in it (PNG, third edition, annex D). */
function withChecksum(encoded: Buffer): Buffer {
  let rest = 0xffffffff;
  for (const byte of encoded.subarray(12, 29)) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  encoded.writeUInt32BE((rest ^ 0xffffffff) >>> 0, 29);
  return encoded;
}

t.test('a header that cannot be read is a damaged original', async (t) => {
  for (const [format, encoded] of await originals()) {
    const reading = readFacts(encoded.subarray(0, 20), format);
    await t.rejects(reading, { name: 'ServiceError', code: 'corrupt_image', cause: Error }, format);
  }
});

t.test('frames that end too soon are a damaged original, seen by the header', async (t) => {
  const encoded = await gradient(40, 30).gif().toBuffer();
  const cut = encoded.subarray(0, Math.floor(encoded.length * 0.6));
  await t.rejects(readFacts(cut, 'gif'), { code: 'corrupt_image' });
});

async function avifBranded(brand: string): Promise<Buffer> {
  const encoded = await gradient(40, 30).avif({ effort: 0 }).toBuffer();
  encoded.write(brand, 8, 'latin1');
  return encoded;
}

t.test('what the machine refuses is not the original’s fault', (t) => {
  const full = new Error('VipsImage: unable to write to "/tmp/vips-1.v"\nsystem error: No space left on device');
  t.match(sharpError(full), { code: 'internal', message: /No space left/, cause: full });
  const damaged = new Error('VipsJpeg: premature end of JPEG image');
  const error = sharpError(damaged);
  t.match(error, { code: 'corrupt_image', cause: { message: damaged.message } });
  // A stack that nobody has read holds on to the picture: an error is kept as long as a record.
  t.equal(error.stack, 'ServiceError: The original is damaged and cannot be decoded.');
  t.equal((error.cause as Error).stack, damaged.message);
  t.end();
});

t.test('AVIF that names its brand second is read', async (t) => {
  for (const brand of ['mif1', 'heic']) {
    const encoded = await avifBranded(brand);
    t.equal(
      (await sharp(encoded).metadata()).compression,
      'hevc',
      'which is what sharp says of every other major brand',
    );
    t.match(await factsOf(encoded), { format: 'avif', width: 40, height: 30 });
    t.strictSame(await sides(await variant(encoded, { w: 20, f: 'png' })), { width: 20, height: 15 });
  }
});
