import fc from 'fast-check';
import type { OptionName } from '../../src/request/options.ts';

/** One pair of a query, as it is written into a URL. */
export type Pair = readonly [name: string, value: string];

const number = fc.oneof(
  fc.integer({ min: 0, max: 5000 }).map(String),
  fc.double({ min: 0.01, max: 9999, noNaN: true }).map((value) => value.toFixed(3)),
  fc.constantFrom(
    '1',
    '0',
    '4096',
    '4097',
    '99999',
    '1e3',
    '0x10',
    '-1',
    '+1',
    '.5',
    '1.',
    '007',
    `1${'0'.repeat(400)}`,
  ),
);
const part = fc.constantFrom('0', '0.0', '0.25', '0.5', '1.0', '1', '10', '0.333333', '300', '1.5');
const four = fc.tuple(part, part, part, part).map((parts) => parts.join(','));

const VALUES: { readonly [N in OptionName]: fc.Arbitrary<string> } = {
  w: number,
  h: number,
  crop: four,
  rot: fc.constantFrom('0', '90', '180', '270', '45'),
  flip: fc.constantFrom('h', 'v', 'hv', 'vh'),
  trim: fc.integer({ min: 0, max: 300 }).map(String),
  fit: fc.constantFrom('cover', 'contain', 'fill', 'inside', 'outside', 'Cover'),
  pos: fc.constantFrom(
    'centre',
    'center',
    'top',
    'Right Top',
    'top right',
    'entropy',
    '0.3,0.5',
    '.5,.5',
    '0.50,1',
    '2,2',
  ),
  dpr: fc.constantFrom('1', '2', '1.5', '0.5', '4', '3.333333', '4.1', '0'),
  enlarge: fc.constantFrom('0', '1', '2'),
  blur: fc.constantFrom('0.3', '1', '1.04', '1.05', '100', '101'),
  sharpen: fc.constantFrom('0.5', '1', '10', '11'),
  pad: fc.constantFrom('1,2,3,4', '0,0,0,0', '0,0,0,1', '99999,99999,99999,99999', '1,2,3', '01,2,3,4'),
  bg: fc.constantFrom('fff', 'FFFFFF', '#fff', 'white', 'White', 'ffff', 'f008', 'fffffff', '__proto__', 'constructor'),
  wm: fc.constantFrom('logo', 'none', '../x', '__proto__'),
  preset: fc.constantFrom('thumb', 'tile', 'none', 'constructor', '__proto__'),
  colors: fc.constantFrom('2', '256', '257', '16', '016'),
  anim: fc.constantFrom('0', '1', 'x'),
  f: fc.constantFrom('jpeg', 'jpg', 'JPG', 'png', 'webp', 'avif', 'gif', 'auto', 'AUTO', 'tiff', 'svg'),
  q: fc.constantFrom('1', '100', '75', '80', '60', '050', '0', '101', '1.5'),
  dl: fc.constantFrom('a.jpg', 'ä b.png', 'x"y', '..', 'a/b', "it's", 'a\r\nb'),
  pending: fc.constantFrom(`4102444800.k1.${'A'.repeat(43)}`, 'x', 'x'.repeat(200)),
  exp: fc.constantFrom('0', '4102444800', '04102444800', 'soon'),
  kid: fc.constantFrom('new', 'old', 'none', 'a:b'),
  sig: fc.constantFrom('A'.repeat(43), 'x', 'x'.repeat(200)),
};

const known = fc
  .constantFrom(...(Object.keys(VALUES) as OptionName[]))
  .chain((name) => VALUES[name].map((value): Pair => [name, value]));
const JUNK = [
  'utm_source',
  'W',
  'w[]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__[polluted]',
  'constructor.prototype',
  '',
];
const junk: fc.Arbitrary<Pair> = fc.tuple(
  fc.oneof(fc.constantFrom(...JUNK), fc.string({ maxLength: 6 })),
  fc.string({ maxLength: 12 }),
);
/** Few of them, or nearly every request would have one that is refused. */
const pairs = fc.uniqueArray(fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: junk }), {
  maxLength: 6,
  selector: ([name]) => name,
});

/** Each character as itself or as its escape, as clients differ. */
const spelling = fc.infiniteStream(fc.boolean());

function spelt(text: string, escapes: Iterator<boolean>): string {
  return Array.from(text, (character) => {
    const escaped = encodeURIComponent(/\p{Cs}/u.test(character) ? '?' : character);
    if (escaped !== character || !escapes.next().value) return escaped;
    return `%${character.charCodeAt(0).toString(16)}`;
  }).join('');
}

/** A query of pairs that each stand in it once, and the same in another order and spelling, with junk in it. */
export const spellings = fc.tuple(pairs, fc.infiniteStream(fc.nat(97)), spelling).map(([given, order, escapes]) => {
  const write = (list: readonly Pair[], marks: Iterator<boolean>) =>
    list.map((pair) => pair.map((text) => spelt(text, marks)).join('=')).join('&');
  const never = [][Symbol.iterator]() as Iterator<boolean>;
  const shuffled = given.map((pair) => ({ pair, at: order.next().value as number })).sort((a, b) => a.at - b.at);
  return {
    pairs: given,
    query: write(given, never),
    other: `zz=1&${write(
      shuffled.map(({ pair }) => pair),
      escapes,
    )}&utm_id=%zz`,
  };
});

/** Pieces of paths that are, or nearly are, what no key may have in it. */
export const HOSTILE = [
  '%2e',
  '.',
  '..',
  '/',
  '%2F',
  '%5c',
  '%00',
  '%',
  '%c0%ae',
  '-',
  '%2D',
  'a',
  '%C2',
  '%80',
  '+',
  '%E2%80%AE',
  '~',
  '%ED%A0%80',
  '@',
  ':',
  '//',
  ';',
];
const segment = fc.constantFrom('a.jpg', 'b', 'caf%C3%A9', 'x%20y', 'x+y', '%41', 'a%2Fb', 'missing');

/** A path as it stands in a request line: mostly one that names an object. */
export const path = fc.oneof(
  { weight: 5, arbitrary: fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`) },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text) => `/${encodeURI(text).replaceAll('?', '%3F')}`) },
);

/** Anything that may stand behind a question mark, well formed or not. */
const anything = fc
  .array(
    fc.constantFrom(
      'w',
      '=',
      '&',
      '200',
      '%',
      '%77',
      'f',
      'auto',
      '?',
      ';',
      '[',
      ']',
      '%26',
      '%3D',
      'é',
      '__proto__',
      '.',
      ',',
      '+',
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

export const query = fc.oneof(
  { weight: 4, arbitrary: spellings.map(({ query: text }) => text) },
  { weight: 1, arbitrary: anything },
);
