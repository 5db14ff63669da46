import fc from 'fast-check';
import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { FORMATS, type Format } from '../../src/formats.ts';
import { canonicalOptions } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { NO_NAMES } from '../../src/request/names.ts';
import type { Options } from '../../src/request/options.ts';
import { readFacts } from '../../src/transform/facts.ts';
import type { Region, Size } from '../../src/transform/geometry.ts';
import { layOut } from '../../src/transform/layout.ts';
import { type Plan, type PlanPolicy, planVariant } from '../../src/transform/plan.ts';
import { countScans } from '../../src/transform/scans.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { transform } from '../../src/transform/transform.ts';
import { overlayOf, type WatermarkSpec } from '../../src/transform/watermark.ts';
import { jpegBomb, jpegScans, LARGE, pngBomb, pngText } from '../support/bombs.ts';
import { jpegSegment } from '../support/jpeg-blocks.ts';
import { gradient, jpeg } from '../support/pictures.ts';
import { PHOTO, PLAN } from '../support/plans.ts';
import { type PngSamples, pngChunk, pngOf, withPngChunk } from '../support/png-chunks.ts';
import { type TiffSamples, tiffOf } from '../support/tiff-blocks.ts';
import { factsOf, POLICY, variant } from '../support/variants.ts';

setUpSharp({ svg: 'pass' });

type Limits = Pick<PlanPolicy, 'maxWidth' | 'maxHeight' | 'maxSourcePixels'>;

/** Mostly what many have, seldom all of them together: that would be refused. */
function seldom<T>(value: fc.Arbitrary<T>, usual?: T): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: value });
}

const side = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 6000 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 65_535, 1_000_000) },
);
const facts = fc.record({
  format: fc.constantFrom<Format>('jpeg', 'png', 'webp', 'avif', 'gif', 'gif', 'tiff', 'svg'),
  width: side,
  height: side,
  frames: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 256 })),
  alpha: fc.boolean(),
  progressive: fc.boolean(),
});
const cssSide = fc.oneof(
  fc.double({ min: 1, max: 5000, noNaN: true }),
  fc.constantFrom(1, 4096, 99_999, Number.MAX_SAFE_INTEGER),
);
const start = fc.constantFrom('0.0', '0.3', '0.99', '0', '1', '7');
const length = fc.constantFrom('0.0', '0.3', '1.0', '1', '7', '5000');
const border = fc.constantFrom('0', '1', '13', '90', '2000', '70000');
const list = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((values) => values.join(','));
const options: fc.Arbitrary<Options> = fc
  .record({
    w: fc.option(cssSide),
    h: fc.option(cssSide),
    crop: seldom(list(start, start, length, length)),
    rot: seldom(fc.constantFrom(90, 180, 270)),
    flip: seldom(fc.constantFrom('h', 'v', 'hv')),
    trim: seldom(fc.integer({ min: 0, max: 255 })),
    fit: fc.constantFrom('cover', 'contain', 'fill', 'inside', 'outside'),
    pos: fc.constantFrom('centre', 'top', '0.1,0.9', 'attention', 'entropy'),
    dpr: seldom(fc.constantFrom(0.5, 1.5, 4)),
    enlarge: seldom(fc.constantFrom(0, 1)),
    blur: seldom(fc.constantFrom(0.3, 100)),
    sharpen: seldom(fc.constantFrom(0.5, 10)),
    pad: seldom(list(border, border, border, border)),
    wm: seldom(fc.constant('x')),
    colors: seldom(fc.constantFrom(2, 256)),
    anim: seldom(fc.constantFrom(0, 1)),
    f: fc.constantFrom('jpeg', 'png', 'webp', 'avif', 'gif', 'auto', null),
    q: seldom(fc.constantFrom(1, 90, 100)),
  })
  .map((given) =>
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
  );
const limits: fc.Arbitrary<Limits> = fc.record({
  maxWidth: fc.constantFrom(1, 3, 200, 4096, 16_383, 70_000),
  maxHeight: fc.constantFrom(1, 5, 300, 4096, 16_383, 70_000),
  maxSourcePixels: fc.constantFrom(1000, 1_000_000, 50_000_000, 268_402_689),
});

/** The plan, where there is one: what is out of the question has no answer to be too large. */
function planOrRefusal(...args: Parameters<typeof planVariant>): Plan | undefined {
  try {
    return planVariant(...args);
  } catch (error) {
    if (error instanceof ServiceError && error.row.status < 500) return undefined;
    throw error;
  }
}

/** What is written in the end, where the border that `trim` finds leaves this much. */
function finalSize(plan: Plan, kept: readonly [number, number, number, number]): Size {
  if (!plan.trim) return plan.output;
  const { within, layout } = plan.trim;
  const share = (of: number, whole: number) => Math.min(whole - 1, Math.floor(of * whole));
  const [left, top] = [share(kept[0], within.width), share(kept[1], within.height)];
  const cut: Region = {
    left: within.left + left,
    top: within.top + top,
    width: Math.max(1, Math.floor(kept[2] * (within.width - left))),
    height: Math.max(1, Math.floor(kept[3] * (within.height - top))),
  };
  return layOut(layout, cut).output;
}

function isWithin({ width, height }: Size, { format, animated }: Plan, frames: number, by: Limits): boolean {
  const { maxSide } = FORMATS[format];
  const area = width * height;
  const isThere = Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1;
  const isWithinSides = width <= Math.min(by.maxWidth, maxSide) && height <= Math.min(by.maxHeight, maxSide);
  const isWithinFrames = !animated || area * frames <= by.maxSourcePixels;
  return isThere && isWithinSides && area <= by.maxWidth * by.maxHeight && isWithinFrames;
}

t.test('whatever is asked of whatever original, the answer keeps within every limit', (t) => {
  const seen: Record<string, number> = {};
  const see = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1;
  };
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  const kept = fc.tuple(fraction, fraction, fraction, fraction);
  fc.assert(
    fc.property(facts, options, limits, kept, (given, asked, by, border) => {
      const canonical = canonicalOptions(asked, {
        ...NO_NAMES,
        ladders: NO_LADDERS,
        dialect: 'native',
        ...by,
        defaults: {},
      });
      const plan = planOrRefusal(canonical, { ...PHOTO, ...given }, ['avif', 'webp'], { ...POLICY, ...by });
      if (plan === undefined) return true;
      const sorts = {
        [plan.format]: true,
        svg: plan.from === 'svg',
        animated: plan.animated,
        trim: plan.trim,
        ...asked,
      };
      for (const [what, is] of Object.entries(sorts)) if (is) see(what);
      return isWithin(finalSize(plan, border), plan, given.frames, by);
    }),
    { numRuns: 20_000 },
  );
  t.comment(JSON.stringify(seen));
  for (const what of [
    'jpeg',
    'png',
    'webp',
    'avif',
    'gif',
    'svg',
    'animated',
    'trim',
    'pad',
    'dpr',
    'rot',
    'crop',
    'blur',
  ])
    t.ok((seen[what] ?? 0) > 100, `of ${what} there were ${seen[what]}`);
  t.end();
});

t.test('what a decoder puts out for a pixel, by the header', async (t) => {
  const pngs: readonly (readonly [PngSamples['depth'], PngSamples['colour'], number])[] = [
    [1, 'grey', 1],
    [8, 'grey', 1],
    [16, 'grey', 2],
    [8, 'greyAlpha', 2],
    [16, 'greyAlpha', 4],
    [8, 'rgb', 3],
    [8, 'rgba', 4],
    [16, 'rgb', 6],
    [16, 'rgba', 8],
  ];
  for (const [depth, colour, bytes] of pngs) {
    const channels = { grey: 1, greyAlpha: 2, rgb: 3, rgba: 4, palette: 1 }[colour];
    const original = pngOf({ width: 2, height: 1, depth, colour, row: () => Array<number>(2 * channels).fill(0) });
    t.equal((await factsOf(original)).bytesPerPixel, bytes, `PNG of ${depth} bits, ${colour}`);
  }
  const tiffs: readonly (readonly [TiffSamples['channels'], TiffSamples['bits'], number])[] = [
    [1, 8, 1],
    [3, 16, 6],
    [3, 32, 12],
    [4, 32, 16],
  ];
  for (const [channels, bits, bytes] of tiffs) {
    const original = tiffOf({ width: 2, height: 2, channels, bits });
    t.equal((await factsOf(original)).bytesPerPixel, bytes, `TIFF of ${channels} times ${bits} bits`);
  }
  t.equal((await factsOf(await jpeg(8, 8))).bytesPerPixel, 3, 'JPEG');
  t.equal((await factsOf(await gradient(8, 8).toColourspace('cmyk').jpeg().toBuffer())).bytesPerPixel, 4, 'four inks');
});

t.test('scans of a JPEG are counted by its markers', async (t) => {
  t.equal((await factsOf(await jpeg(8, 8))).scans, 1);
  t.equal((await factsOf(await gradient(64, 48).png({ progressive: true }).toBuffer())).scans, 1, 'a PNG has none');
  // DC once for all, then twice; AC in four and three scans for three components: libjpeg's own script.
  t.equal((await factsOf(await gradient(64, 48).jpeg({ progressive: true, mozjpeg: false }).toBuffer())).scans, 10);
  t.equal((await factsOf(jpegScans(100, { width: 64, height: 48 }))).scans, 100);
  t.equal((await factsOf(jpegScans(2000, { width: 64, height: 48 }))).scans, 101, 'no further than matters');
});

t.test('nothing in a JPEG hides a scan, and nothing else looks like one', (t) => {
  const start = Buffer.of(0xff, 0xd8);
  const end = Buffer.of(0xff, 0xd9);
  const scan = jpegSegment(0xda, Buffer.of(1, 1, 0, 0, 63, 0));
  const rows: readonly (readonly [what: string, parts: readonly Buffer[], scans: number])[] = [
    ['one', [start, scan, Buffer.of(1, 2, 3), end], 1],
    [
      'stuffed zeros, fill bytes and restarts',
      [start, scan, Buffer.of(0xff, 0, 0xff, 0xd0, 1, 0xff, 0xff), scan, end],
      2,
    ],
    ['a scan in a comment', [start, jpegSegment(0xfe, scan), scan, end], 1],
    ['an end in a comment', [start, jpegSegment(0xfe, end), scan, scan, end], 2],
    ['junk between segments', [start, jpegSegment(0xfe, Buffer.of(0)), Buffer.of(7, 7, 7), scan, end], 1],
    ['what comes behind the end', [start, scan, end, scan, scan], 1],
    ['a segment that is longer than the file', [start, scan, Buffer.of(0xff, 0xfe, 0xff, 0xff, 1)], 1],
    ['a segment that breaks off', [start, scan, Buffer.of(0xff, 0xc4, 0)], 1],
    ['a segment that is nothing but its name', [start, scan, Buffer.of(0xff, 0xc4)], 1],
    ['a segment that says it has no length', [start, Buffer.of(0xff, 0xfe, 0, 0), scan], 1],
    ['nothing', [start], 0],
  ];
  for (const [what, parts, scans] of rows) t.equal(countScans(Buffer.concat(parts), 100), scans, what);
  t.equal(countScans(Buffer.concat([start, ...Array<Buffer>(50).fill(scan)]), 10), 11, 'up to one more than wanted');
  t.end();
});

t.test('packed text of a PNG is bounded, and nothing else in it', async (t) => {
  const picture = await gradient(8, 8).png().toBuffer();
  const named = (type: string, content: string) => pngChunk(type, Buffer.from(content, 'latin1'));
  const rows: readonly (readonly [what: string, chunks: readonly Buffer[], isRefused: boolean])[] = [
    ['4 MB', [pngText(4_000_000)], false],
    ['a byte more', [pngText(4_000_001)], true],
    ['4 MB and a byte', [pngText(4_000_000), pngText(1)], true],
    ['4 MB in two ways', [pngText(2_000_000), pngText(2_000_000, 'iTXt')], false],
    ['more in two ways', [pngText(2_000_000), pngText(2_000_001, 'iTXt')], true],
    ['5 MB that is not packed', [named('iTXt', `a\0\0\0\0\0${'x'.repeat(5_000_000)}`)], false],
    ['5 MB of plain text', [named('tEXt', `a\0${'x'.repeat(5_000_000)}`)], false],
    ['what is little and damaged', [named('zTXt', 'a\0\0xyz')], false],
    ['what is much and damaged', [named('zTXt', `a\0\0${'xyz'.repeat(2000)}`)], true],
    // Each of them takes a while, also one that cannot be read at all.
    ['a hundred of them', Array<Buffer>(100).fill(named('zTXt', 'a\0\0')), false],
    ['more of them', Array<Buffer>(101).fill(named('zTXt', 'a\0\0')), true],
    ['pieces without number', [Buffer.concat(Array<Buffer>(100_000).fill(named('IDAT', '')))], true],
    ['nothing at all', [named('zTXt', 'a\0\0'), named('zTXt', ''), named('iTXt', 'a')], false],
  ];
  for (const [what, chunks, isRefused] of rows) {
    const original = withPngChunk(picture, Buffer.concat(chunks));
    const outcome = await factsOf(original).then(
      () => 'read',
      (error: ServiceError) => error.code,
    );
    t.equal(outcome, isRefused ? 'too_complex' : 'read', what);
  }
  const message = 'The original has more than 4 MB of packed text.';
  await t.rejects(factsOf(withPngChunk(picture, pngText(5_000_000))), { code: 'too_complex', message });
  const behind = Buffer.concat([picture.subarray(0, -12), pngText(5_000_000), picture.subarray(-12)]);
  await t.rejects(factsOf(behind), { code: 'too_complex' }, 'behind the pixels, where it is read too');
});

t.test('more channels than five are refused, by their header and by their pixels', async (t) => {
  const six = tiffOf({ width: 8, height: 8, channels: 6, bits: 8 });
  await t.rejects(readFacts(six, 'tiff'), { code: 'corrupt_image', cause: { message: /channel limit/ } });
  await t.rejects(transform(six, { ...PLAN, from: 'tiff' }), { cause: { message: /channel limit/ } });
  t.equal(
    (await variant(tiffOf({ width: 8, height: 8, channels: 5, bits: 8 }), { f: 'png' })).subarray(1, 4).toString(),
    'PNG',
  );
});

const SPEC: WatermarkSpec = { key: 'x', pos: 'centre', scale: 1, opacity: 1, margin: 0 };

t.test('a bomb that got past the plan is refused by the second lock', async (t) => {
  const bombs = [
    ['png', pngBomb(LARGE)],
    ['jpeg', jpegBomb(LARGE)],
  ] as const;
  for (const [format, bomb] of bombs) {
    const past = { code: 'corrupt_image', cause: { message: /pixel limit/ } };
    await t.rejects(transform(bomb, { ...PLAN, from: format }), past, format);
    await t.rejects(
      transform(bomb, { ...PLAN, from: format, softensApart: true, blur: 3 }),
      past,
      `${format}, softened`,
    );
    const trim = {
      threshold: 9,
      within: { left: 0, top: 0, ...LARGE },
      layout: { options: {}, size: LARGE, limits: NONE },
    };
    await t.rejects(transform(bomb, { ...PLAN, from: format, trim }), past, `${format}, trimmed`);
  }
  const output = { width: 40, height: 40 };
  const watermark = (width: number, height: number) => ({
    id: 'x',
    spec: SPEC,
    picture: pngBomb({ width, height, colour: 'grey' }),
    size: { width: 8, height: 8 },
  });
  await t.rejects(overlayOf(watermark(4096, 4097), output, false), /pixel limit/, 'a watermark, of less');
  await t.rejects(overlayOf(watermark(4096, 4096), output, false), /^(?!.*pixel limit)/, 'which 16.8 MP are not');
});

const NONE = { maxWidth: 4096, maxHeight: 4096, maxPixels: 4096 * 4096 };
