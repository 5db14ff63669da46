import t from 'tap';
import type { OutputFormat } from '../../src/formats.ts';
import type { NegotiatedFormat } from '../../src/request/accept.ts';
import type { FormatOption, Options } from '../../src/request/options.ts';
import type { ImageFacts } from '../../src/transform/facts.ts';
import { type Plan, type PlanPolicy, planVariant } from '../../src/transform/plan.ts';
import { PHOTO } from '../support/plans.ts';
import { POLICY } from '../support/variants.ts';

const modern: readonly NegotiatedFormat[] = ['avif', 'webp'];
const outputFormats: readonly OutputFormat[] = ['jpeg', 'png', 'webp', 'avif', 'gif'];

interface Case {
  readonly facts?: Partial<ImageFacts>;
  readonly options?: Options;
  readonly accepted?: readonly NegotiatedFormat[];
  readonly limits?: Partial<PlanPolicy>;
}

function attempt({ facts, options = { w: 100 }, accepted = [], limits: changed }: Case): Plan | undefined {
  return planVariant(options, { ...PHOTO, ...facts }, accepted, { ...POLICY, ...changed });
}

function plan(given: Case): Plan {
  const planned = attempt(given);
  if (planned === undefined) throw new Error('The original itself was the answer.');
  return planned;
}

type Choice = readonly [
  facts: Partial<ImageFacts>,
  f: FormatOption | undefined,
  accepted: readonly NegotiatedFormat[],
  format: OutputFormat,
];

function checkFormats(name: string, choices: readonly Choice[]): void {
  t.test(name, (t) => {
    for (const [facts, f, accepted, format] of choices) {
      const options = f === undefined ? { w: 100 } : { w: 100, f };
      t.equal(plan({ facts, options, accepted }).format, format, `${JSON.stringify(facts)} as ${f} for ${accepted}`);
    }
    t.end();
  });
}

checkFormats('without f the format stays, where it can be written', [
  [{ format: 'jpeg' }, undefined, [], 'jpeg'],
  [{ format: 'jpeg' }, undefined, modern, 'jpeg'],
  [{ format: 'png' }, undefined, modern, 'png'],
  [{ format: 'png', alpha: true }, undefined, [], 'png'],
  [{ format: 'webp' }, undefined, [], 'webp'],
  [{ format: 'avif' }, undefined, [], 'avif'],
  [{ format: 'gif' }, undefined, [], 'gif'],
  [{ format: 'webp', frames: 9 }, undefined, [], 'webp'],
  [{ format: 'tiff' }, undefined, modern, 'jpeg'],
  [{ format: 'tiff', alpha: true }, undefined, modern, 'png'],
]);

checkFormats('an explicit f is that', [
  ...outputFormats.map((format) => [{ format: 'tiff', alpha: true }, format, modern, format] as const),
  ...outputFormats.map((format) => [{ format: 'gif', frames: 9 }, format, [], format] as const),
]);

checkFormats('auto is the best that the client names', [
  [{ format: 'jpeg' }, 'auto', ['avif', 'webp'], 'avif'],
  [{ format: 'jpeg' }, 'auto', ['webp', 'avif'], 'webp'],
  [{ format: 'png', alpha: true }, 'auto', ['webp'], 'webp'],
  [{ format: 'gif' }, 'auto', ['avif'], 'avif'],
  [{ format: 'tiff', alpha: true }, 'auto', ['avif'], 'avif'],
  [{ format: 'webp' }, 'auto', ['avif', 'webp'], 'avif'],
]);

checkFormats('auto for a client that names nothing is what every client shows', [
  [{ format: 'jpeg' }, 'auto', [], 'jpeg'],
  [{ format: 'png' }, 'auto', [], 'png'],
  [{ format: 'gif' }, 'auto', [], 'gif'],
  [{ format: 'webp' }, 'auto', [], 'jpeg'],
  [{ format: 'webp', alpha: true }, 'auto', [], 'png'],
  [{ format: 'avif' }, 'auto', [], 'jpeg'],
  [{ format: 'avif', alpha: true }, 'auto', [], 'png'],
  [{ format: 'tiff' }, 'auto', [], 'jpeg'],
  [{ format: 'tiff', alpha: true }, 'auto', [], 'png'],
]);

checkFormats('auto for an animation is one that moves', [
  [{ format: 'gif', frames: 2 }, 'auto', ['avif', 'webp'], 'webp'],
  [{ format: 'gif', frames: 2 }, 'auto', ['avif'], 'gif'],
  [{ format: 'gif', frames: 2 }, 'auto', [], 'gif'],
  [{ format: 'webp', frames: 2 }, 'auto', ['webp'], 'webp'],
  [{ format: 'webp', frames: 2 }, 'auto', ['avif'], 'gif'],
]);

t.test('auto is not AVIF above its own limit of pixels, counted in the answer', (t) => {
  const facts = { format: 'png', width: 8000, height: 6000 } as const;
  const auto = (given: Case) => plan({ facts, ...given }).format;
  t.equal(auto({ options: { w: 2000, h: 2000, f: 'auto' }, accepted: modern }), 'avif');
  t.equal(auto({ options: { w: 2000, h: 2001, f: 'auto' }, accepted: modern }), 'webp');
  t.equal(auto({ options: { w: 2000, h: 2001, f: 'auto' }, accepted: ['avif'] }), 'png');
  t.equal(auto({ options: { f: 'auto' }, accepted: modern }), 'webp');
  t.equal(auto({ options: { w: 2000, h: 2001, f: 'avif' }, accepted: modern }), 'avif');
  t.equal(auto({ options: { w: 1, f: 'auto' }, accepted: modern, limits: { avifMaxPixels: 0 } }), 'webp');
  // Clamped to 200 x 150 first.
  const small = { maxWidth: 200, avifMaxPixels: 30_000 };
  t.equal(auto({ options: { f: 'auto' }, accepted: modern, limits: small }), 'avif');
  t.end();
});

t.test('alpha is flattened where the format holds none', (t) => {
  for (const f of outputFormats) {
    t.equal(plan({ facts: { format: 'png', alpha: true }, options: { f } }).flatten, f === 'jpeg', `alpha to ${f}`);
    t.equal(plan({ facts: { format: 'png' }, options: { f } }).flatten, false, `none to ${f}`);
  }
  t.end();
});

t.test('all frames are kept where original and format both move', (t) => {
  for (const f of outputFormats) {
    const moves = f === 'gif' || f === 'webp';
    t.equal(plan({ facts: { format: 'gif', frames: 2 }, options: { f } }).animated, moves, `two frames as ${f}`);
    t.equal(plan({ facts: { format: 'gif', frames: 1 }, options: { f } }).animated, false, `one frame as ${f}`);
  }
  t.end();
});

t.test('an animation with more frames than allowed is left alone, or gives its first', (t) => {
  const facts = { format: 'gif', frames: 257 } as const;
  t.equal(attempt({ facts, options: { w: 100, q: 50 } }), undefined);
  t.match(plan({ facts, options: { w: 100, f: 'gif' } }), { format: 'gif', animated: false, sourcePixels: 120_000 });
  t.match(plan({ facts, options: { f: 'webp' } }), { format: 'webp', animated: false });
  t.match(plan({ facts, options: { f: 'auto' }, accepted: modern }), { format: 'webp', animated: false });
  t.match(plan({ facts, options: { f: 'png' } }), { format: 'png', animated: false });
  t.equal(plan({ facts: { ...facts, frames: 256 } }).animated, true, 'as many as allowed are kept');
  t.equal(plan({ facts, limits: { maxFrames: 257 } }).animated, true, 'the limit is the configured one');
  t.end();
});

t.test('an animation with more pixels than allowed is left alone, or gives its first frame', (t) => {
  const facts = { format: 'webp', width: 1000, height: 500, frames: 101 } as const;
  t.equal(attempt({ facts }), undefined);
  t.match(plan({ facts, options: { f: 'webp' } }), { animated: false, sourcePixels: 500_000, cost: 1 });
  t.match(plan({ facts: { ...facts, frames: 100 } }), { animated: true, sourcePixels: 50_000_000, cost: 2 });
  const huge = { format: 'gif', width: 10_000, height: 6000, frames: 2 } as const;
  t.equal(attempt({ facts: huge }), undefined);
  t.throws(() => plan({ facts: huge, options: { f: 'png' } }), { code: 'too_many_pixels' }, 'not even one frame');
  t.end();
});

t.test('the frames of an answer have together no more pixels than may be read', (t) => {
  const facts = { format: 'gif', width: 100, height: 100, frames: 10 } as const;
  const given = { facts, limits: { maxSourcePixels: 1_000_000 } };
  const whole = { w: 4096, h: 4096 };
  t.strictSame(plan({ ...given, options: whole }).output, { width: 316, height: 316 });
  t.strictSame(plan({ ...given, options: { ...whole, f: 'webp' } }).output, { width: 316, height: 316 });
  t.strictSame(plan({ ...given, options: { ...whole, f: 'png' } }).output, { width: 4096, height: 4096 });
  t.end();
});

t.test('frames one pixel high keep within the pixels that may be read too', (t) => {
  const facts = { format: 'gif', width: 1, height: 1, frames: 100_000 } as const;
  const limits = { maxFrames: 100_000, maxSourcePixels: 5_000_000 };
  t.strictSame(plan({ facts, options: { w: 4096, h: 1 }, limits }).output, { width: 50, height: 1 });
  t.end();
});

t.test("an answer keeps within its format's own limit", (t) => {
  const facts = { format: 'png', width: 20_000, height: 40 } as const;
  const wide = { maxWidth: 20_000, maxHeight: 20_000 };
  const outputOf = (options: Options) => plan({ facts, options, limits: wide }).output;
  t.strictSame(outputOf({ f: 'webp' }), { width: 16_383, height: 32 });
  t.strictSame(outputOf({ w: 20_000, h: 10_000, f: 'webp' }), { width: 16_383, height: 8191 });
  t.strictSame(outputOf({ w: 10_000, h: 20_000, f: 'webp' }), { width: 8191, height: 16_383 });
  t.strictSame(outputOf({ f: 'png' }), { width: 20_000, height: 40 });
  t.strictSame(outputOf({ f: 'jpeg' }), { width: 20_000, height: 40 });
  t.end();
});

t.test('an original with more pixels than allowed is refused, and told how many are', (t) => {
  const facts = { format: 'png', width: 10_000, height: 5001 } as const;
  const message = 'The original has 10000x5001 pixels; at most 50.0 megapixels are decoded.';
  t.throws(() => plan({ facts }), { name: 'ServiceError', code: 'too_many_pixels', message });
  t.throws(() => plan({ facts, limits: { maxSourcePixels: 1_250_000 } }), { message: /at most 1\.3 megapixels/ });
  t.equal(plan({ facts: { ...facts, height: 5000 } }).sourcePixels, 50_000_000);
  for (const format of ['webp', 'avif', 'gif', 'tiff'] as const) {
    t.throws(() => plan({ facts: { ...facts, format } }), { code: 'too_many_pixels' }, format);
  }
  t.end();
});

t.test(
  'a JPEG counts at the scale it is decoded: an eighth, a quarter or half, twice the wanted size at least',
  (t) => {
    const facts = { width: 8000, height: 8000 };
    const rows: readonly (readonly [w: number, side: number])[] = [
      [1, 1000],
      [500, 1000],
      [501, 2000],
      [1000, 2000],
      [1001, 4000],
      [2000, 4000],
    ];
    for (const [w, side] of rows) t.equal(plan({ facts, options: { w } }).sourcePixels, side * side, `w=${w}`);
    t.throws(() => plan({ facts, options: { w: 2001 } }), { code: 'too_many_pixels' });
    t.equal(plan({ facts, options: { w: 2001 }, limits: { maxSourcePixels: 64_000_000 } }).sourcePixels, 64_000_000);
    t.equal(plan({ facts: { width: 4001, height: 3001 }, options: { w: 100 } }).sourcePixels, 501 * 376, 'rounded up');
    const covered = plan({ facts: { width: 8000, height: 4000 }, options: { w: 500, h: 500 } });
    const flat = plan({ facts: { width: 8000, height: 11 }, options: { w: 400 } });
    t.equal(flat.sourcePixels, 2000 * 3, 'as long as that holds for both sides');
    t.equal(covered.sourcePixels, 2000 * 1000, 'what is cropped away afterwards is decoded too');
    t.end();
  },
);

t.test('a JPEG that cannot be decoded at a smaller scale counts whole', (t) => {
  const facts = { width: 8000, height: 8000 };
  t.throws(() => plan({ facts: { ...facts, progressive: true } }), { code: 'too_many_pixels' }, 'progressive');
  const small = { width: 800, height: 800, progressive: true };
  t.equal(plan({ facts: small, options: { w: 1 } }).sourcePixels, 640_000);
  const limits = { maxWidth: 100, maxHeight: 100 };
  const cut = plan({ facts: { width: 20, height: 20_000 }, options: { w: 100, h: 100 }, limits });
  t.strictSame([cut.region, cut.sourcePixels], [{ left: 0, top: 9990, width: 20, height: 20 }, 400_000]);
  t.end();
});

t.test('above the ceiling nothing is decoded, at whatever scale', (t) => {
  // 16383 squared; 268 MP in the contract.
  const facts = { width: 16_383, height: 16_383 };
  t.equal(plan({ facts }).sourcePixels, 2048 * 2048);
  t.throws(() => plan({ facts: { ...facts, width: 16_384 } }), { code: 'too_many_pixels' });
  t.throws(() => plan({ facts: { width: 1, height: 300_000_000 } }), { code: 'too_many_pixels' });
  const png = { ...facts, width: 16_384, format: 'png' } as const;
  t.throws(() => plan({ facts: png, limits: { maxSourcePixels: 1e9 } }), { code: 'too_many_pixels' });
  t.end();
});

t.test('a job costs a share of the workers for each 25 megapixels to decode', (t) => {
  const cost = (facts: Partial<ImageFacts>, options: Options = { w: 100 }) => plan({ facts, options }).cost;
  t.equal(cost({ format: 'png', width: 1, height: 1 }), 1);
  t.equal(cost({ format: 'png', width: 5000, height: 5000 }), 1);
  t.equal(cost({ format: 'png', width: 5001, height: 5000 }), 2);
  t.equal(cost({ format: 'png', width: 10_000, height: 5000 }), 2);
  t.equal(cost({ width: 7000, height: 7000 }), 1, 'a JPEG at the scale it is decoded');
  t.equal(cost({ width: 7000, height: 7000, progressive: true }), 3, 'a progressive one whole, with its coefficients');
  t.equal(cost({ format: 'gif', width: 1000, height: 1000, frames: 26 }), 2, 'all frames');
  t.equal(cost({ format: 'gif', width: 1000, height: 1000, frames: 26 }, { f: 'png' }), 1, 'the first frame alone');
  t.end();
});

t.test('a share is 100 MB: what a decoder and an encoder hold counts in bytes', (t) => {
  const cost = (facts: Partial<ImageFacts>, options: Options = { w: 100 }) => plan({ facts, options }).cost;
  const square = { format: 'png', width: 5000, height: 5000 } as const;
  t.equal(cost({ ...square, bytesPerPixel: 1 }), 1, 'grey counts as four bytes: it takes its time too');
  t.equal(cost({ ...square, bytesPerPixel: 8 }), 2, '16 bits of colour and alpha');
  t.equal(cost({ ...square, format: 'tiff', bytesPerPixel: 16 }), 4, 'floats of colour and alpha');
  t.equal(cost({ ...square, format: 'avif' }), 5, 'AVIF is held whole: 475 MB of 25 MP');
  t.equal(cost({ ...square, format: 'webp' }), 2, 'WebP too: 200 MB');
  t.equal(cost({ ...square, format: 'webp', width: 500, frames: 10 }), 1, 'not so an animation');
  t.equal(cost({}, { w: 4096, h: 4096, f: 'avif' }), 5, 'an AVIF of 16.8 MP holds 470 MB');
  t.equal(cost({}, { w: 4096, h: 4096, f: 'webp' }), 3, 'a WebP 235 MB');
  t.equal(cost({}, { w: 1800, h: 1800, f: 'avif' }), 1, 'less than a share is none');
  t.end();
});

t.test('more bytes than as many pixels of 8 would have are refused as too many pixels', (t) => {
  const refused = (bytesPerPixel: number, width: number, limits: Partial<PlanPolicy> = {}) => ({
    facts: { format: 'tiff', width, height: 5000, bytesPerPixel } as const,
    limits,
  });
  const message = 'The original has 5001x5000 pixels of 16 bytes; at most 50.0 megapixels of 8 bytes are decoded.';
  t.throws(() => plan(refused(16, 5001)), { code: 'too_many_pixels', message });
  t.equal(plan(refused(16, 5000)).sourcePixels, 25_000_000, '400 MB are not');
  t.equal(plan(refused(8, 10_000)).sourcePixels, 50_000_000);
  t.throws(() => plan(refused(8, 10_001)), { code: 'too_many_pixels', message: /10001x5000 pixels; at most/ });
  t.throws(() => plan(refused(16, 5000, { maxSourcePixels: 40_000_000 })), {
    message: /at most 40\.0 megapixels of 8/,
  });
  t.end();
});

t.test('a JPEG of more than a hundred scans is refused', (t) => {
  t.equal(plan({ facts: { progressive: true, scans: 100 } }).format, 'jpeg');
  const message = 'The original has more than 100 scans, and takes too long to be drawn.';
  t.throws(() => plan({ facts: { progressive: true, scans: 101 } }), { code: 'too_complex', message });
  t.end();
});

t.test('an answer that takes too long for its pixels has fewer, in its own shape', (t) => {
  const sides = (options: Options, given: Case = {}) => {
    const { output } = plan({ facts: { format: 'png', width: 4000, height: 4000 }, options, ...given });
    return [output.width, output.height];
  };
  const whole = { w: 4096, h: 4096 } as const;
  for (const f of ['jpeg', 'png', 'webp', 'avif'] as const)
    t.strictSame(sides({ ...whole, f }), [4096, 4096], `${f} may be as large as anything`);
  const single = [
    { blur: 100 },
    { sharpen: 10 },
    { wm: 'x' },
    { q: 100 },
    { trim: 9 },
    { pad: '9,9,9,9' },
    { rot: 90 },
  ];
  for (const option of single) t.strictSame(sides({ ...whole, f: 'jpeg', ...option } as Options), [4096, 4096]);
  // 4096 squared, of which 150 in 335 are left.
  t.strictSame(sides({ ...whole, f: 'gif' }), [2740, 2740]);
  t.strictSame(sides({ w: 4096, h: 1024, f: 'gif' }), [4096, 1024], 'as wide as ever');
  t.strictSame(sides({ ...whole, f: 'png', colors: 16 }), [3421, 3421], '150 in 215');
  t.strictSame(sides({ w: 3840, h: 2160, f: 'png', colors: 256 }), [3840, 2160], 'a screen keeps its pixels');
  // 25 + 55 + 105 to write it as JPEG, to blur and to sharpen.
  t.strictSame(sides({ ...whole, f: 'jpeg', blur: 100, sharpen: 10 }), [3688, 3688]);
  t.strictSame(sides({ ...whole, f: 'webp', q: 91 }), [3905, 3905], '150 in 165');
  t.strictSame(sides({ ...whole, f: 'webp', q: 90 }), [4096, 4096]);
  const wide = { limits: { maxWidth: 8192, maxHeight: 8192 } };
  t.strictSame(sides({ w: 8192, h: 8192, f: 'webp' }, wide), [8192, 8192], 'who allows more pixels');
  t.strictSame(sides({ w: 8192, h: 8192, f: 'gif' }, wide), [5481, 5481], 'allows the time for them');
  const small = { limits: { maxWidth: 1000, maxHeight: 1000 } };
  t.strictSame(sides({ w: 1000, h: 1000, f: 'gif' }, small), [1000, 1000], 'and who allows fewer, no less');
  t.end();
});

t.test('an animation is enlarged to what another answer may have, and may be three times that if it was', (t) => {
  const total = (facts: Partial<ImageFacts>, options: Options) => {
    const { output, animated } = plan({
      facts: { format: 'gif', width: 8, height: 8, frames: 256, ...facts },
      options,
    });
    t.ok(animated);
    return [output.width, output.height, output.width * output.height * (facts.frames ?? 256)];
  };
  const whole = { w: 4096, h: 4096 } as const;
  t.strictSame(total({}, { ...whole, f: 'gif' }), [171, 171, 7_485_696]);
  t.strictSame(total({}, { ...whole, f: 'webp' }), [305, 305, 23_814_400]);
  t.strictSame(total({}, { ...whole, f: 'webp', blur: 100, sharpen: 10 }), [129, 129, 4_260_096]);
  const film = { width: 700, height: 700, frames: 100 };
  t.strictSame(total(film, { f: 'webp' }), [700, 700, 49_000_000], 'as large as it was');
  t.strictSame(total(film, { f: 'gif' }), [474, 474, 22_467_600], 'as far as that ends in time');
  t.end();
});

t.test('a picture is softened in passes of their own where it takes two, or is not all there is', (t) => {
  const gif = { format: 'gif', frames: 2 } as const;
  const apart = (options: Options, facts: Partial<ImageFacts> = {}) => plan({ facts, options }).softensApart;
  t.strictSame([apart({ blur: 1 }), apart({ sharpen: 1 }), apart({ w: 9 })], [false, false, false], 'one pass');
  t.ok(apart({ blur: 1, sharpen: 1 }), 'libvips would blur over and over what it sharpens');
  t.strictSame([apart({ blur: 1, pad: '1,1,1,1' }), apart({ sharpen: 1, w: 9, h: 9, fit: 'contain' })], [true, true]);
  t.strictSame([apart({ blur: 1 }, gif), apart({}, gif)], [true, false]);
  t.end();
});

t.test('large answers are written with less trouble, by encoders that can take less', (t) => {
  const facts = { format: 'png', width: 4000, height: 4000 } as const;
  const encoder = (options: Options) => plan({ facts, options }).encoder;
  t.match(encoder({ w: 2000, h: 2000, f: 'avif' }), { effort: 2, quality: 60 });
  t.match(encoder({ w: 2000, h: 2001, f: 'avif' }), { effort: 0, quality: 60 });
  t.match(encoder({ w: 2000, h: 2000, f: 'png', colors: 9 }), { palette: true, colours: 9, effort: undefined });
  t.match(encoder({ w: 2000, h: 2001, f: 'png', colors: 9 }), { palette: true, colours: 9, effort: 1 });
  t.notOk('effort' in encoder({ w: 2000, h: 2001, f: 'png' }), 'which would make a palette of it');
  t.match(encoder({ w: 2000, h: 2001, f: 'webp' }), { effort: 4 });
  t.end();
});

t.test('q is the quality of formats that have one', (t) => {
  const settings = (f: OutputFormat, q?: number) => plan({ options: q === undefined ? { f } : { f, q } }).encoder;
  const usual = { jpeg: 75, webp: 80, avif: 60 };
  for (const [format, quality] of Object.entries(usual) as ['jpeg' | 'webp' | 'avif', number][]) {
    t.equal(settings(format).quality, quality, `${format} by default`);
    t.strictSame(settings(format, 33), { ...settings(format), quality: 33 }, `${format} as asked`);
    t.equal(settings(format).quality, quality, `${format} by default again`);
  }
  for (const format of ['png', 'gif'] as const) {
    t.strictSame(settings(format, 33), settings(format), `${format} takes none`);
    t.notOk('quality' in settings(format), format);
  }
  t.end();
});

t.test("a plan names the original's format beside its own", (t) => {
  t.match(plan({ facts: { format: 'tiff' }, options: { f: 'webp' } }), { from: 'tiff', format: 'webp' });
  t.end();
});

t.test('sides reach the plan as they were asked for', (t) => {
  const facts = { width: 400, height: 300, format: 'png' } as const;
  t.match(plan({ facts, options: { w: 200 } }), { output: { width: 200, height: 150 }, crop: undefined });
  const crop = { left: 34, top: 0, width: 200, height: 200 };
  t.match(plan({ facts, options: { w: 200, h: 200 } }), { scaled: { width: 267, height: 200 }, crop });
  t.match(plan({ facts, options: { q: 1 } }), { output: { width: 400, height: 300 } });
  t.end();
});
