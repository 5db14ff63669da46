import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import { FORMATS } from '../../src/formats.ts';
import { canonicalOptions, type OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { NO_NAMES } from '../../src/request/names.ts';
import type { Options } from '../../src/request/options.ts';
import { parseOptions } from '../../src/request/parse.ts';
import type { Size } from '../../src/transform/geometry.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { oracle } from '../support/oracle.ts';
import { noise, orientedJpeg } from '../support/pictures.ts';
import { PHOTO } from '../support/plans.ts';
import { POLICY, variant } from '../support/variants.ts';

const HUGE = 1e12;
const UNLIMITED = { maxWidth: HUGE, maxHeight: HUGE };
const READING: OptionPolicy = { ...NO_NAMES, ...UNLIMITED, ladders: NO_LADDERS, dialect: 'native', defaults: {} };

const side = fc.oneof(
  fc.constantFrom(1, 2, 20_000),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 9000 }),
);
// Halves are exact in binary: what they give is known without rounding.
const dprs = fc.constantFrom(0.5, 1, 1.5, 2, 2.5, 3, 4);
const given = fc.record(
  {
    w: side,
    h: side,
    fit: fc.constantFrom('cover', 'contain', 'fill', 'inside', 'outside'),
    enlarge: fc.constantFrom(0, 1),
    dpr: dprs,
    rot: fc.constantFrom(90, 180, 270),
    flip: fc.constantFrom('h', 'v', 'hv'),
    pos: fc.constantFrom('left top', 'right', '0.2,0.9', 'attention'),
  },
  { requiredKeys: [] },
);
/** What is larger is refused, whatever is asked for. */
const readable = fc.record({ width: side, height: side }).filter(({ width, height }) => width * height < 268e6);
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

function read(query: Given): Options {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const parsed = parseOptions(text.join('&'));
  if (parsed.problem) throw new Error(parsed.problem.message);
  return canonicalOptions(parsed.value, READING);
}

/** What the sides should be: multiplied first, halves upwards, of the picture as it was turned. */
function wanted({ width, height }: Size, { w, h, dpr = 1, rot, fit, enlarge }: Given): Size {
  const onSide = rot === 90 || rot === 270;
  const times = (length: number) => Math.max(1, Math.floor(length * dpr + 0.5));
  return oracle(onSide ? { width: height, height: width } : { width, height }, {
    ...(w !== undefined && { w: times(w) }),
    ...(h !== undefined && { h: times(h) }),
    ...(fit !== undefined && { fit: fit as Options['fit'] & string }),
    ...(enlarge !== undefined && { enlarge: enlarge as 0 | 1 }),
  });
}

t.test('from the query to the plan, sides are those of the oracle', (t) => {
  fc.assert(
    fc.property(readable, given, (size, query) => {
      const policy = { ...POLICY, ...UNLIMITED, maxSourcePixels: HUGE };
      const plan = planVariant(read(query), { ...PHOTO, ...size, format: 'png' }, [], {
        ...policy,
        avifMaxPixels: HUGE,
      });
      const { width, height } = wanted(size, query);
      return plan?.output.width === width && plan.output.height === height;
    }),
    { numRuns: 20_000 },
  );
  t.end();
});

const originals: readonly Size[] = [
  { width: 1, height: 1 },
  { width: 1, height: 20_000 },
  { width: 20_000, height: 1 },
  { width: 7, height: 5 },
  { width: 40, height: 30 },
  { width: 300, height: 2 },
];

t.test('the sides of pictures that were encoded are, too, however the original lies', async (t) => {
  const pictures = await Promise.all(
    originals.flatMap((size) =>
      [1, 3, 6, 8].map(async (orientation) => ({
        size,
        jpeg: await orientedJpeg(orientation, size.width, size.height),
      })),
    ),
  );
  const queries = fc.sample(given, { numRuns: 400, seed: 7 });
  const formats = ['png', 'jpeg', 'webp'] as const;
  for (const [index, query] of queries.entries()) {
    const { size, jpeg } = pictures[index % pictures.length] ?? {
      size: { width: 0, height: 0 },
      jpeg: Buffer.alloc(0),
    };
    const { width, height } = wanted(size, query);
    // What would be too large is for the tests of limits; here it would be slow.
    if (width > 2000 || height > 2000) continue;
    const made = await sharp(await variant(jpeg, { ...read(query), f: formats[index % 3] ?? 'png' })).metadata();
    t.same([made.width, made.height], [width, height], `${size.width}x${size.height} ${JSON.stringify(query)}`);
  }
});

t.test('at the longest side of each format, a picture is written and can be read', async (t) => {
  const line = await noise(70_000, 1).png().toBuffer();
  const policy = { maxWidth: HUGE, maxHeight: HUGE, avifMaxPixels: HUGE };
  for (const f of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const) {
    for (const options of [{ f }, { f, rot: 90 }] as const) {
      const made = await variant(line, options, policy);
      const { width = 0, height = 0 } = await sharp(made, { limitInputPixels: false }).metadata();
      t.same(
        [width, height].sort((a, b) => a - b),
        [1, Math.min(70_000, FORMATS[f].maxSide)],
        f,
      );
      await sharp(made, { limitInputPixels: false }).resize(10, 10, { fit: 'fill' }).raw().toBuffer();
    }
  }
});
