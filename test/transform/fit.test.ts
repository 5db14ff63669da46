import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import type { Fit, Options } from '../../src/request/options.ts';
import { computeGeometry, type Geometry, type Size, type SizeLimits } from '../../src/transform/geometry.ts';
import { oracle } from '../support/oracle.ts';
import { animation, colourAt, gradient, orientedJpeg, paint, transparentPng } from '../support/pictures.ts';
import { planFor, variant } from '../support/variants.ts';

const NO_LIMITS: SizeLimits = { maxWidth: 1e9, maxHeight: 1e9, maxPixels: 1e15 };
const FITS: readonly Fit[] = ['cover', 'contain', 'fill', 'inside', 'outside'];

const side = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 }));
const original = fc.record({ width: side, height: side });
const asked = fc.record(
  {
    w: side,
    h: side,
    fit: fc.constantFrom(...FITS),
    enlarge: fc.constantFrom(0 as const, 1 as const),
    pos: fc.constantFrom('left top', 'right', 'bottom', '0.2,0.9', '0,1', '1,0'),
  },
  { requiredKeys: [] },
);

t.test('the sides of every fit, with and without enlarging, are those of the oracle', (t) => {
  fc.assert(
    fc.property(original, asked, (picture, options) => {
      const { output } = computeGeometry(picture, options, NO_LIMITS);
      const wanted = oracle(picture, options);
      return output.width === wanted.width && output.height === wanted.height;
    }),
    { numRuns: 20_000 },
  );
  t.end();
});

t.test('within limits, whatever is asked for; and every part lies within its whole', (t) => {
  const limits = fc.record({ maxWidth: side, maxHeight: side, maxPixels: fc.integer({ min: 1, max: 1e6 }) });
  const isPartOf = (crop: Geometry['crop'], whole: Size) => !crop || ('left' in crop && isInside(crop, whole));
  const isInside = (part: Size & { left: number; top: number }, whole: Size) =>
    part.left >= 0 && part.top >= 0 && part.left + part.width <= whole.width && part.top + part.height <= whole.height;
  fc.assert(
    fc.property(original, asked, limits, (picture, options, by) => {
      const { output, region, scaled, crop, place } = computeGeometry(picture, options, by);
      const isBounded = output.width <= by.maxWidth && output.height <= by.maxHeight;
      const isSmall = output.width * output.height <= by.maxPixels && scaled.width * scaled.height <= by.maxPixels;
      const shown = crop ?? scaled;
      const fills = shown.width === output.width && shown.height === output.height;
      return (
        isBounded &&
        isSmall &&
        (region === undefined || isInside(region, picture)) &&
        isPartOf(crop, scaled) &&
        (place ? isInside({ ...scaled, ...place }, output) && !fills : fills)
      );
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('half a pixel is rounded upwards, however it comes about', (t) => {
  const { output } = computeGeometry({ width: 6535, height: 7 }, { w: 16_803, h: 18, enlarge: 0 }, NO_LIMITS);
  t.same(output, { width: 6535, height: 7 }, '16803 x 7 / 18 is 6534.5');
  t.end();
});

t.test('what cover keeps', (t) => {
  const wide = { width: 400, height: 100 };
  const high = { width: 100, height: 400 };
  const box = { w: 100, h: 100 };
  const rows: readonly [Size, string, { left: number; top: number }][] = [
    [wide, 'left', { left: 0, top: 0 }],
    [wide, 'right', { left: 300, top: 0 }],
    [wide, 'top', { left: 150, top: 0 }],
    [wide, 'right bottom', { left: 300, top: 0 }],
    [wide, '0.5,0.5', { left: 150, top: 0 }],
    [wide, '0.25,0.5', { left: 50, top: 0 }],
    [wide, '0.05,0.5', { left: 0, top: 0 }],
    [wide, '0.99,0', { left: 300, top: 0 }],
    [high, 'top', { left: 0, top: 0 }],
    [high, 'bottom', { left: 0, top: 300 }],
    [high, 'left', { left: 0, top: 150 }],
    [high, '0,0.75', { left: 0, top: 250 }],
  ];
  for (const [picture, pos, place] of rows) {
    t.match(computeGeometry(picture, { ...box, pos }, NO_LIMITS).crop, place, `${pos} of ${picture.width}`);
  }
  t.end();
});

t.test('what cover keeps when it has to cut first', (t) => {
  const limits = { maxWidth: 100, maxHeight: 100, maxPixels: 10_000 };
  const region = (pos: string) => computeGeometry({ width: 10, height: 1000 }, { w: 100, h: 100, pos }, limits).region;
  t.same(region('top'), { left: 0, top: 0, width: 10, height: 10 });
  t.same(region('bottom'), { left: 0, top: 990, width: 10, height: 10 });
  t.same(region('0.5,0.25'), { left: 0, top: 245, width: 10, height: 10 });
  t.end();
});

t.test('where contain puts the picture', (t) => {
  const place = (pos: string, enlarge: 0 | 1 = 1) =>
    computeGeometry({ width: 50, height: 100 }, { w: 200, h: 200, fit: 'contain', pos, enlarge }, NO_LIMITS);
  t.match(place('left'), { scaled: { width: 100, height: 200 }, place: { left: 0, top: 0 } });
  t.match(place('right'), { place: { left: 100, top: 0 } });
  t.match(place('centre'), { place: { left: 50, top: 0 } });
  t.match(place('right bottom', 0), { scaled: { width: 50, height: 100 }, place: { left: 150, top: 100 } });
  const exact = computeGeometry({ width: 50, height: 100 }, { w: 100, h: 200, fit: 'contain' }, NO_LIMITS);
  t.equal(exact.place, undefined, 'nothing to pad');
  t.end();
});

/** Blue, with a red corner at the left and top. */
function cornered(width: number, height: number) {
  return paint(width, height, (x, y) => (x < width / 4 && y < height / 4 ? [255, 0, 0] : [0, 0, 255]));
}

t.test('a corner of the picture is in that corner of what is kept', async (t) => {
  const picture = await cornered(400, 100).png().toBuffer();
  const red = [255, 0, 0];
  const blue = [0, 0, 255];
  const at = async (pos: string) => await colourAt(await variant(picture, { w: 100, h: 100, pos }), 10, 10);
  t.same(await at('left'), red);
  t.same(await at('0,0'), red);
  t.same(await at('right'), blue);
  t.same(await at('centre'), blue);
});

t.test('contain pads with nothing, with white, or with a colour', async (t) => {
  const picture = await paint(100, 50, () => [0, 0, 255])
    .png()
    .toBuffer();
  const corner = async (options: Options) =>
    await colourAt(await variant(picture, { w: 100, h: 100, fit: 'contain', ...options }), 50, 10);
  t.same(await corner({}), [0, 0, 0, 0]);
  t.same(await corner({ bg: 'ff0000' }), [255, 0, 0]);
  t.same(await corner({ bg: 'ff000080' }), [255, 0, 0, 128]);
  t.same(await corner({ pos: 'top' }), [0, 0, 255, 255], 'the picture itself');
  const levels = async (options: Options) => await corner({ f: 'jpeg', ...options });
  t.ok(
    (await levels({})).every((level) => level > 250),
    'white, where there is no transparency',
  );
  const [red = 0, green = 255] = await levels({ bg: 'ff000080' });
  t.ok(red > 250 && Math.abs(green - 127) < 5, 'half a colour on white, where there is no transparency');
});

t.test('what is transparent gets the colour, where there is no transparency', async (t) => {
  const picture = await transparentPng(40, 20);
  const right = async (options: Options) => await colourAt(await variant(picture, { w: 40, ...options }), 35, 10);
  t.same(await right({}), [0, 0, 0, 0]);
  t.same((await right({ bg: '00ff00' }))[3], 0, 'which a PNG has');
  const [red = 255, green = 0] = await right({ f: 'jpeg', bg: '00ff00' });
  t.ok(red < 10 && green > 245);
});

t.test('fill distorts, inside and outside keep the shape', async (t) => {
  const picture = await gradient(80, 40).png().toBuffer();
  const sides = { fill: [60, 60], inside: [60, 30], outside: [120, 60], cover: [60, 60], contain: [60, 60] };
  for (const fit of FITS) {
    const encoded = await variant(picture, { w: 60, h: 60, fit });
    const { width, height } = await sharp(encoded).metadata();
    t.same([width, height], sides[fit], fit);
  }
  const [red = 0, green = 0] = await colourAt(await variant(picture, { w: 60, h: 60, fit: 'fill' }), 59, 59);
  t.ok(red > 250 && green > 250, 'to the last corner');
});

t.test('a picture on its side is placed by how it stands', async (t) => {
  const picture = await orientedJpeg(6, 40, 80);
  const top = await colourAt(await variant(picture, { w: 40, h: 40, pos: 'top' }), 20, 1);
  const bottom = await colourAt(await variant(picture, { w: 40, h: 40, pos: 'bottom' }), 20, 38);
  t.ok((top[1] ?? 255) < 20, 'green grows downwards');
  t.ok((bottom[1] ?? 0) > 235);
});

t.test('every frame of an animation is padded alike', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    const encoded = await variant(await animation(format, 4, 60, 40), {
      w: 30,
      h: 40,
      fit: 'contain',
      bg: 'ff0000',
    });
    const { pages, width, pageHeight } = await sharp(encoded, { animated: true }).metadata();
    t.same({ pages, width, pageHeight }, { pages: 4, width: 30, pageHeight: 40 });
    for (let page = 0; page < 4; page++) {
      const frame = await sharp(encoded, { page }).png().toBuffer();
      const [red = 0, green = 255] = await colourAt(frame, 15, 5);
      t.ok(red > 240 && green < 16, `${format}, frame ${page}: the colour above`);
      const [grey = -99, same = 99] = await colourAt(frame, 15, 20);
      t.ok(
        Math.abs(grey - 63.75 * (page + 1)) < 12 && Math.abs(grey - same) < 12,
        `${format}, frame ${page} in the middle`,
      );
    }
  }
});

t.test('crop cuts out of the picture as it stands, before anything else', async (t) => {
  const picture = await cornered(400, 200).png().toBuffer();
  const sides = async (options: Options) => (await planFor(picture, options)).output;
  t.same(await sides({ crop: '0,0,100,50' }), { width: 100, height: 50 });
  t.same(await sides({ crop: '0.5,0.5,0.25,0.25' }), { width: 100, height: 50 });
  t.same(await sides({ crop: '300,150,1.0,1.0' }), { width: 100, height: 50 }, 'what lies outside is left out');
  t.same(await sides({ crop: '0,0,0.0001,10' }), { width: 1, height: 10 });
  t.same(await sides({ crop: '0,0,100,50', w: 50 }), { width: 50, height: 25 });
  t.same(await sides({ crop: '0,0,100,50', w: 30, h: 30 }), { width: 30, height: 30 });
  const corner = await variant(picture, { crop: '0,0,100,50' });
  for (const [x, y] of [
    [0, 0],
    [99, 49],
  ] as const)
    t.same(await colourAt(corner, x, y), [255, 0, 0]);
  const beside = await variant(picture, { crop: '100,0,50,50', w: 20, h: 10, pos: 'top' });
  t.same(await colourAt(beside, 0, 0), [0, 0, 255]);
  const lying = await orientedJpeg(6, 40, 80);
  const lower = await variant(lying, { crop: '0,60,40,20' });
  t.ok(((await colourAt(lower, 20, 10))[1] ?? 0) > 200, 'of an upright picture');
});

t.test('crop with a box that has to be cut first', async (t) => {
  const picture = await cornered(40, 1000).png().toBuffer();
  const limits = { maxWidth: 100, maxHeight: 100 };
  const plan = await planFor(picture, { crop: '10,0,10,1000', w: 100, h: 100, pos: 'bottom' }, limits);
  t.same(plan.region, { left: 10, top: 990, width: 10, height: 10 });
});

t.test('crop outside of the picture is a bad option that says how large it is', async (t) => {
  const picture = await gradient(40, 30).png().toBuffer();
  for (const crop of ['40,0,1,1', '0,30,1,1', '1.0,0,1,1']) {
    const message = `Bad option "crop": expected a region of the 40x30 pixels there are, got ${crop}.`;
    await t.rejects(planFor(picture, { crop }), { code: 'bad_option', message });
  }
});

t.test('pad adds a border', async (t) => {
  const picture = await paint(40, 20, () => [0, 0, 255])
    .png()
    .toBuffer();
  const encoded = await variant(picture, { w: 20, pad: '1,2,3,4', bg: 'ff0000' });
  const { width, height } = await sharp(encoded).metadata();
  t.same([width, height], [26, 14]);
  const [red, blue] = [
    [255, 0, 0],
    [0, 0, 255],
  ];
  for (const [x, y] of [
    [4, 1],
    [23, 10],
  ] as const)
    t.same(await colourAt(encoded, x, y), blue);
  for (const [x, y] of [
    [3, 5],
    [24, 5],
    [10, 0],
    [10, 11],
  ] as const)
    t.same(await colourAt(encoded, x, y), red);
  const clear = await variant(picture, { w: 20, pad: '1,0,0,0' });
  t.same(await colourAt(clear, 5, 0), [0, 0, 0, 0]);
  const boxed = await planFor(picture, { w: 20, h: 20, fit: 'contain', pad: '5,5,5,5' });
  t.match(boxed, { output: { width: 30, height: 30 }, place: { left: 5, top: 10 } });
  const cut = await variant(picture, { w: 20, h: 20, pad: '5,5,5,5', bg: 'ff0000' });
  t.same(await colourAt(cut, 5, 5), blue);
  t.same(await colourAt(cut, 25, 25), red);
});

t.test('picture and border keep within the limits together', async (t) => {
  const picture = await gradient(40, 20).png().toBuffer();
  const limits = { maxWidth: 100, maxHeight: 50 };
  const { output } = await planFor(picture, { w: 100, pad: '10,10,10,10' }, limits);
  t.same(output, { width: 80, height: 50 }, 'the picture became 60 x 30');
  await t.rejects(planFor(picture, { pad: '25,0,25,0' }, limits), {
    code: 'bad_option',
    message: 'Bad option "pad": expected less than 100x50 pixels, got 0x50.',
  });
  // 4,000 pixels for four frames are 1,000 for each.
  const frames = await animation('gif', 4, 20, 10);
  const few = { maxWidth: 100, maxHeight: 100, maxSourcePixels: 4000 };
  const { output: frame, animated } = await planFor(frames, { w: 100, pad: '5,5,5,5' }, few);
  t.ok(animated && frame.width * frame.height <= 1000, `${frame.width}x${frame.height}`);
  await t.rejects(planFor(frames, { pad: '20,0,20,0' }, few), { code: 'bad_option' });
});

t.test('colors makes a palette of PNG and GIF', async (t) => {
  const picture = await gradient(64, 64).png().toBuffer();
  const colours = async (f: 'png' | 'gif', colors: number) => {
    const pixels = await sharp(await variant(picture, { w: 64, f, colors }))
      .removeAlpha()
      .raw()
      .toBuffer();
    return new Set(Array.from({ length: pixels.length / 3 }, (_, index) => pixels.readUIntBE(index * 3, 3))).size;
  };
  for (const f of ['png', 'gif'] as const) {
    const [few, many] = [await colours(f, 4), await colours(f, 256)];
    t.ok(few <= 4 && many > 16 && many <= 256, `${f}: ${few} and ${many}`);
  }
  t.equal((await planFor(picture, { f: 'webp', colors: 4 })).encoder.colours, undefined);
});

t.test('anim=0 gives the first frame', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    const encoded = await variant(await animation(format, 4, 20, 10), { w: 10, anim: 0 });
    const { pages = 1 } = await sharp(encoded).metadata();
    t.equal(pages, 1, format);
    t.ok(Math.abs(((await colourAt(encoded, 5, 2))[0] ?? 0) - 63.75) < 12);
  }
});
