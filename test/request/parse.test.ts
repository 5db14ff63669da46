import fc from 'fast-check';
import t from 'tap';
import type { Names } from '../../src/request/names.ts';
import { PARSERS } from '../../src/request/option-parsers.ts';
import { OPTION_TEXTS } from '../../src/request/option-texts.ts';
import { OPTION_NAMES, type OptionName, type Options } from '../../src/request/options.ts';
import { parseKey, parseOptions, parseRequest } from '../../src/request/parse.ts';
import { HOSTILE } from '../support/fuzz-requests.ts';

const encoded = { eAcute: '%C3%A9', euro: '%E2%82%AC', smile: '%F0%9F%98%80' };

const keys: readonly (readonly [path: string, key: string])[] = [
  ['/a.jpg', 'a.jpg'],
  ['/photos/2024/a.jpg', 'photos/2024/a.jpg'],
  ['/a%20b.jpg', 'a b.jpg'],
  ['/a+b.jpg', 'a+b.jpg'],
  ['/a%2Bb.jpg', 'a+b.jpg'],
  ['/a%2Fb.jpg', 'a/b.jpg'],
  ['/a%2fb.jpg', 'a/b.jpg'],
  ['/a%3Fw=1', 'a?w=1'],
  ['/a%23b', 'a#b'],
  ['/100%25.jpg', '100%.jpg'],
  ['/a%252Fb', 'a%2Fb'],
  ['/%252e%252e/a', '%2e%2e/a'],
  ['/caf%C3%A9.jpg', 'caf\u00e9.jpg'],
  ['/cafe%CC%81.jpg', 'cafe\u0301.jpg'],
  ['/%F0%9F%98%80.png', '\u{1f600}.png'],
  ['/%EF%BB%BFa', '\ufeffa'],
  ['/%C2%A0', '\u00a0'],
  ['/%EF%BF%BD', '\ufffd'],
  ["/it's.jpg", "it's.jpg"],
  ['/it%27s.jpg', "it's.jpg"],
  ['/%22a%22.jpg', '"a".jpg'],
  ['/a;b=c,d@e:f&g=h.jpg', 'a;b=c,d@e:f&g=h.jpg'],
  ['/.hidden', '.hidden'],
  ['/...', '...'],
  ['/a../..b/c..d', 'a../..b/c..d'],
  ['/-', '-'],
  ['/--/a', '--/a'],
  ['/-a/b', '-a/b'],
  ['/a/-/b', 'a/-/b'],
  ['/%252D/a', '%2D/a'],
  ['/__proto__', '__proto__'],
  [`/${'a'.repeat(1024)}`, 'a'.repeat(1024)],
  [`/${encoded.eAcute.repeat(512)}`, '\u00e9'.repeat(512)],
  [`/${encoded.euro.repeat(341)}a`, `${'\u20ac'.repeat(341)}a`],
  [`/${encoded.smile.repeat(256)}`, '\u{1f600}'.repeat(256)],
  // The last character of two bytes and the first of three.
  [`/${'%DF%BF'.repeat(512)}`, '\u07ff'.repeat(512)],
  [`/${'%E0%A0%80'.repeat(341)}a`, `${'\u0800'.repeat(341)}a`],
];

const refusedPaths: readonly (readonly [reason: string, complaint: RegExp, paths: readonly string[]])[] = [
  [
    'no leading slash',
    /begins with a slash/,
    ['', 'a.jpg', 'http://images.example/a.jpg', '*', '%2Fa.jpg', '.', '\\a'],
  ],
  ['no key', /expected \/<object key>/, ['/']],
  ['an empty segment', /no empty segment/, ['//a', '/a//b', '/a/', '/%2Fa', '/a%2F%2Fb', '//evil.example/a']],
  [
    'a dot segment',
    /no "\." or "\.\." segment/,
    [
      '/.',
      '/..',
      '/./a',
      '/../a',
      '/a/./b',
      '/a/../b',
      '/a/..',
      '/%2e',
      '/%2E%2E/a',
      '/a/.%2e/b',
      '/..%2fa',
      '/a%2f..',
    ],
  ],
  ['a backslash', /no backslash/, ['/a\\b', '/..%5ca', '/..%5Ca', '/%5C']],
  [
    'a control character',
    /no control characters/,
    [
      '/%00',
      '/a%00.jpg',
      '/%01',
      '/a%0d%0ab',
      '/%1F',
      '/%7f',
      '/%C2%80',
      '/%C2%85',
      '/%C2%9F',
      '/a\tb',
      '/a\nb',
      '/\0',
    ],
  ],
  [
    'a broken escape',
    /percent-encoded UTF-8/,
    ['/%', '/%2', '/%zz', '/a%', '/a%2', '/%%20', '/%u00e9', '/%2 0', '/a%25%'],
  ],
  [
    'bytes that are not UTF-8',
    /percent-encoded UTF-8/,
    ['/%c0%ae', '/%C0%AE%C0%AE/a', '/%E0%80%AE', '/%c0%80', '/%ED%A0%80', '/%ED%B0%80', '/%ED%A0%BD%ED%B8%80', '/%E9'],
  ],
  [
    'UTF-8 cut short or out of range',
    /percent-encoded UTF-8/,
    ['/%C3', '/%C3a', '/%E2%82', '/%80', '/%FF', '/%F4%90%80%80', '/%F5%80%80%80'],
  ],
  [
    'what should have been escaped',
    /percent-encoded UTF-8/,
    ['/\u00e9', '/\u20ac', '/\u{1f600}', '/\ud800', '/\udc00', '/\x7f', '/\u0080', '/a%20\u00e9'],
  ],
  [
    'more than 1024 bytes',
    /at most 1024 bytes/,
    [
      `/${'a'.repeat(1025)}`,
      `/${encoded.eAcute.repeat(512)}a`,
      `/${encoded.euro.repeat(341)}ab`,
      `/${encoded.smile.repeat(256)}a`,
      `/${'%DF%BF'.repeat(512)}a`,
      `/${'%E0%A0%80'.repeat(341)}ab`,
      `/${'a/'.repeat(50_000)}a`,
    ],
  ],
  ['the reserved prefix', /reserved prefix \/-\//, ['/-/', '/-/info', '/%2D/info', '/%2d%2Finfo', '/-%2fa', '/-/../a']],
];

const names: Names = { presets: { thumb: { w: 160 }, hero: { w: 1600 } }, watermarks: ['logo'], presetsOnly: false };

const acceptedOptions: readonly (readonly [query: string, options: Options])[] = [
  ['w=200', { w: 200 }],
  ['h=150', { h: 150 }],
  ['w=200&h=150&f=webp&q=60', { w: 200, h: 150, f: 'webp', q: 60 }],
  ['w=1', { w: 1 }],
  ['w=1.0', { w: 1 }],
  ['w=200.49', { w: 200.49 }],
  ['h=0200', { h: 200 }],
  ['w=1.0000000000000000000000000001', { w: 1 }],
  ['w=100000000', { w: 100_000_000 }],
  ['f=jpeg', { f: 'jpeg' }],
  ['f=jpg', { f: 'jpeg' }],
  ['f=JPG', { f: 'jpeg' }],
  ['f=Png', { f: 'png' }],
  ['f=WEBP', { f: 'webp' }],
  ['f=avif', { f: 'avif' }],
  ['f=GIF', { f: 'gif' }],
  ['f=Auto', { f: 'auto' }],
  ['fit=inside', { fit: 'inside' }],
  ['crop=10,020,300,200', { crop: '10,20,300,200' }],
  ['crop=0.10,0.0,0.5,1.0', { crop: '0.1,0,0.5,1.0' }],
  ['crop=0,0,1,1', { crop: '0,0,1,1' }],
  ['crop=0,0,0.5,100', { crop: '0,0,0.5,100' }],
  ['rot=90', { rot: 90 }],
  ['dl=photo.jpg', { dl: 'photo.jpg' }],
  ['dl=my+%22photo%22%20%C3%A4.jpg', { dl: 'my "photo" ä.jpg' }],
  ['rot=270', { rot: 270 }],
  ['flip=h', { flip: 'h' }],
  ['flip=hv', { flip: 'hv' }],
  ['pad=1,2,3,4', { pad: '1,2,3,4' }],
  ['pad=0,0,0,010', { pad: '0,0,0,10' }],
  ['colors=2', { colors: 2 }],
  ['colors=256', { colors: 256 }],
  ['anim=0', { anim: 0 }],
  ['anim=1', { anim: 1 }],
  ['pos=centre', { pos: 'centre' }],
  ['pos=center', { pos: 'centre' }],
  ['pos=Left', { pos: 'left' }],
  ['pos=right+top', { pos: 'right top' }],
  ['pos=top%20right', { pos: 'right top' }],
  ['pos=centre+bottom', { pos: 'bottom' }],
  ['pos=center+centre', { pos: 'centre' }],
  ['pos=0.25,1', { pos: '0.25,1' }],
  ['pos=.250,1.0', { pos: '0.25,1' }],
  ['pos=0.50,.5', { pos: 'centre' }],
  ['dpr=2', { dpr: 2 }],
  ['dpr=1.50', { dpr: 1.5 }],
  ['enlarge=0', { enlarge: 0 }],
  ['enlarge=1', { enlarge: 1 }],
  ['bg=F0a', { bg: 'ff00aa' }],
  ['bg=%23ff00AA', { bg: 'ff00aa' }],
  ['bg=ff00aa80', { bg: 'ff00aa80' }],
  ['bg=f0a8', { bg: 'ff00aa88' }],
  ['bg=ff00aaFF', { bg: 'ff00aa' }],
  ['bg=White', { bg: 'ffffff' }],
  ['bg=transparent', { bg: '00000000' }],
  ['trim=0', { trim: 0 }],
  ['trim=010', { trim: 10 }],
  ['pos=entropy', { pos: 'entropy' }],
  ['pos=attention', { pos: 'attention' }],
  ['blur=0.3', { blur: 0.3 }],
  ['blur=100.0', { blur: 100 }],
  ['blur=2.449', { blur: 2.4 }],
  ['sharpen=0.5', { sharpen: 0.5 }],
  ['sharpen=9.96', { sharpen: 10 }],
  ['wm=logo', { wm: 'logo' }],
  ['preset=thumb', { preset: 'thumb' }],
  ['q=1', { q: 1 }],
  ['q=100', { q: 100 }],
  ['q=075', { q: 75 }],
  ['%77=20%30', { w: 200 }],
  ['f=%77ebp', { f: 'webp' }],
];

const ignoredQueries: readonly string[] = [
  '',
  '&',
  '&&&',
  '=',
  '==',
  '=5',
  'w',
  'w=',
  'w=&h=&f=&q=',
  'w=&w=',
  'w&w',
  'utm_source=x',
  'W=200',
  'width=200',
  'w[]=200',
  'w%5B%5D=200',
  '__proto__=1',
  '__proto__[w]=1',
  'constructor=1',
  'toString=1',
  'hasOwnProperty=1',
  'x=%',
  'x=%c0%ae',
  'x=%zz&x=1&x=2',
  '%=5',
  'w%=5',
  'w%c0=5',
  'w+=5',
  '+w=5',
  'w%20=5',
  'w%00=5',
  'w%3D=5',
  '?w=5',
  ';w=5',
  '\u00e9=1',
  'x=\u00e9',
];

/** `signature.test.ts` and `test/http/pending.test.ts` have the others. */
type PictureOption = Exclude<OptionName, 'pending' | 'exp' | 'kid' | 'sig'>;

const refusedValues: { readonly [N in PictureOption]: readonly (readonly [value: string, got: string])[] } = {
  w: [
    ['abc', '"abc"'],
    ['-1', '"-1"'],
    ['0', '"0"'],
    ['0.99', '"0.99"'],
    ['1e3', '"1e3"'],
    ['0x10', '"0x10"'],
    ['200px', '"200px"'],
    ['NaN', '"NaN"'],
    ['Infinity', '"Infinity"'],
    ['1.', '"1."'],
    ['.5', '".5"'],
    ['1.2.3', '"1.2.3"'],
    ['1,5', '"1,5"'],
    ['1_000', '"1_000"'],
    ['%2B5', '"+5"'],
    ['+5', '" 5"'],
    ['5+', '"5 "'],
    ['%205', '" 5"'],
    ['5%0A', '"5\\n"'],
    ['%EF%BC%95', '"\\uff15"'],
    ['%D9%A3', '"\\u0663"'],
    // A C1 control, and a letter that turns the direction of writing.
    ['%C2%85', '"\\u0085"'],
    ['%E2%80%AE', '"\\u202e"'],
    ['1=2', '"1=2"'],
    ['1?h=2', '"1?h=2"'],
    ['%22%5C', '"\\"\\\\"'],
    ['%', 'something that is not percent-encoded UTF-8'],
    ['5%2', 'something that is not percent-encoded UTF-8'],
    ['%c0%ae', 'something that is not percent-encoded UTF-8'],
    ['%ED%A0%80', 'something that is not percent-encoded UTF-8'],
    ['\u00e9', 'something that is not percent-encoded UTF-8'],
    ['9'.repeat(400), `"${'9'.repeat(32)}\u2026"`],
    ['9'.repeat(33).replace('9', '-'), `"-${'9'.repeat(31)}\u2026"`],
    [`-${'9'.repeat(31)}`, `"-${'9'.repeat(31)}"`],
  ],
  h: [
    ['abc', '"abc"'],
    ['-1', '"-1"'],
    ['0', '"0"'],
    ['1e3', '"1e3"'],
    ['%', 'something that is not percent-encoded UTF-8'],
  ],
  crop: [
    ['1,2,3', '"1,2,3"'],
    ['1,2,3,4,5', '"1,2,3,4,5"'],
    ['0,0,0,5', '"0,0,0,5"'],
    ['0,0,5,0.0', '"0,0,5,0.0"'],
    ['0.5,0,1.5,1', '"0.5,0,1.5,1"'],
    ['-1,0,5,5', '"-1,0,5,5"'],
    ['1e1,0,5,5', '"1e1,0,5,5"'],
    ['.5,0,1,1', '".5,0,1,1"'],
    ['0,0,1000000,1', '"0,0,1000000,1"'],
  ],
  pad: [
    ['10', '"10"'],
    ['0,0,0,0', '"0,0,0,0"'],
    ['1,2,3,-4', '"1,2,3,-4"'],
    ['1.5,0,0,0', '"1.5,0,0,0"'],
    ['100000,0,0,0', '"100000,0,0,0"'],
  ],
  colors: [
    ['1', '"1"'],
    ['257', '"257"'],
    ['16.0', '"16.0"'],
    ['0x10', '"0x10"'],
  ],
  anim: [
    ['2', '"2"'],
    ['false', '"false"'],
  ],
  rot: [
    ['0', '"0"'],
    ['45', '"45"'],
    ['-90', '"-90"'],
    ['90.0', '"90.0"'],
    ['360', '"360"'],
  ],
  flip: [
    ['vh', '"vh"'],
    ['H', '"H"'],
    ['1', '"1"'],
  ],
  dl: [
    ['..', '".."'],
    ['a%2Fb.jpg', '"a/b.jpg"'],
    ['a%5Cb', '"a\\\\b"'],
    ['a%0D%0Ab', '"a\\r\\nb"'],
    ['gpj.%E2%80%AEexe', '"gpj.\\u202eexe"'],
    ['x'.repeat(129), `"${'x'.repeat(32)}…"`],
  ],
  trim: [
    ['-1', '"-1"'],
    ['256', '"256"'],
    ['1.5', '"1.5"'],
    ['auto', '"auto"'],
  ],
  blur: [
    ['0.2', '"0.2"'],
    ['100.1', '"100.1"'],
    ['.5', '".5"'],
    ['1e1', '"1e1"'],
    ['true', '"true"'],
  ],
  sharpen: [
    ['0.4', '"0.4"'],
    ['10.1', '"10.1"'],
    ['-1', '"-1"'],
  ],
  wm: [
    ['other', '"other"'],
    ['constructor', '"constructor"'],
    ['lo%20go', '"lo go"'],
    ['%', 'something that is not percent-encoded UTF-8'],
  ],
  preset: [
    ['Thumb', '"Thumb"'],
    ['__proto__', '"__proto__"'],
    ['toString', '"toString"'],
  ],
  fit: [
    ['crop', '"crop"'],
    ['Cover', '"Cover"'],
    ['toString', '"toString"'],
  ],
  pos: [
    ['middle', '"middle"'],
    ['left+right', '"left right"'],
    ['top+top', '"top top"'],
    ['left+top+centre', '"left top centre"'],
    ['left++top', '"left  top"'],
    ['1.1,0', '"1.1,0"'],
    ['-0.1,0', '"-0.1,0"'],
    ['0.5', '"0.5"'],
    ['0.5,', '"0.5,"'],
    ['0.5,0.5,0.5', '"0.5,0.5,0.5"'],
    ['1e-1,0', '"1e-1,0"'],
    ['constructor', '"constructor"'],
  ],
  dpr: [
    ['0', '"0"'],
    ['0.4', '"0.4"'],
    ['4.1', '"4.1"'],
    ['2x', '"2x"'],
    ['1e0', '"1e0"'],
    ['-2', '"-2"'],
    ['10', '"10"'],
  ],
  enlarge: [
    ['true', '"true"'],
    ['2', '"2"'],
    ['00', '"00"'],
  ],
  bg: [
    ['12', '"12"'],
    ['12345', '"12345"'],
    ['1234567', '"1234567"'],
    ['123456789', '"123456789"'],
    ['%23%23fff', '"##fff"'],
    ['ggg', '"ggg"'],
    ['rebeccapurple', '"rebeccapurple"'],
    ['__proto__', '"__proto__"'],
    ['rgb(1,2,3)', '"rgb(1,2,3)"'],
  ],
  f: [
    ['svg', '"svg"'],
    ['tiff', '"tiff"'],
    ['heic', '"heic"'],
    ['.jpg', '".jpg"'],
    ['image%2Fwebp', '"image/webp"'],
    ['webp,avif', '"webp,avif"'],
    ['constructor', '"constructor"'],
    ['__proto__', '"__proto__"'],
    ['jpe', '"jpe"'],
    // A capital I with a dot, which some languages' lower case makes an i.
    ['G%C4%B0F', '"G\\u0130F"'],
    ['%', 'something that is not percent-encoded UTF-8'],
  ],
  q: [
    ['0', '"0"'],
    ['101', '"101"'],
    ['-5', '"-5"'],
    ['75.5', '"75.5"'],
    ['1e1', '"1e1"'],
    ['0x10', '"0x10"'],
    ['80%25', '"80%"'],
    ['high', '"high"'],
    ['0075', '"0075"'],
    ['%', 'something that is not percent-encoded UTF-8'],
  ],
};

const expectedForms: { readonly [N in PictureOption]: string } = {
  w: 'a decimal number of at least 1',
  h: 'a decimal number of at least 1',
  rot: 'one of 90, 180, 270',
  dl: 'a file name of at most 128 characters, without slashes',
  flip: 'one of h, v, hv',
  crop: 'x,y,width,height of what is cut out first: parts of the sides with a point, else pixels',
  pad: 'top,right,bottom,left in whole CSS pixels, one of them above 0',
  colors: 'a whole number from 2 to 256',
  anim: '0 or 1',
  fit: 'one of cover, contain, fill, inside, outside',
  pos: 'centre, top, right top, right, …, entropy, attention, or a focal point such as 0.3,0.5',
  trim: 'a whole number from 0 to 255',
  blur: 'a decimal number from 0.3 to 100',
  sharpen: 'a decimal number from 0.5 to 10',
  wm: 'the name of a watermark (logo)',
  preset: 'the name of a preset (thumb, hero)',
  dpr: 'a decimal number from 0.5 to 4',
  enlarge: '0 or 1',
  bg: 'a colour as 3, 4, 6 or 8 hexadecimal digits, or one of the basic names of CSS',
  f: 'one of jpeg, jpg, png, webp, avif, gif, auto',
  q: 'a whole number from 1 to 100',
};

function messageOf(query: string): string {
  return parseOptions(query, names).problem?.message ?? 'no problem';
}

/** Any character that UTF-8 can hold: ASCII, up to the surrogates, or above them. */
const character = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));

t.test('names are those that are configured, and where none are, the option is one nobody knows', (t) => {
  t.strictSame(parseOptions('wm=logo&preset=thumb&w=7'), { value: { w: 7 } });
  t.strictSame(parseOptions('wm=%zz&wm=1&preset=/'), { value: {} });
  t.strictSame(parseOptions('preset=hero&w=7', names), { value: { preset: 'hero', w: 7 } });
  const many: Names = { ...names, watermarks: Array.from({ length: 50 }, (_, index) => `w${index}`) };
  t.match(parseOptions('wm=x', many).problem?.message, /w18, w19\), got "x"/);
  t.end();
});

t.test('where only presets are served, nothing else that says something of a picture is', (t) => {
  const only: Names = { ...names, presetsOnly: true };
  const message = 'Bad option "w": expected "preset" alone, which is all that is served here.';
  t.strictSame(parseOptions('preset=thumb&w=7', only), { problem: { code: 'bad_option', message } });
  t.strictSame(parseOptions('w=7', only), { problem: { code: 'bad_option', message } });
  t.strictSame(parseOptions('preset=thumb&dl=a.jpg&utm_source=x&w=', only), {
    value: { preset: 'thumb', dl: 'a.jpg' },
  });
  t.strictSame(parseOptions('dl=a.jpg', only), { value: { dl: 'a.jpg' } });
  t.end();
});

t.test('the key is the path, decoded exactly once', (t) => {
  for (const [path, key] of keys) t.strictSame(parseKey(path), { value: key }, path.slice(0, 40));
  t.end();
});

t.test('what is no key is a bad path, and the message says what was expected', (t) => {
  for (const [reason, complaint, paths] of refusedPaths) {
    for (const path of paths) {
      const { problem } = parseKey(path);
      t.equal(problem?.code, 'bad_path', `${reason}: ${JSON.stringify(path.slice(0, 40))}`);
      t.match(problem?.message, complaint, `${reason}, said so`);
    }
  }
  t.end();
});

t.test('every key comes back as it went in', (t) => {
  const segment = fc.string({ unit: character, minLength: 1, maxLength: 12 }).filter(isPlainSegment);
  const segments = fc.array(segment, { minLength: 1, maxLength: 5 }).filter(([first]) => first !== '-');
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(segments, (parts) => {
        const parsed = parseKey(`/${parts.map(encodeURIComponent).join('/')}`);
        return parsed.problem === undefined && parsed.value === parts.join('/');
      }),
    ),
  );
  t.end();
});

function isPlainSegment(text: string): boolean {
  return !['.', '..'].includes(text) && !/[\p{Cc}\p{Cs}/\\]/u.test(text);
}

t.test('whatever comes is a key that can be trusted, or a problem', (t) => {
  const escapes = fc.constantFrom(...HOSTILE);
  const hostile = fc.array(fc.oneof({ weight: 9, arbitrary: escapes }, fc.string({ unit: character })), {
    maxLength: 9,
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(hostile, (parts) => {
        const parsed = parseKey(`/${parts.join('')}`);
        return parsed.problem ? parsed.problem.code === 'bad_path' : isTrustworthy(parsed.value);
      }),
      { numRuns: 1000 },
    ),
  );
  t.end();
});

function isTrustworthy(key: string): boolean {
  const segmentsAreNames = key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  return segmentsAreNames && !/[\p{Cc}\p{Cs}\\]/u.test(key) && !key.startsWith('-/') && Buffer.byteLength(key) <= 1024;
}

t.test('options are typed values', (t) => {
  for (const [query, options] of acceptedOptions) t.strictSame(parseOptions(query, names), { value: options }, query);
  t.end();
});

t.test('every option has its place in the order, its parser and its texts', (t) => {
  t.same(Object.keys(PARSERS), OPTION_NAMES);
  t.same(Object.keys(OPTION_TEXTS), OPTION_NAMES);
  t.end();
});

t.test('each format that the message of f names is accepted', (t) => {
  const named = OPTION_TEXTS.f.expected.replace('one of ', '').split(', ');
  t.strictSame(named, ['jpeg', 'jpg', 'png', 'webp', 'avif', 'gif', 'auto']);
  for (const name of named) t.equal(parseOptions(`f=${name}`).problem, undefined, name);
  t.end();
});

t.test('an empty value is an absent one, and unknown options are ignored', (t) => {
  for (const query of ignoredQueries) {
    t.strictSame(parseOptions(query), { value: {} }, query);
    t.strictSame(parseOptions(`${query}&w=7&${query}`), { value: { w: 7 } }, `${query} around w`);
  }
  t.equal(Object.getPrototypeOf({}).w, undefined);
  t.end();
});

t.test('a bad value is a problem that names the option, what was expected and what came', (t) => {
  for (const name of Object.keys(refusedValues) as PictureOption[]) {
    for (const [value, got] of refusedValues[name]) {
      const message = `Bad option "${name}": expected ${expectedForms[name]}, got ${got}.`;
      const query = `${name}=${value}`;
      t.strictSame(parseOptions(query, names), { problem: { code: 'bad_option', message } }, query.slice(0, 40));
    }
  }
  t.end();
});

t.test('an option given twice is a problem, whatever its values', (t) => {
  const twice = (name: string) => `Bad option "${name}": expected it once, got it twice.`;
  t.equal(messageOf('w=200&w=200'), twice('w'));
  t.equal(messageOf('w=200&h=1&w=300'), twice('w'));
  t.equal(messageOf('h=200&%68=200'), twice('h'));
  t.equal(messageOf('f=jpg&f=jpeg'), twice('f'));
  t.equal(messageOf('q=1&x=2&q=1'), twice('q'));
  t.equal(parseOptions('w=200&w=abc').problem?.code, 'bad_option');
  t.end();
});

t.test('an option given once and once empty is given once', (t) => {
  t.strictSame(parseOptions('w=&w=200'), { value: { w: 200 } });
  t.strictSame(parseOptions('w=200&w='), { value: { w: 200 } });
  t.strictSame(parseOptions('w=200&w'), { value: { w: 200 } });
  t.end();
});

t.test('a long value is shortened in the message', (t) => {
  const message = messageOf(`w=${'a'.repeat(100_000)}`);
  t.match(message, `got "${'a'.repeat(32)}\u2026".`);
  t.ok(message.length < 120, 'short enough for a log line');
  t.end();
});

t.test('a value shortened within an emoji leaves a message of well-formed text', (t) => {
  const message = messageOf(`w=${'a'.repeat(31)}${encoded.smile.repeat(9)}`);
  t.match(message, 'aaa');
  t.equal(Buffer.from(message).toString(), message);
  t.end();
});

t.test('whatever the query is, it parses or names a known option', (t) => {
  const piece = fc.constantFrom(
    'w',
    'h',
    'f',
    'q',
    '=',
    '&',
    '%',
    '+',
    '5',
    'jpg',
    '%77',
    '%C3',
    '__proto__',
    '?',
    '#',
  );
  const query = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string({ unit: character })), { maxLength: 12 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(query, (pieces) => {
        const { problem } = parseOptions(pieces.join(''));
        return problem === undefined || /^Bad option "[whfq]": expected .+\.$/.test(problem.message);
      }),
      { numRuns: 1000 },
    ),
  );
  t.end();
});

t.test('a request is a key and its options', (t) => {
  t.strictSame(parseRequest('/a.jpg'), { value: { key: 'a.jpg', options: {} } });
  t.strictSame(parseRequest('/a.jpg?'), { value: { key: 'a.jpg', options: {} } });
  t.strictSame(parseRequest('/a+b?w=2&utm_source=x'), { value: { key: 'a+b', options: { w: 2 } } });
  t.strictSame(parseRequest('/a%3Fw=1?h=2'), { value: { key: 'a?w=1', options: { h: 2 } } });
  t.end();
});

t.test('a request with a bad path or a bad option is a problem, the path first', (t) => {
  t.equal(parseRequest('/../a?w=1').problem?.code, 'bad_path');
  t.equal(parseRequest('?w=1').problem?.code, 'bad_path');
  t.equal(parseRequest('/..?w=abc').problem?.code, 'bad_path');
  t.equal(parseRequest('/a?w=abc').problem?.code, 'bad_option');
  t.equal(parseRequest('/a?w=1?w=2').problem?.code, 'bad_option');
  t.end();
});

t.test('what was parsed cannot be changed', (t) => {
  const parsed = parseRequest('/a.jpg?w=200');
  if (parsed.problem) throw new Error(parsed.problem.message);
  t.ok(Object.isFrozen(parsed.value));
  t.ok(Object.isFrozen(parsed.value.options));
  const options = parseOptions('w=200');
  t.ok(options.problem === undefined && Object.isFrozen(options.value));
  t.end();
});
