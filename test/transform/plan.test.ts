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
  const { output } = plan({ facts, options: { w: 4096, h: 1 }, limits: { maxFrames: 100_000 } });
  t.strictSame(output, { width: 500, height: 1 });
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
  t.equal(cost({ width: 7000, height: 7000, progressive: true }), 2);
  t.equal(cost({ format: 'gif', width: 1000, height: 1000, frames: 26 }), 2, 'all frames');
  t.equal(cost({ format: 'gif', width: 1000, height: 1000, frames: 26 }, { f: 'png' }), 1, 'the first frame alone');
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
