import fc from 'fast-check';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { computeGeometry, type Geometry, type Size, type SizeLimits } from '../../src/transform/geometry.ts';

const limits: SizeLimits = { maxWidth: 4096, maxHeight: 4096, maxPixels: 4096 * 4096 };

function size(width: number, height: number): Size {
  return { width, height };
}

function sides({ width, height }: Size): string {
  return `${width}x${height}`;
}

type Row = readonly [original: Size, options: Pick<Options, 'w' | 'h'>, output: Size];

/** Written down by hand: w / original width x original height, halves upwards. */
const proportional: readonly Row[] = [
  [size(400, 300), { w: 200 }, size(200, 150)],
  [size(400, 300), { h: 150 }, size(200, 150)],
  [size(400, 300), {}, size(400, 300)],
  [size(400, 300), { w: 201 }, size(201, 151)],
  [size(400, 300), { w: 202 }, size(202, 152)],
  [size(400, 300), { w: 1 }, size(1, 1)],
  [size(400, 300), { w: 800 }, size(800, 600)],
  [size(3, 2), { w: 4096 }, size(4096, 2731)],
  [size(1, 1), { w: 4096 }, size(4096, 4096)],
  [size(1, 1), { h: 1 }, size(1, 1)],
  [size(1, 1), {}, size(1, 1)],
  [size(20_000, 1), { w: 100 }, size(100, 1)],
  [size(1, 20_000), { h: 100 }, size(1, 100)],
  [size(1_000_000, 1), { w: 1 }, size(1, 1)],
];

const tooLarge: readonly Row[] = [
  [size(8192, 4096), {}, size(4096, 2048)],
  [size(4096, 8192), {}, size(2048, 4096)],
  [size(400, 300), { h: 4096 }, size(4096, 3072)],
  [size(300, 400), { w: 4096 }, size(3072, 4096)],
  [size(1, 20_000), {}, size(1, 4096)],
  [size(20_000, 1), {}, size(4096, 1)],
  [size(1, 20_000), { w: 4096 }, size(1, 4096)],
  [size(20_000, 1), { h: 4096 }, size(4096, 1)],
  [size(1, 1_000_000_000), { w: 4096 }, size(1, 4096)],
];

const boxes: readonly Row[] = [
  [size(400, 300), { w: 200, h: 200 }, size(200, 200)],
  [size(400, 300), { w: 1, h: 1 }, size(1, 1)],
  [size(400, 300), { w: 4096, h: 4096 }, size(4096, 4096)],
  [size(1, 20_000), { w: 4096, h: 4096 }, size(4096, 4096)],
  [size(20_000, 1), { w: 4096, h: 4096 }, size(4096, 4096)],
  [size(400, 300), { w: 4096, h: 1 }, size(4096, 1)],
];

t.test('the sides of the answer', (t) => {
  for (const [original, options, output] of [...proportional, ...tooLarge, ...boxes]) {
    const what = `${sides(original)} at ${JSON.stringify(options)}`;
    t.strictSame(computeGeometry(original, options, limits).output, output, what);
  }
  t.end();
});

t.test('each limit alone scales both sides down', (t) => {
  const original = size(400, 200);
  const rows: readonly (readonly [limits: Partial<SizeLimits>, options: Pick<Options, 'w' | 'h'>, output: Size])[] = [
    [{ maxWidth: 100 }, {}, size(100, 50)],
    [{ maxHeight: 100 }, {}, size(200, 100)],
    [{ maxPixels: 20_000 }, {}, size(200, 100)],
    [{ maxWidth: 100, maxHeight: 20 }, {}, size(40, 20)],
    [{ maxWidth: 100 }, { w: 300, h: 300 }, size(100, 100)],
    [{ maxHeight: 100 }, { w: 300, h: 300 }, size(100, 100)],
    [{ maxPixels: 10_000 }, { w: 300, h: 300 }, size(100, 100)],
    [{ maxWidth: 400, maxHeight: 200, maxPixels: 80_000 }, {}, size(400, 200)],
    [{ maxWidth: 1 }, {}, size(1, 1)],
    [{ maxPixels: 1 }, {}, size(1, 1)],
  ];
  for (const [limit, options, output] of rows) {
    t.strictSame(computeGeometry(original, options, { ...limits, ...limit }).output, output, JSON.stringify(limit));
  }
  t.end();
});

t.test('a line of pixels keeps within the area too', (t) => {
  t.strictSame(computeGeometry(size(1, 1), { w: 1000, h: 1 }, { ...limits, maxPixels: 10 }).output, size(10, 1));
  t.end();
});

t.test('a picture that needs no cropping is scaled to its sides and not cut', (t) => {
  const rows: readonly Row[] = [...proportional, ...tooLarge, [size(400, 300), { w: 200, h: 150 }, size(200, 150)]];
  for (const [original, options, output] of rows) {
    t.strictSame(computeGeometry(original, options, limits), { output, scaled: output }, JSON.stringify(options));
  }
  t.end();
});

t.test('cover scales to the longer fit and keeps the middle', (t) => {
  const output = size(200, 200);
  t.strictSame(computeGeometry(size(400, 300), { w: 200, h: 200 }, limits), {
    output,
    scaled: size(267, 200),
    crop: { left: 34, top: 0, ...output },
  });
  t.strictSame(computeGeometry(size(300, 400), { w: 200, h: 200 }, limits), {
    output,
    scaled: size(200, 267),
    crop: { left: 0, top: 34, ...output },
  });
  t.strictSame(computeGeometry(size(100, 100), { w: 200, h: 100 }, limits), {
    output: size(200, 100),
    scaled: size(200, 200),
    crop: { left: 0, top: 50, width: 200, height: 100 },
  });
  t.end();
});

t.test('half a pixel is rounded up where a quotient would lose it', (t) => {
  // 60 * (41 / 40) is 61.49999999999999.
  const original = size(60, 40);
  t.match(computeGeometry(original, { w: 1, h: 41 }, limits), { scaled: size(62, 41), crop: { left: 31, width: 1 } });
  t.match(computeGeometry(original, { w: 90, h: 41, fit: 'contain' }, limits), { scaled: size(62, 41) });
  t.end();
});

t.test('cover of an extreme shape cuts before it scales', (t) => {
  const output = size(4096, 4096);
  t.strictSame(computeGeometry(size(1, 20_000), { w: 4096, h: 4096 }, limits), {
    output,
    scaled: output,
    region: { left: 0, top: 10_000, width: 1, height: 1 },
  });
  t.strictSame(computeGeometry(size(20_000, 10), { w: 4096, h: 4096 }, limits), {
    output,
    scaled: output,
    region: { left: 9995, top: 0, width: 10, height: 10 },
  });
  t.end();
});

// Properties, each from the words of the contract. Sides are drawn so that small and large ones both come often.
const length = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20_000 }));
const originals = fc.record({ width: length, height: length });
const option = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4096 }));
const someLimits = fc
  .record({ maxWidth: fc.integer({ min: 1, max: 5000 }), maxHeight: fc.integer({ min: 1, max: 5000 }) })
  .chain(({ maxWidth, maxHeight }) =>
    fc.record({
      maxWidth: fc.constant(maxWidth),
      maxHeight: fc.constant(maxHeight),
      maxPixels: fc.integer({ min: Math.max(maxWidth, maxHeight), max: Math.max(maxWidth * maxHeight, 5000) }),
    }),
  );
const oneOrNone = fc.oneof(fc.record({ w: option }), fc.record({ h: option }), fc.constant({}));
const both = fc.record({ w: option, h: option });

/** a * b / c, halves upwards, never below 1; in whole numbers, so without an error of its own. */
function inProportion(a: number, b: number, c: number): number {
  const [top, bottom] = [2n * BigInt(a) * BigInt(b) + BigInt(c), 2n * BigInt(c)];
  return Math.max(1, Number(top / bottom));
}

function wanted({ width, height }: Size, { w, h }: Pick<Options, 'w' | 'h'>): Size {
  if (w !== undefined) return size(w, h ?? inProportion(w, height, width));
  return h === undefined ? size(width, height) : size(inProportion(h, width, height), h);
}

function area({ width, height }: Size): number {
  return width * height;
}

function isWhole({ width, height }: Size): boolean {
  return Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1;
}

function keepsWithin(output: Size, { maxWidth, maxHeight, maxPixels }: SizeLimits): boolean {
  return output.width <= maxWidth && output.height <= maxHeight && area(output) <= maxPixels;
}

/** Whether both sides are those of the whole shrunk by one factor, to less than a pixel; one pixel is the least. */
function isScaledDown(output: Size, whole: Size, factor: number): boolean {
  const isNear = (side: number, exact: number) => Math.abs(side - Math.max(1, exact)) < 1;
  return isNear(output.width, whole.width * factor) && isNear(output.height, whole.height * factor);
}

function allowed({ width, height }: Size, { maxWidth, maxHeight, maxPixels }: SizeLimits): number {
  return Math.min(1, maxWidth / width, maxHeight / height, Math.sqrt(maxPixels / (width * height)));
}

t.test('any side or none: in proportion, or as far down from that as the limits ask', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(originals, fc.oneof(oneOrNone, both), someLimits, (original, options, by) => {
        const { output } = computeGeometry(original, options, by);
        const whole = wanted(original, options);
        if (keepsWithin(whole, by)) return sides(output) === sides(whole);
        return isWhole(output) && keepsWithin(output, by) && isScaledDown(output, whole, allowed(whole, by));
      }),
      { numRuns: 2000 },
    ),
  );
  t.end();
});

interface Part extends Size {
  readonly left: number;
  readonly top: number;
}

/** Inside, and as far from the left as from the right, from the top as from the bottom, to a pixel. */
function isCentred(part: Part, whole: Size): boolean {
  const right = whole.width - part.width - part.left;
  const bottom = whole.height - part.height - part.top;
  const isInside = [part.left, part.top, right, bottom].every((margin) => Number.isInteger(margin) && margin >= 0);
  return isInside && Math.abs(part.left - right) <= 1 && Math.abs(part.top - bottom) <= 1;
}

/** The scale at which the original just covers the box. */
function coverScale(original: Size, box: Size): number {
  return Math.max(box.width / original.width, box.height / original.height);
}

function hasShapeOf(original: Size, scaled: Size, scale: number): boolean {
  const isNear = (side: number, exact: number) => Math.abs(side - Math.max(1, exact)) <= 0.5 + 1e-6;
  return isNear(scaled.width, original.width * scale) && isNear(scaled.height, original.height * scale);
}

/** Scaled first: the whole original in its shape, of which the middle is kept. */
function cutLast(original: Size, { output, scaled, crop = { ...scaled, left: 0, top: 0 } }: Geometry): boolean {
  const isShown = crop.width === output.width && crop.height === output.height;
  return (
    isShown && 'left' in crop && isCentred(crop, scaled) && hasShapeOf(original, scaled, coverScale(original, output))
  );
}

/** Cut first: the largest middle part of the box's shape, to a pixel; it is then scaled to the box. */
function cutFirst(original: Size, { output, scaled, region, crop }: Geometry): boolean {
  if (region === undefined) return false;
  const scale = coverScale(original, output);
  const isNear = (side: number, exact: number) => Math.abs(side - Math.max(1, exact)) <= 0.5 + 1e-6;
  const isLargest = isNear(region.width, output.width / scale) && isNear(region.height, output.height / scale);
  return crop === undefined && sides(scaled) === sides(output) && isLargest && isCentred(region, original);
}

t.test('cover: the middle of the original in its own shape, whatever is cut first', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(originals, both, someLimits, (original, options, by) => {
        const geometry = computeGeometry(original, options, by);
        return geometry.region === undefined ? cutLast(original, geometry) : cutFirst(original, geometry);
      }),
      { numRuns: 2000 },
    ),
  );
  t.end();
});

t.test('no step has more pixels than the answer may have, and only what would have more is cut first', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(originals, both, someLimits, (original, options, by) => {
        const { output, scaled, region } = computeGeometry(original, options, by);
        const scale = coverScale(original, output);
        const mayCutFirst = (original.width * scale + 0.5) * (original.height * scale + 0.5) > by.maxPixels;
        return isWhole(scaled) && area(scaled) <= by.maxPixels && (region === undefined || mayCutFirst);
      }),
      { numRuns: 2000 },
    ),
  );
  t.end();
});
