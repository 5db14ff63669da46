import sharp from 'sharp';
import t, { type Test } from 'tap';
import { sniffFormat } from '../../src/sniff.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { apngOf } from '../support/apng.ts';
import { uint32 } from '../support/big-endian.ts';
import { withGainMap } from '../support/gain-map.ts';
import { setUpOriginals } from '../support/originals-fixture.ts';
import { colourAt, jpeg } from '../support/pictures.ts';
import type { PngSamples } from '../support/png-chunks.ts';
import { factsOf, variant } from '../support/variants.ts';

const WRITTEN = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const;

const gainMapped = withGainMap(
  await jpeg(64, 48),
  await sharp({ create: { width: 16, height: 12, channels: 3, background: '#808080' } })
    .toColourspace('b-w')
    .jpeg()
    .toBuffer(),
);
/** Asked before any loader is blocked: the one that reads gain maps is. */
const readByAll = await sharp(gainMapped).metadata();

setUpSharp(DRAWING_RULES.native);

function plain(colour: readonly [number, number, number]): PngSamples {
  const row = Array.from({ length: 16 }, () => colour).flat();
  return { width: 16, height: 16, depth: 8, colour: 'rgb', row: () => row };
}

const [red, green, blue] = [plain([255, 0, 0]), plain([0, 255, 0]), plain([0, 0, 255])];

/** That an original is a still picture, and red in every format. */
async function isRedStill(t: Test, original: Buffer): Promise<void> {
  t.match(await factsOf(original), { width: 16, height: 16, frames: 1 });
  for (const f of WRITTEN) {
    const encoded = await variant(original, { f, w: 8 });
    const { pages = 1, width, height } = await sharp(encoded, { animated: true }).metadata();
    t.strictSame({ pages, width, height }, { pages: 1, width: 8, height: 8 }, f);
    const [r = 0, g = 255, b = 255] = await colourAt(encoded, 4, 4);
    t.ok(r > 240 && g < 16 && b < 16, `${r},${g},${b} in ${f}`);
  }
}

t.test('an animated PNG is a still picture of its first frame', async (t) => {
  await isRedStill(t, apngOf([red, green, blue]));
});

t.test('an animated PNG with a default image of its own shows that', async (t) => {
  await isRedStill(t, apngOf([green, blue], red));
});

t.test('of a TIFF of several pages the first is shown', async (t) => {
  const strip = Buffer.concat([red, green, blue].map(({ row }) => Buffer.alloc(16 * 16 * 3, Buffer.from(row(0)))));
  const raw = { width: 16, height: 48, channels: 3, pageHeight: 16 } as const;
  const original = await sharp(strip, { raw }).tiff({ compression: 'lzw' }).toBuffer();
  t.equal((await sharp(original).metadata()).pages, 3);
  await isRedStill(t, original);
});

t.test('a gain map is dropped with all that speaks of it', async (t) => {
  t.match(
    readByAll,
    { format: 'jpeg', width: 64, height: 48, gainMap: { image: Buffer } },
    'it is one to who reads them',
  );
  await isPlainOfGainMap(t, 'its loader blocked');
  sharp.unblock({ operation: ['VipsForeignLoadUhdrBuffer'] });
  t.teardown(() => sharp.block({ operation: ['VipsForeignLoadUhdrBuffer'] }));
  await isPlainOfGainMap(t, 'its loader in use');
});

async function isPlainOfGainMap(t: Test, what: string): Promise<void> {
  t.match(await factsOf(gainMapped), { format: 'jpeg', width: 64, height: 48, frames: 1 }, what);
  const base = await colourAt(await jpeg(64, 48), 32, 24);
  for (const f of WRITTEN) {
    const encoded = await variant(gainMapped, { f, w: 32 });
    const traces = ['MPF\0', 'hdrgm', 'GainMap', 'http', 'urn:iso'].filter((trace) => encoded.includes(trace));
    t.strictSame(traces, [], `${f}, ${what}`);
    t.equal(countJpegs(encoded), f === 'jpeg' ? 1 : 0, `pictures in ${f}, ${what}`);
    t.match(await sharp(encoded).metadata(), { width: 32, height: 24, xmp: undefined });
    const found = await colourAt(encoded, 16, 12);
    const isBase = base.every((level, channel) => Math.abs(level - (found[channel] ?? -1000)) < 16);
    t.ok(isBase, `${found} in ${f}, ${what}, where the base shows ${base}`);
  }
  const end = (await variant(gainMapped, { w: 32 })).subarray(-2);
  t.strictSame(end, Buffer.of(0xff, 0xd9), 'nothing follows the picture');
}

/** How often a JPEG starts; entropy-coded bytes cannot look like it (ITU-T T.81, B.1.1.5). */
function countJpegs(encoded: Buffer): number {
  return encoded.toString('latin1').split('\xff\xd8\xff').length - 1;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const heicTypes = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** What some other program reads, by how it begins. */
const UNKNOWN: readonly (readonly [what: string, head: Buffer])[] = [
  ...heicTypes.map(
    (brand) => [`HEIC ${brand}`, Buffer.concat([uint32(24), latin1(`ftyp${brand}\0\0\0\0mif1heic`)])] as const,
  ),
  ['BMP', Buffer.concat([latin1('BM'), Buffer.from('36000000000000003600000028000000', 'hex')])],
  ['ICO', Buffer.from('000001000100101000000100200068040000160000', 'hex')],
  ['CUR', Buffer.from('000002000100101000000000000068040000160000', 'hex')],
  ['PSD', latin1('8BPS\0\x01\0\0\0\0\0\0\0\x03')],
  ['PDF', latin1('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj')],
  ['PostScript', latin1('%!PS-Adobe-3.0 EPSF-3.0\n')],
  ['.v of this byte order', Buffer.from('08f2a6b600000010', 'hex')],
  ['.v of the other', Buffer.from('b6a6f20800000010', 'hex')],
  ['JPEG 2000', Buffer.from('0000000c6a5020200d0a870a', 'hex')],
  ['JPEG XL in boxes', Buffer.from('0000000c4a584c200d0a870a', 'hex')],
  ['Radiance', latin1('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n')],
  ['OpenEXR', Buffer.from('762f310102000000', 'hex')],
  ['FITS', latin1('SIMPLE  =                    T')],
  ['QOI', latin1('qoif\0\0\0\x10\0\0\0\x10\x03\0')],
  ['ZIP', latin1('PK\x03\x04')],
];

t.test('what is no format of ours is refused by its first bytes', async (t) => {
  for (const [what, head] of UNKNOWN) {
    const bytes = Buffer.concat([head, Buffer.alloc(90_000)]);
    t.equal(sniffFormat(bytes.subarray(0, 4096)), undefined, what);
    const { source, hold } = setUpOriginals();
    source.put('key', bytes, { contentType: 'image/jpeg' });
    const { record, release } = await hold();
    t.match(record.content, { kind: 'refused', error: { code: 'unsupported_image', row: { status: 415 } } }, what);
    t.ok((source.opens[0]?.chunks ?? 18) <= 2, `${what}: the first of 18 chunks, and one that the stream reads ahead`);
    release();
  }
});
