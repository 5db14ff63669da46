import sharp from 'sharp';
import t, { type Test } from 'tap';
import type { Options } from '../../src/request/options.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { jpegSegment, withJpegSegments } from '../support/jpeg-blocks.ts';
import {
  type BoxTurn,
  boxedAvif,
  cornersOf,
  exifOrientation,
  ORIENTATIONS,
  storedAs,
  turnedBy,
  UPRIGHT,
} from '../support/oriented.ts';
import { pngChunk, withPngChunk } from '../support/png-chunks.ts';
import { factsOf, variant } from '../support/variants.ts';

setUpSharp(DRAWING_RULES.native);

async function orientedPng(orientation: number): Promise<Buffer> {
  const encoded = await storedAs(orientation, 80, 40).png().toBuffer();
  return withPngChunk(encoded, pngChunk('eXIf', exifOrientation(orientation)));
}

async function orientedJpeg(orientation: number): Promise<Buffer> {
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exifOrientation(orientation)]);
  const encoded = await storedAs(orientation, 80, 40).jpeg({ quality: 95 }).toBuffer();
  return withJpegSegments(encoded, [jpegSegment(0xe1, exif)]);
}

const ORIENTED: readonly (readonly [what: string, make: (orientation: number) => Promise<Buffer>])[] = [
  ['JPEG', orientedJpeg],
  ['PNG with eXIf', orientedPng],
  ['WebP', (orientation) => storedAs(orientation, 80, 40).withMetadata({ orientation }).webp().toBuffer()],
  ['TIFF', (orientation) => storedAs(orientation, 80, 40).withMetadata({ orientation }).tiff().toBuffer()],
  ['AVIF', (orientation) => storedAs(orientation, 80, 40).withMetadata({ orientation }).avif({ effort: 0 }).toBuffer()],
];

async function isUpright(t: Test, original: Buffer, what: string): Promise<void> {
  t.match(await factsOf(original), { width: 80, height: 40 }, `facts of ${what}`);
  // Scaled, cut out of the middle, and cut before it is scaled: three places where it is turned.
  const rows: readonly (readonly [options: Options, width: number, height: number])[] = [
    [{ f: 'png' }, 80, 40],
    [{ f: 'webp', w: 40 }, 40, 20],
    [{ f: 'png', w: 30, h: 30 }, 30, 30],
    [{ f: 'png', crop: '20,0,40,40', h: 20 }, 20, 20],
  ];
  for (const [options, width, height] of rows) {
    const encoded = await variant(original, options);
    const metadata = await sharp(encoded).metadata();
    t.match(
      metadata,
      { width, height, orientation: undefined, exif: undefined },
      `${what}, ${JSON.stringify(options)}`,
    );
    t.strictSame(await cornersOf(encoded), UPRIGHT, `${what}, ${JSON.stringify(options)}`);
  }
}

for (const [what, make] of ORIENTED) {
  t.test(`${what} is shown upright, whichever way it is stored`, async (t) => {
    for (const orientation of ORIENTATIONS) await isUpright(t, await make(orientation), `${what} ${orientation}`);
  });
}

const TURNS: readonly BoxTurn[] = [0, 1, 2, 3].flatMap((quarters) => [
  { quarters },
  { quarters, mirror: 'top with bottom' },
  { quarters, mirror: 'left with right' },
]);

t.test('AVIF is turned as its boxes say and never by its EXIF too', async (t) => {
  for (const turn of TURNS) {
    for (const orientation of [1, 3, 6]) {
      const original = await boxedAvif(turn, orientation);
      const what = `${JSON.stringify(turn)}, EXIF ${orientation}`;
      const [width, height] = turn.quarters % 2 === 1 ? [40, 80] : [80, 40];
      t.match(await factsOf(original), { width, height }, what);
      const encoded = await variant(original, { f: 'png', w: width / 2 });
      t.match(await sharp(encoded).metadata(), { width: width / 2, height: height / 2 }, what);
      t.strictSame(await cornersOf(encoded), turnedBy(turn, UPRIGHT), what);
    }
  }
});
