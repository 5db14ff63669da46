import sharp from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { canonicalTurn, type Flip, type Rotation } from '../../src/request/turn.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { turnedSize, turnOf, unturned } from '../../src/transform/turn.ts';
import { animation, colourAt, orientedJpeg, paint } from '../support/pictures.ts';
import { PHOTO } from '../support/plans.ts';
import { POLICY, variant } from '../support/variants.ts';

const ROTATIONS: readonly (Rotation | undefined)[] = [undefined, 90, 180, 270];
const FLIPS: readonly (Flip | undefined)[] = [undefined, 'h', 'v', 'hv'];
const WAYS = ROTATIONS.flatMap((rot) => FLIPS.map((flip) => ({ rot, flip })));

type Point = readonly [x: number, y: number];

/** Where a point of a picture of the given sides comes to lie: turned step by step, a quarter at a time, then mirrored. */
function moved(
  [x, y]: Point,
  width: number,
  height: number,
  { rot = 0, flip = '' }: { rot?: number | undefined; flip?: string | undefined },
): Point {
  let at: Point = [x, y];
  let sides: Point = [width, height];
  for (let quarter = 0; quarter < rot / 90; quarter++) {
    at = [sides[1] - 1 - at[1], at[0]];
    sides = [sides[1], sides[0]];
  }
  if (flip.includes('h')) at = [sides[0] - 1 - at[0], at[1]];
  if (flip.includes('v')) at = [at[0], sides[1] - 1 - at[1]];
  return at;
}

/** Canonical options, as a request comes to have them. */
function optionsOf({ rot, flip }: (typeof WAYS)[number], others: Options = {}): Options {
  return { ...others, ...canonicalTurn(rot, flip) };
}

t.test('sixteen ways to say it have eight names, and mean what they say', (t) => {
  const names = new Map<string, string>();
  for (const way of WAYS) {
    const name = canonicalTurn(way.rot, way.flip);
    const where = JSON.stringify(
      [
        [0, 0],
        [3, 0],
      ].map((point) => moved(point as unknown as Point, 4, 2, way)),
    );
    t.equal(
      JSON.stringify(
        [
          [0, 0],
          [3, 0],
        ].map((point) => moved(point as unknown as Point, 4, 2, name)),
      ),
      where,
      JSON.stringify(way),
    );
    t.equal(names.get(where) ?? JSON.stringify(name), JSON.stringify(name), 'the same name for the same way');
    names.set(where, JSON.stringify(name));
  }
  t.equal(names.size, 8);
  t.end();
});

t.test('a region of a turned picture is found in the picture', (t) => {
  for (const way of WAYS) {
    const turn = turnOf(optionsOf(way));
    const size = { width: 7, height: 5 };
    const region = { left: 0, top: 2, width: 3, height: 1 };
    const found = unturned(region, turn, size);
    const corners = [
      [found.left, found.top],
      [found.left + found.width - 1, found.top + found.height - 1],
    ].map((corner) => moved(corner as unknown as Point, 7, 5, way));
    const xs = corners.map(([x]) => x).sort();
    const ys = corners.map(([, y]) => y).sort();
    t.same(
      [xs, ys],
      [
        [0, 2],
        [2, 2],
      ],
      JSON.stringify(way),
    );
    t.same(turnedSize(size, turn), way.rot === 90 || way.rot === 270 ? { width: 5, height: 7 } : size);
  }
  t.end();
});

/** Red where the mark is, blue elsewhere. */
function marked(width: number, height: number, mark: Point, radius: number) {
  return paint(width, height, (x, y) => (Math.hypot(x - mark[0], y - mark[1]) < radius ? [255, 0, 0] : [0, 0, 255]));
}

const isRed = ([red = 0, , blue = 255]: readonly number[]) => red > 180 && blue < 80;

t.test('a mark comes to lie where it should, whichever way the original lies', async (t) => {
  const upright = await marked(80, 40, [12, 8], 6).png().toBuffer();
  const stored = [
    upright,
    await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer(),
    await sharp(upright).rotate(270).flop().withMetadata({ orientation: 5 }).jpeg({ quality: 95 }).toBuffer(),
    await sharp(upright).rotate(180).withMetadata({ orientation: 3 }).jpeg({ quality: 95 }).toBuffer(),
  ] as const;
  for (const [index, original] of stored.entries()) {
    for (const way of WAYS) {
      const encoded = await variant(original, optionsOf(way, { f: 'png' }));
      const [x, y] = moved([12, 8], 80, 40, way);
      const { width, height } = await sharp(encoded).metadata();
      t.same([width, height], way.rot === 90 || way.rot === 270 ? [40, 80] : [80, 40]);
      t.ok(isRed(await colourAt(encoded, x, y)), `original ${index}, ${JSON.stringify(way)}`);
      t.notOk(isRed(await colourAt(encoded, width - 1 - x, y)));
    }
  }
});

t.test('a turned picture is cropped, scaled and cut as it then stands', async (t) => {
  const original = await marked(80, 40, [12, 8], 6).png().toBuffer();
  for (const way of WAYS) {
    const onSide = way.rot === 90 || way.rot === 270;
    const half = await variant(original, optionsOf(way, onSide ? { h: 40 } : { w: 40 }));
    const [x, y] = moved([6, 4], 40, 20, way);
    t.ok(isRed(await colourAt(half, x, y)), `scaled, ${JSON.stringify(way)}`);
    const cropped = await variant(original, optionsOf(way, { crop: '0,0,40,20' }));
    const [cx, cy] = moved([12, 8], 40, 20, way);
    t.ok(isRed(await colourAt(cropped, cx, cy)), `cropped first, ${JSON.stringify(way)}`);
    // The mark is in the middle when it is the focus.
    const [fx, fy] = moved([12, 8], 80, 40, way);
    const [sideX, sideY] = onSide ? [40, 80] : [80, 40];
    const pos = `${((fx + 0.5) / sideX).toFixed(4)},${((fy + 0.5) / sideY).toFixed(4)}`;
    for (const limits of [{}, { maxWidth: 16, maxHeight: 16 }]) {
      const cut = await variant(original, optionsOf(way, { w: 16, h: 16, pos, crop: '4,0,16,16' }), limits);
      t.same((await sharp(cut).metadata()).width, 16);
      t.ok(isRed(await colourAt(cut, 8, 8)), `cut, ${JSON.stringify(way)}`);
    }
  }
});

t.test('a box that has to be cut first is cut from the right end', async (t) => {
  const original = await marked(400, 4, [2, 2], 8).png().toBuffer();
  const limits = { maxWidth: 40, maxHeight: 40 };
  for (const way of WAYS) {
    const [x, y] = moved([2, 2], 400, 4, way);
    const pos = way.rot === 90 || way.rot === 270 ? `0.5,${y < 200 ? 0 : 1}` : `${x < 200 ? 0 : 1},0.5`;
    const encoded = await variant(original, optionsOf(way, { w: 40, h: 40, pos }), limits);
    t.ok(isRed(await colourAt(encoded, 20, 20)), JSON.stringify(way));
  }
});

t.test('a photo on its side is turned again', async (t) => {
  for (const rot of [90, 180, 270] as const) {
    const encoded = await variant(await orientedJpeg(8, 60, 40), { rot, w: 30 });
    const { width, height } = await sharp(encoded).metadata();
    t.same([width, height], rot === 180 ? [30, 20] : [30, 45]);
  }
});

t.test('of an animation that is turned the first frame is shown, and one that is mirrored stays one', async (t) => {
  const original = await animation('gif', 4, 20, 10);
  for (const way of WAYS) {
    const encoded = await variant(original, optionsOf(way, { w: 10 }));
    const { pages = 1 } = await sharp(encoded).metadata();
    t.equal(pages, canonicalTurn(way.rot, way.flip).rot === undefined ? 4 : 1, JSON.stringify(way));
    t.ok(Math.abs(((await colourAt(encoded, 2, 2))[0] ?? 0) - 63.75) < 12, 'the first');
  }
});

t.test('every frame of an animation is mirrored for itself', async (t) => {
  const frames = [40, 120].map((level) => paint(20, 10, (x) => (x < 5 ? [255, 0, 0] : [level, level, level])));
  const strip = Buffer.concat(await Promise.all(frames.map((frame) => frame.raw().toBuffer())));
  const original = await sharp(strip, { raw: { width: 20, height: 20, channels: 3, pageHeight: 10 } })
    .webp({ lossless: true, delay: 100 })
    .toBuffer();
  const encoded = await variant(original, { flip: 'h' });
  for (const [page, level] of [40, 120].entries()) {
    const frame = await sharp(encoded, { page }).png().toBuffer();
    t.ok(isRed(await colourAt(frame, 18, 5)), `frame ${page}`);
    t.ok(Math.abs(((await colourAt(frame, 2, 5))[0] ?? 0) - level) < 12);
  }
});

t.test('pixels to decode are counted the way the original lies', (t) => {
  const facts = { ...PHOTO, width: 4000, height: 1000 };
  // 100 x 400 after the turn, 400 x 100 before it: a tenth, and the decoder leaves at least twice as much: a quarter.
  t.equal(planVariant({ rot: 90, w: 100 }, facts, [], POLICY)?.sourcePixels, 1000 * 250);
  t.end();
});
