import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { OutputFormat } from '../../src/formats.ts';
import { asksForVariant, canonicalOptions, canonicalQuery, type OptionPolicy } from '../../src/request/canonical.ts';
import type { Options } from '../../src/request/options.ts';
import { parseOptions } from '../../src/request/parse.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { PHOTO } from '../support/plans.ts';
import { PLAIN_POLICY as policy } from '../support/policies.ts';
import { POLICY } from '../support/variants.ts';

const lowAndWide: OptionPolicy = { ...policy, maxWidth: 1000, maxHeight: 500 };
const autoByDefault: OptionPolicy = { ...policy, defaults: { f: 'auto', q: 70 } };
const outputFormats: readonly OutputFormat[] = ['jpeg', 'png', 'webp', 'avif', 'gif'];

function parsed(query: string): Options {
  const options = parseOptions(query);
  if (options.problem) throw new Error(options.problem.message);
  return options.value;
}

function canonical(query: string, by = policy): string {
  return canonicalQuery(canonicalOptions(parsed(query), by), by);
}

t.test('names in one order, formats by one name, numbers in one form', (t) => {
  t.equal(canonical('h=150&w=200'), 'w=200&h=150');
  t.equal(canonical('q=60&f=webp&h=150&w=200'), 'w=200&h=150&f=webp&q=60');
  t.equal(canonical('f=JPG'), 'f=jpeg');
  t.equal(canonical('w=0200.0&q=050'), 'w=200&q=50');
  t.equal(canonical('utm_source=x&w=200&h='), 'w=200');
  t.equal(canonical(''), '');
  t.end();
});

t.test('sides are rounded', (t) => {
  t.strictSame(canonicalOptions({ w: 200.4, h: 150.5 }, policy), { w: 200, h: 151 });
  t.strictSame(canonicalOptions({ w: 1.49 }, policy), { w: 1 });
  t.strictSame(canonicalOptions({ h: 199.999 }, policy), { h: 200 });
  t.end();
});

t.test('sides above a limit are clamped, both in proportion', (t) => {
  const rows: readonly (readonly [given: Options, by: OptionPolicy, sides: Options])[] = [
    [{ w: 4096, h: 4096 }, policy, { w: 4096, h: 4096 }],
    [{ w: 4097 }, policy, { w: 4096 }],
    [{ h: 99_999 }, policy, { h: 4096 }],
    [{ w: 8192, h: 4096 }, policy, { w: 4096, h: 2048 }],
    [{ w: 1000, h: 8192 }, policy, { w: 500, h: 4096 }],
    [{ w: 40_960, h: 3 }, policy, { w: 4096, h: 1 }],
    [{ w: 1, h: 1e300 }, policy, { w: 1, h: 4096 }],
    [{ w: 1e308, h: 1e308 }, policy, { w: 4096, h: 4096 }],
    [{ w: 1000, h: 500 }, lowAndWide, { w: 1000, h: 500 }],
    [{ w: 5000, h: 5000 }, lowAndWide, { w: 500, h: 500 }],
    [{ w: 4000, h: 1000 }, lowAndWide, { w: 1000, h: 250 }],
    [{ w: 900, h: 600 }, lowAndWide, { w: 750, h: 500 }],
    [{ h: 501 }, lowAndWide, { h: 500 }],
    [{ w: 501 }, lowAndWide, { w: 501 }],
  ];
  for (const [given, by, sides] of rows) t.strictSame(canonicalOptions(given, by), sides, JSON.stringify(given));
  t.end();
});

t.test('a fraction that rounding takes away clamps nothing', (t) => {
  t.equal(canonical('w=4096.4&h=3500.6'), canonical('w=4096&h=3501'));
  t.end();
});

t.test('what goes without saying is not said', (t) => {
  const rows: readonly (readonly [query: string, canonical: string])[] = [
    ['w=100&dpr=2', 'w=200'],
    ['w=200&dpr=1', 'w=200'],
    ['w=100.4&h=50&dpr=1.5', 'w=151&h=75'],
    ['w=1&dpr=0.5', 'w=1'],
    ['w=4000&h=1000&dpr=2', 'w=4096&h=1024'],
    ['dpr=2', ''],
    ['f=webp&dpr=2', 'f=webp'],
    ['w=200&h=100&fit=cover', 'w=200&h=100'],
    ['w=200&h=100&fit=contain', 'w=200&h=100&fit=contain'],
    ['w=200&fit=contain&pos=top', 'w=200'],
    ['h=100&fit=fill', 'h=100'],
    ['w=200&h=100&pos=centre', 'w=200&h=100'],
    ['w=200&h=100&pos=0.5,0.5', 'w=200&h=100'],
    ['w=200&h=100&pos=top+right', 'w=200&h=100&pos=right+top'],
    ['w=200&h=100&pos=.3,1', 'w=200&h=100&pos=0.3,1'],
    ['w=200&h=100&fit=fill&pos=top', 'w=200&h=100&fit=fill'],
    ['w=200&h=100&fit=inside&pos=top', 'w=200&h=100&fit=inside'],
    ['w=200&h=100&fit=contain&pos=top', 'w=200&h=100&fit=contain&pos=top'],
    ['w=200&enlarge=1', 'w=200'],
    ['w=200&enlarge=0', 'w=200&enlarge=0'],
    ['bg=FFF&w=200', 'w=200&bg=ffffff'],
    ['pad=1,2,3,4&dpr=1.5', 'pad=2,3,5,6'],
    ['crop=0.50,0,1.0,10&w=9', 'w=9&crop=0.5,0,1.0,10'],
    ['w=9&anim=1', 'w=9'],
    ['w=9&rot=180&flip=hv', 'w=9'],
    ['dl=a+%26%20b,%22%C3%A4%22.jpg&w=9', 'w=9&dl=a+%26+b,%22%C3%A4%22.jpg'],
    ['w=9&flip=v', 'w=9&rot=180&flip=h'],
    ['w=9&rot=270&flip=hv', 'w=9&rot=90'],
    ['w=9&anim=0&colors=16', 'w=9&colors=16&anim=0'],
    ['sharpen=2.0&blur=1.04&trim=010&w=9', 'w=9&trim=10&blur=1&sharpen=2'],
    ['w=9&pos=attention', 'w=9'],
    ['w=9&h=9&pos=attention', 'w=9&h=9&pos=attention'],
    ['w=9&h=9&pos=entropy&fit=contain', 'w=9&h=9&fit=contain'],
    ['w=9&h=9&pos=entropy&fit=fill', 'w=9&h=9&fit=fill'],
  ];
  for (const [query, expected] of rows) {
    t.equal(canonical(query), expected, query);
    t.equal(canonical(canonical(query)), expected, `${query}, again`);
  }
  t.end();
});

t.test('a preset stands for its options, which come before defaults and after what is given', (t) => {
  const presets = { thumb: { w: 160, h: 160, q: 60 }, plain: { dl: 'a.jpg' } };
  const by: OptionPolicy = { ...policy, presets, defaults: { f: 'webp', q: 40 } };
  t.strictSame(canonicalOptions({ preset: 'thumb' }, by), { w: 160, h: 160, f: 'webp', q: 60 });
  t.strictSame(canonicalOptions({ preset: 'thumb', h: 90, dpr: 2 }, by), { w: 320, h: 180, f: 'webp', q: 60 });
  t.strictSame(canonicalOptions({ preset: 'plain' }, { ...by, defaults: {} }), { dl: 'a.jpg' });
  t.equal(canonicalQuery(canonicalOptions({ preset: 'thumb' }, by), by), 'w=160&h=160&f=webp&q=60');
  t.end();
});

t.test('defaults hold for what was not given', (t) => {
  t.equal(canonical('w=200', autoByDefault), 'w=200&f=auto&q=70');
  t.equal(canonical('w=200&q=40', autoByDefault), 'w=200&f=auto&q=40');
  t.equal(canonical('f=png', autoByDefault), 'f=png');
  t.equal(canonical('f=webp&q=', autoByDefault), 'f=webp&q=70');
  t.equal(canonical('h=10', { ...policy, defaults: { w: 8192 } }), 'w=4096&h=5');
  t.end();
});

t.test('a default quality is left out beside a format that is named, and only there', (t) => {
  const rows: readonly (readonly [query: string, canonical: string])[] = [
    ['f=jpeg&q=75', 'f=jpeg'],
    ['f=jpeg&q=80', 'f=jpeg&q=80'],
    ['f=webp&q=80', 'f=webp'],
    ['f=webp&q=75', 'f=webp&q=75'],
    ['f=avif&q=60', 'f=avif'],
    ['f=avif&q=50', 'f=avif&q=50'],
    ['f=png&q=80', 'f=png'],
    ['f=gif&q=1', 'f=gif'],
    ['f=auto&q=80', 'f=auto&q=80'],
    ['f=auto&q=75', 'f=auto&q=75'],
    ['w=200&q=80', 'w=200&q=80'],
    ['q=50', 'q=50'],
  ];
  for (const [query, expected] of rows) t.equal(canonical(query), expected, query);
  t.end();
});

t.test('a quality that differs from the configured one is kept, though the format has it by default', (t) => {
  t.equal(canonical(canonical('f=jpeg&q=75', autoByDefault), autoByDefault), canonical('f=jpeg&q=75', autoByDefault));
  t.not(canonical('f=jpeg&q=75', autoByDefault), canonical('f=jpeg', autoByDefault));
  t.end();
});

t.test('without an option the original is asked for', (t) => {
  t.notOk(asksForVariant({}));
  t.notOk(asksForVariant(parsed('dl=a.jpg')));
  t.notOk(asksForVariant(parsed('utm_source=x&w=&__proto__=1')));
  for (const query of ['w=1', 'h=1', 'f=auto', 'q=1']) t.ok(asksForVariant(parsed(query)), query);
  t.end();
});

t.test('what was given stays as it was, and what comes back cannot be changed', (t) => {
  const given = Object.freeze({ w: 9999.5 });
  const options = canonicalOptions(given, autoByDefault);
  t.strictSame(given, { w: 9999.5 });
  t.strictSame(autoByDefault.defaults, { f: 'auto', q: 70 });
  t.ok(Object.isFrozen(options));
  t.end();
});

const side = fc.oneof(
  fc.integer({ min: 1, max: 20_000 }).map(String),
  fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 999 })).map((parts) => parts.join('.')),
);
const given = fc.record(
  {
    w: side,
    h: side,
    f: fc.constantFrom('jpeg', 'jpg', 'JPG', 'png', 'WebP', 'avif', 'gif', 'auto'),
    q: fc.oneof(fc.constantFrom('50', '75', '80'), fc.integer({ min: 1, max: 100 }).map(String)),
  },
  { requiredKeys: [] },
);
const junk = fc.array(
  fc.constantFrom('utm_source=x', 'w=', 'q', '', 'x=%', 'W=9', '__proto__=1', 'w[]=3', 'constructor=2', '=', 'x=1'),
  { maxLength: 4 },
);
const policies = fc.constantFrom(policy, lowAndWide);

function pairsOf(record: object): string[] {
  return Object.entries(record).map(([name, value]) => `${name}=${value}`);
}

t.test('neither the order of options nor what is unknown changes the canonical form', (t) => {
  const requests = fc.tuple(given, junk).chain(([record, extra]) => {
    const pairs = [...pairsOf(record), ...extra];
    const shuffled = fc.shuffledSubarray(pairs, { minLength: pairs.length });
    return fc.tuple(fc.constant(pairsOf(record).join('&')), shuffled);
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(requests, policies, ([plain, shuffled], by) => {
        const [one, other] = [plain, shuffled.join('&')].map((query) => canonicalOptions(parsed(query), by));
        return isDeepStrictEqual(one, other) && canonical(plain, by) === canonical(shuffled.join('&'), by);
      }),
    ),
  );
  t.end();
});

t.test('what is canonical stays as it is, and keeps within the limits', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(given, fc.constantFrom(policy, lowAndWide, autoByDefault), (record, by) => {
        const once = canonicalOptions(parsed(pairsOf(record).join('&')), by);
        const { w = 1, h = 1 } = once;
        const isWhole = Number.isInteger(w) && Number.isInteger(h) && w >= 1 && h >= 1;
        return isWhole && w <= by.maxWidth && h <= by.maxHeight && isDeepStrictEqual(canonicalOptions(once, by), once);
      }),
    ),
  );
  t.end();
});

/** What is done to a photograph. */
const drawn = (options: Options) => planVariant(options, PHOTO, [], POLICY);

t.test('a canonical URL asks for the same variant as the URL it was made of', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(given, policies, (record, by) => {
        const options = canonicalOptions(parsed(pairsOf(record).join('&')), by);
        const again = canonicalOptions(parsed(canonicalQuery(options, by)), by);
        const { f } = options;
        const formats = f === undefined || f === 'auto' ? outputFormats : [f];
        const isSame = (f: OutputFormat) => isDeepStrictEqual(drawn({ ...again, f }), drawn({ ...options, f }));
        return again.f === f && formats.every(isSame) && canonicalQuery(again, by) === canonicalQuery(options, by);
      }),
    ),
  );
  t.end();
});
