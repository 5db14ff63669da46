import sharp from 'sharp';
import t from 'tap';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { greyProfile, knownProfile } from '../support/icc-profile.ts';
import { adobeSegment, profileSegments } from '../support/jpeg-blocks.ts';
import { distance } from '../support/pictures.ts';
import { type PngSamples, pngChunk, pngOf, pngProfile } from '../support/png-chunks.ts';
import { inDisplayP3, inSrgb } from '../support/primaries.ts';
import { type Colour, deep, isShown, jpegSwatches, pngSwatches, WHITE } from '../support/swatches.ts';
import { variant } from '../support/variants.ts';

setUpSharp(DRAWING_RULES.native);

const RGB: readonly Colour[] = [[255, 0, 0], [0, 128, 0], [128, 64, 192], [200, 120, 40], WHITE, [0, 0, 0]];
const RGBA = RGB.map((colour, index) => [...colour, [255, 255, 128, 64, 0, 255][index] ?? 255]);
const GREYS: readonly Colour[] = [[0], [85], [170], [255]];
const grey = (...[level = 0, alpha = 255]: Colour) => [level, level, level, alpha];

t.test('PNG of every depth shows its colours', async (t) => {
  const rows: readonly (readonly [PngSamples, readonly Colour[]])[] = [
    [pngSwatches(16, 'rgb', deep(RGB)), RGB],
    [pngSwatches(16, 'rgba', deep(RGBA)), RGBA],
    [pngSwatches(16, 'grey', deep(GREYS)), GREYS.map((level) => grey(...level))],
    [
      pngSwatches(
        16,
        'greyAlpha',
        deep([
          [0, 255],
          [85, 128],
          [255, 0],
        ]),
      ),
      [grey(0), grey(85, 128), grey(255, 0)],
    ],
    [
      pngSwatches(8, 'greyAlpha', [
        [0, 255],
        [85, 128],
        [255, 0],
      ]),
      [grey(0), grey(85, 128), grey(255, 0)],
    ],
    [pngSwatches(4, 'grey', [[0], [5], [15]]), [grey(0), grey(85), grey(255)]],
    [pngSwatches(2, 'grey', [[0], [1], [2], [3]]), GREYS.map((level) => grey(...level))],
    [pngSwatches(1, 'grey', [[0], [1], [0]]), [grey(0), grey(255), grey(0)]],
  ];
  for (const [picture, colours] of rows) {
    await isShown(t, { original: pngOf(picture), colours }, `${picture.depth} bits ${picture.colour}`);
  }
});

t.test('a PNG palette is as clear as it says', async (t) => {
  const palette = pngChunk('PLTE', Buffer.from([255, 0, 0, 0, 128, 0, 0, 0, 255, 10, 20, 30]));
  const alphas = pngChunk('tRNS', Buffer.from([255, 128, 0]));
  const colours = [
    [255, 0, 0, 255],
    [0, 128, 0, 128],
    [0, 0, 255, 0],
    [10, 20, 30, 255],
  ];
  for (const depth of [2, 4, 8] as const) {
    const picture = pngSwatches(depth, 'palette', [[0], [1], [2], [3]]);
    await isShown(t, { original: pngOf(picture, [palette, alphas]), colours }, `${depth} bits`);
    const opaque = colours.map((colour) => colour.slice(0, 3));
    await isShown(t, { original: pngOf(picture, [palette]), colours: opaque }, `${depth} bits, opaque`);
  }
});

t.test('one colour of a PNG can be the clear one', async (t) => {
  const clear = pngChunk('tRNS', Buffer.from([0, 0, 0, 128, 0, 0]));
  const colours = RGB.map((colour, index) => [...colour, index === 1 ? 0 : 255]);
  await isShown(t, { original: pngOf(pngSwatches(8, 'rgb', RGB), [clear]), colours }, 'tRNS');
});

t.test('JPEG of one component, and of three that are no luminance', async (t) => {
  const greys = GREYS.map((level) => grey(...level));
  await isShown(t, { original: jpegSwatches(GREYS), colours: greys }, 'grey');
  await isShown(t, { original: jpegSwatches(RGB, [adobeSegment(0)]), colours: RGB }, 'RGB');
});

const WIDE = RGB.map(inDisplayP3);

t.test('colours of Display P3 are told in sRGB', async (t) => {
  const icc = await knownProfile('p3');
  const rows: readonly (readonly [what: string, original: Buffer])[] = [
    ['PNG', pngOf(pngSwatches(8, 'rgb', WIDE), [pngProfile(icc)])],
    [
      'PNG with alpha',
      pngOf(
        pngSwatches(
          8,
          'rgba',
          WIDE.map((colour) => [...colour, 255]),
        ),
        [pngProfile(icc)],
      ),
    ],
    ['JPEG', jpegSwatches(WIDE, [adobeSegment(0), ...profileSegments(icc)])],
  ];
  for (const [what, original] of rows) await isShown(t, { original, colours: RGB, tolerance: 4 }, what);
  const palette = pngChunk('PLTE', Buffer.from(WIDE.flat()));
  const indexed = pngSwatches(
    4,
    'palette',
    WIDE.map((_, index) => [index]),
  );
  await isShown(t, { original: pngOf(indexed, [pngProfile(icc), palette]), colours: RGB, tolerance: 4 }, 'palette');
});

t.test('AVIF and TIFF of more than eight bits show their colours', async (t) => {
  for (const [what, original] of await deepPictures()) await isShown(t, { original, colours: RGB, tolerance: 8 }, what);
});

/** Formats of which none is put together by hand here; `profile` is what their encoder converts to and attaches. */
async function deepPictures(profile?: 'srgb' | 'p3'): Promise<readonly (readonly [what: string, original: Buffer])[]> {
  // From eight bits: sharp would take the numbers of more for Display P3.
  const deepest = sharp(pngOf(pngSwatches(8, 'rgb', RGB))).toColourspace('rgb16');
  const image = profile ? deepest.withIccProfile(profile) : deepest;
  const settings = { quality: 95, chromaSubsampling: '4:4:4', effort: 0 } as const;
  return [
    [
      'AVIF of 10 bits',
      await image
        .clone()
        .avif({ ...settings, bitdepth: 10 })
        .toBuffer(),
    ],
    [
      'AVIF of 12 bits',
      await image
        .clone()
        .avif({ ...settings, bitdepth: 12 })
        .toBuffer(),
    ],
    ['TIFF of 16 bits', await image.clone().tiff({ compression: 'lzw' }).toBuffer()],
  ];
}

// sharp 0.35.5 converts more than eight bits with a profile to Display P3 and writes those numbers as if they were sRGB.
t.test('more than eight bits with a profile are told in sRGB too', async (t) => {
  const [srgb, p3] = [pngProfile(await knownProfile('srgb')), pngProfile(await knownProfile('p3'))];
  await isShown(t, { original: pngOf(pngSwatches(16, 'rgb', deep(RGB)), [srgb]), colours: RGB, tolerance: 4 }, 'sRGB');
  await isShown(t, { original: pngOf(pngSwatches(16, 'rgb', deep(WIDE)), [p3]), colours: RGB, tolerance: 4 }, 'P3');
  for (const profile of ['srgb', 'p3'] as const) {
    for (const [what, original] of await deepPictures(profile)) {
      await isShown(t, { original, colours: RGB, tolerance: 8 }, `${what}, ${profile}`);
    }
  }
});

/** Greys stored as light itself, and as sRGB has them. */
const LIGHT: readonly Colour[] = [[0], [55], [128], [255]];
const SEEN = LIGHT.map(([level = 0]) => grey(inSrgb(level / 255)));

t.test('greys with a profile are told in sRGB', async (t) => {
  const icc = greyProfile(1);
  const rows: readonly (readonly [what: string, original: Buffer])[] = [
    ['PNG', pngOf(pngSwatches(8, 'grey', LIGHT), [pngProfile(icc)])],
    [
      'PNG with alpha',
      pngOf(
        pngSwatches(
          8,
          'greyAlpha',
          LIGHT.map((level) => [...level, 255]),
        ),
        [pngProfile(icc)],
      ),
    ],
    ['JPEG', jpegSwatches(LIGHT, profileSegments(icc))],
  ];
  for (const [what, original] of rows) await isShown(t, { original, colours: SEEN, tolerance: 4 }, what);
});

t.test('sixteen bits of grey with a profile are told in sRGB too', async (t) => {
  const original = pngOf(pngSwatches(16, 'grey', deep(LIGHT)), [pngProfile(greyProfile(1))]);
  await isShown(t, { original, colours: SEEN, tolerance: 4 }, 'PNG');
});

t.test('a profile of other colours than the picture has is passed over', async (t) => {
  const original = jpegSwatches(RGB, [adobeSegment(0), ...profileSegments(greyProfile(1))]);
  await isShown(t, { original, colours: RGB }, 'RGB with the profile of greys');
});

t.test('what is sRGB stays as it is', async (t) => {
  for (const chunks of [[], [pngProfile(await knownProfile('srgb'))], [pngChunk('sRGB', Buffer.of(0))]]) {
    const original = pngOf(pngSwatches(8, 'rgb', RGB), chunks);
    t.equal(await distance(await variant(original, { f: 'png' }), pngOf(pngSwatches(8, 'rgb', RGB))), 0);
  }
});
