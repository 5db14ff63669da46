import sharp from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { animation, colourAt, orientedJpeg, paint } from '../support/pictures.ts';
import { planFor, variant } from '../support/variants.ts';

type Box = readonly [left: number, top: number, width: number, height: number];

/** A plain ground with a box on it, left half red, right half blue. */
function boxed(width: number, height: number, [left, top, across, down]: Box, ground = 255) {
  return paint(width, height, (x, y) => {
    if (x < left || x >= left + across || y < top || y >= top + down) return [ground, ground, ground];
    return x < left + across / 2 ? [255, 0, 0] : [0, 0, 255];
  });
}

async function sides(original: Buffer, options: Options): Promise<string> {
  const { width, height } = await sharp(await variant(original, { f: 'png', ...options })).metadata();
  return `${width}x${height}`;
}

t.test('what is left is what is within the border, and sides follow from that', async (t) => {
  const original = await boxed(100, 80, [20, 10, 40, 30]).png().toBuffer();
  t.equal(await sides(original, { trim: 10 }), '40x30');
  t.equal(await sides(original, { trim: 10, w: 20 }), '20x15');
  t.equal(await sides(original, { trim: 10, w: 20, h: 20 }), '20x20');
  t.equal(await sides(original, { trim: 10, w: 200, enlarge: 0 }), '40x30');
  t.equal(await sides(original, { trim: 10, pad: '1,2,3,4' }), '46x34');
  t.equal(await sides(original, { trim: 10, w: 10, h: 100, fit: 'inside' }), '10x8');
  const made = await variant(original, { trim: 10, f: 'png' });
  t.same(await colourAt(made, 0, 0), [255, 0, 0]);
  t.same(await colourAt(made, 39, 29), [0, 0, 255]);
});

t.test('after what is cut out and turned', async (t) => {
  const original = await boxed(100, 80, [20, 10, 40, 30]).png().toBuffer();
  const cut = await variant(original, { crop: '30,5,70,25', trim: 10, f: 'png' });
  t.match(await sharp(cut).metadata(), { width: 30, height: 20 });
  t.same(
    [await colourAt(cut, 9, 0), await colourAt(cut, 10, 0)],
    [
      [255, 0, 0],
      [0, 0, 255],
    ],
  );
  const turned = await variant(original, { rot: 90, flip: 'h', trim: 10, f: 'png' });
  t.match(await sharp(turned).metadata(), { width: 30, height: 40 });
  // Red, at the left, is at the top after a quarter turn.
  t.same(
    [await colourAt(turned, 15, 2), await colourAt(turned, 15, 37)],
    [
      [255, 0, 0],
      [0, 0, 255],
    ],
  );
  const both = await variant(original, { crop: '0,0,50,80', rot: 270, trim: 10, f: 'png' });
  t.match(await sharp(both).metadata(), { width: 30, height: 30 });
  t.same(await colourAt(both, 2, 28), [255, 0, 0], 'at the bottom after three');
});

t.test('of borders that are not alike, by whatever turn', async (t) => {
  // 10 to the left, 50 to the right, 5 above, 35 below; the corner that tells the colour is that of the turned picture.
  const original = await boxed(100, 80, [10, 5, 40, 40]).png().toBuffer();
  const red = [255, 0, 0];
  const blue = [0, 0, 255];
  for (const [options, first, last] of [
    [{}, red, blue],
    [{ flip: 'h' }, blue, red],
    [{ rot: 180 }, blue, red],
    [{ rot: 180, flip: 'h' }, red, blue],
    [{ crop: '5,0,90,80', flip: 'h' }, blue, red],
  ] as const) {
    const made = await variant(original, { trim: 10, f: 'png', ...options });
    t.match(await sharp(made).metadata(), { width: 40, height: 40 }, JSON.stringify(options));
    t.same([await colourAt(made, 0, 0), await colourAt(made, 39, 39)], [first, last], JSON.stringify(options));
  }
});

t.test('what is all border stays whole, however it is turned', async (t) => {
  const white = await paint(60, 40, () => [255, 255, 255])
    .png()
    .toBuffer();
  for (const rot of [90, 180, 270] as const) {
    t.equal(await sides(white, { trim: 10, rot }), rot === 180 ? '60x40' : '40x60');
    t.equal(await sides(white, { trim: 10, rot, flip: 'h' }), rot === 180 ? '60x40' : '40x60');
  }
  t.equal(await sides(white, { trim: 10, flip: 'h' }), '60x40');
});

t.test('of the upright picture', async (t) => {
  const upright = await boxed(60, 40, [30, 10, 20, 10]).png().toBuffer();
  const stored = await sharp(upright).rotate(270).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
  const made = await variant(stored, { trim: 60, f: 'png' });
  const { width = 0, height = 0 } = await sharp(made).metadata();
  // JPEG smears an edge by up to a block's neighbour pixels.
  t.ok(Math.abs(width - 20) <= 2 && Math.abs(height - 10) <= 2, `${width}x${height}`);
  t.ok(((await colourAt(made, 2, 5))[0] ?? 0) > 180);
  t.equal(await sides(await orientedJpeg(6, 40, 30), { trim: 0 }), '40x30', 'no border, nothing cut');
});

t.test('the number is how much the border may differ', async (t) => {
  const grainy = await paint(60, 60, (x, y) => {
    const isBox = x >= 20 && x < 40 && y >= 20 && y < 40;
    return isBox ? [0, 0, 0] : [(x + y) % 2 ? 240 : 250, 245, 245];
  })
    .png()
    .toBuffer();
  t.equal(await sides(grainy, { trim: 0 }), '60x60');
  t.equal(await sides(grainy, { trim: 30 }), '20x20');
  const deep = await sharp(grainy)
    .toColourspace('rgb16')
    .png({ bitdepth: 16 } as object)
    .toBuffer();
  t.equal((await sharp(deep).metadata()).depth, 'ushort');
  t.equal(await sides(deep, { trim: 30 }), '20x20', 'of 255, however many bits a channel has');
});

t.test('what is all border stays whole, as does what is too small to have one', async (t) => {
  const clear = { create: { width: 50, height: 40, channels: 4 as const, background: '#00000000' } };
  t.equal(await sides(await sharp(clear).png().toBuffer(), { trim: 10 }), '50x40');
  t.equal(await sides(await sharp(clear).png().toBuffer(), { trim: 10, w: 10 }), '10x8');
  const white = await paint(50, 40, () => [255, 255, 255])
    .png()
    .toBuffer();
  t.equal(await sides(white, { trim: 255 }), '50x40');
  for (const [width, height] of [
    [1, 1],
    [2, 2],
    [1, 9],
    [9, 2],
    [3, 3],
  ] as const) {
    const tiny = await paint(width, height, () => [9, 9, 9])
      .png()
      .toBuffer();
    t.equal(await sides(tiny, { trim: 10 }), `${width}x${height}`);
  }
});

t.test('a transparent border is one, too; one channel or four', async (t) => {
  const box = await paint(10, 20, () => [0, 0, 0])
    .png()
    .toBuffer();
  const clear = { create: { width: 50, height: 40, channels: 4 as const, background: '#00000000' } };
  const onClear = await sharp(clear)
    .composite([{ input: box, left: 7, top: 9 }])
    .png()
    .toBuffer();
  t.equal(await sides(onClear, { trim: 10 }), '10x20');
  const grey = await boxed(50, 40, [5, 5, 10, 10]).greyscale().toColourspace('b-w').png().toBuffer();
  t.equal(await sides(grey, { trim: 10 }), '10x10');
  const cmyk = await boxed(64, 64, [16, 16, 32, 16]).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  const { width = 0, height = 0 } = await sharp(await variant(cmyk, { trim: 60, f: 'png' })).metadata();
  t.ok(Math.abs(width - 32) <= 2 && Math.abs(height - 16) <= 2, `CMYK ${width}x${height}`);
});

t.test('of an animation the first frame, and of a JPEG every pixel', async (t) => {
  const plan = await planFor(await animation('gif', 4, 60, 40), { trim: 10, w: 30 });
  t.match(plan, { animated: false, firstOf: 1 });
  const jpeg = await boxed(800, 600, [100, 100, 400, 300]).jpeg({ quality: 100 }).toBuffer();
  t.equal((await planFor(jpeg, { trim: 20, w: 40 })).sourcePixels, 800 * 600);
  t.equal((await planFor(jpeg, { w: 40 })).sourcePixels, 100 * 75);
});
