import fc from 'fast-check';
import t from 'tap';
import { canonicalise, canonicalQuery, type OptionPolicy } from '../../src/request/canonical.ts';
import { type Ladders, NO_LADDERS } from '../../src/request/ladder.ts';
import { parseOptions } from '../../src/request/parse.ts';
import { PLAIN_POLICY as policy } from '../support/policies.ts';

const WIDTHS = [160, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2240, 2560, 3200];
const HEIGHTS = [120, 240, 480, 960, 1920];

function by(ladders: Partial<Ladders>): OptionPolicy {
  return { ...policy, ladders: { ...NO_LADDERS, ...ladders } };
}

const wide = by({ w: WIDTHS });
const high = by({ h: HEIGHTS });
const boxed = by({ w: WIDTHS, h: HEIGHTS });
const qualities = by({ q: [50, 70, 90] });

/** The canonical query, or the complaint. */
function canonical(query: string, reading: OptionPolicy): string {
  const given = parseOptions(query, reading);
  const options = given.problem ? given : canonicalise(given.value, reading);
  return options.problem ? options.problem.message : canonicalQuery(options.value, reading);
}

const SNAPPED: readonly (readonly [query: string, reading: OptionPolicy, expected: string])[] = [
  ['w=160', wide, 'w=160'],
  ['w=161', wide, 'w=320'],
  ['w=1', wide, 'w=160'],
  ['w=3201', wide, 'w=3200'],
  ['w=9999', wide, 'w=3200'],
  ['w=200&dpr=2', wide, 'w=480'],
  ['h=333', wide, 'h=333'],
  ['q=33', wide, 'q=33'],
  ['w=210&h=150', wide, 'w=320&h=229'],
  ['w=320&h=150', wide, 'w=320&h=150'],
  ['w=5000&h=2500', wide, 'w=3200&h=1600'],
  // Up to 640 would be 5120 high, so that it goes down.
  ['w=500&h=4000', wide, 'w=480&h=3840'],
  // And nothing is low enough for this one: its shape gives way.
  ['w=100&h=4000', wide, 'w=160&h=4096'],
  ['w=1&h=4096', wide, 'w=160&h=4096'],
  ['w=4096&h=1', high, 'w=4096&h=120'],
  ['h=121', high, 'h=240'],
  ['w=210&h=150', high, 'w=336&h=240'],
  ['w=4000&h=150', high, 'w=3200&h=120'],
  ['w=210&h=150', boxed, 'w=320&h=240'],
  ['w=210', boxed, 'w=320'],
  ['h=150', boxed, 'h=240'],
  ['w=160&h=4000', boxed, 'w=160&h=1920'],
  ['w=9999&h=1', boxed, 'w=3200&h=120'],
  ['q=1', qualities, 'q=50'],
  ['q=70', qualities, 'q=70'],
  ['q=71&f=webp', qualities, 'q=90&f=webp'],
  ['q=100', qualities, 'q=90'],
  ['w=33&f=webp', qualities, 'w=33&f=webp'],
  ['crop=1,2,3,4', boxed, 'crop=1,2,3,4'],
  ['', boxed, ''],
];

t.test('what is on no rung goes up to the next one, boxes in proportion', (t) => {
  for (const [query, reading, expected] of SNAPPED) {
    const sorted = (text: string) => text.split('&').sort().join('&');
    t.equal(sorted(canonical(query, reading)), sorted(expected), query);
  }
  t.end();
});

const ALLOWED: readonly (readonly [query: string, ladders: Partial<Ladders>, expected: string | RegExp])[] = [
  ['w=320', { w: [320, 640] }, 'w=320'],
  ['w=320&dpr=2', { w: [320, 640] }, 'w=640'],
  ['h=77', { w: [320, 640] }, 'h=77'],
  ['', { w: [320, 640] }, ''],
  ['w=321', { w: [320, 640] }, /^Bad option "w": expected one of 320, 640, in pixels, got 321\.$/],
  ['w=320&dpr=1.5', { w: [320, 640] }, /"w": .+ got 480\.$/],
  ['w=320&h=241', { w: [320], h: [240] }, /^Bad option "h": expected one of 240, in pixels, got 241\.$/],
  // Clamped with its height, it is another width.
  ['w=320&h=8192', { w: [320, 640] }, /"w": .+ got 160\.$/],
  ['q=71', { q: [70] }, /^Bad option "q": expected one of 70, got 71\.$/],
];

t.test('or is a bad option that says what it may be', (t) => {
  for (const [query, ladders, expected] of ALLOWED) {
    const got = canonical(query, by({ ...ladders, mode: 'allow' }));
    if (typeof expected === 'string') t.equal(got, expected, query);
    else t.match(got, expected, query);
  }
  t.end();
});

t.test('an error counts up forty rungs at most', (t) => {
  const many = Array.from({ length: 100 }, (_, index) => index + 1);
  t.match(canonical('w=200', by({ w: many, mode: 'allow' })), / 39, 40, in pixels, got 200\.$/);
  t.end();
});

const side = fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.constantFrom(160, 3200, 4096, 1, 120, 1920));

t.test('of a thousand widths there are as many pictures as rungs', (t) => {
  const made = new Set(Array.from({ length: 1000 }, (_, index) => canonical(`w=${index * 4 + 1}`, wide)));
  t.equal(made.size, WIDTHS.length);
  const boxes = fc.sample(fc.tuple(side, side), { numRuns: 5000, seed: 1 });
  const made2 = new Set(boxes.map(([w, h]) => canonical(`w=${w}&h=${h}`, boxed)));
  t.ok(made2.size <= WIDTHS.length * HEIGHTS.length, `${made2.size} boxes`);
  t.end();
});

t.test('where one side has a ladder, it is on it, whatever the other is', (t) => {
  const boxes = fc.sample(fc.tuple(side, side), { numRuns: 5000, seed: 2 });
  const made = boxes.map(([w, h]) => Number(/w=(\d+)/.exec(canonical(`w=${w}&h=${h}`, wide))?.[1]));
  t.same(
    made.filter((width) => !WIDTHS.includes(width)),
    [],
  );
  t.end();
});

t.test('what has been put on its rungs stays where it is, and no side exceeds a limit', (t) => {
  const optional = fc.option(side, { nil: undefined });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(optional, optional, fc.constantFrom(wide, high, boxed, qualities), (w, h, reading) => {
        const pairs = [w !== undefined && `w=${w}`, h !== undefined && `h=${h}`].filter(Boolean).join('&');
        const once = canonical(pairs, reading);
        const sides = [...once.matchAll(/[wh]=(\d+)/g)].map(([, number]) => Number(number));
        return canonical(once, reading) === once && sides.every((number) => number >= 1 && number <= 4096);
      }),
      { numRuns: 3000 },
    ),
  );
  t.end();
});
