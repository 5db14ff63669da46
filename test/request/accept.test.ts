import fc from 'fast-check';
import t from 'tap';
import { acceptedFormats, type NegotiatedFormat } from '../../src/request/accept.ts';

type Row = readonly [what: string, accept: string | undefined, formats: readonly NegotiatedFormat[]];

const browsers: readonly Row[] = [
  ['Chrome, picture', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', ['avif', 'webp']],
  [
    'Chrome with JPEG XL, picture',
    'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    ['avif', 'webp'],
  ],
  [
    'Chrome, page',
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
    ['avif', 'webp'],
  ],
  ['Firefox, picture', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', ['avif', 'webp']],
  ['Firefox 65 to 91, picture', 'image/webp,*/*', ['webp']],
  [
    'Safari 17, picture',
    'image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5',
    ['avif', 'webp'],
  ],
  ['Safari 14, picture', 'image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5', ['webp']],
  ['Safari 13, picture', 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5', []],
  ['Internet Explorer', 'image/png, image/svg+xml, image/*;q=0.8, */*;q=0.5', []],
  ['curl', '*/*', []],
  ['no header', undefined, []],
  ['an empty header', '', []],
];

const weights: readonly Row[] = [
  ['the heavier first', 'image/avif;q=0.5,image/webp;q=0.9', ['webp', 'avif']],
  ['the heavier first, in the other order', 'image/webp;q=0.9,image/avif;q=0.5', ['webp', 'avif']],
  ['the third decimal counts', 'image/avif;q=0.998,image/webp;q=0.999', ['webp', 'avif']],
  ['no weight is 1', 'image/avif;q=0.9,image/webp', ['webp', 'avif']],
  ['equal weights: AVIF first', 'image/webp;q=0.7,image/avif;q=0.7', ['avif', 'webp']],
  ['1.000 is 1', 'image/webp,image/avif;q=1.000', ['avif', 'webp']],
  ['a point without decimals', 'image/webp;q=1.,image/avif;q=0.', ['webp']],
  ['0 is a refusal', 'image/avif;q=0,image/webp', ['webp']],
  ['0.0 is a refusal', 'image/avif;q=0.0,image/webp;q=0.00', []],
  ['0.000 is a refusal', 'image/avif;q=0.000', []],
  ['0.001 is not', 'image/avif;q=0.001', ['avif']],
  ['after another parameter', 'image/avif;profile=x;q=0,image/webp;v="1";q=0.5', ['webp']],
  ['before another parameter', 'image/avif;q=0;profile=x', []],
  ['a parameter that only ends in q', 'image/avif;xq=0', ['avif']],
];

const wildcards: readonly Row[] = [
  ['any image', 'image/*', []],
  ['anything, refused or not', '*/*;q=0,image/*;q=0', []],
  ['beside a name', 'image/*,image/webp', ['webp']],
  ['refusing what is named', 'image/*;q=0,image/webp', ['webp']],
];

const spelling: readonly Row[] = [
  ['upper case', 'IMAGE/AVIF,Image/WebP', ['avif', 'webp']],
  ['upper case weight', 'image/avif;Q=0,image/webp', ['webp']],
  ['white space', '  image/avif ; q=0.1 ,\timage/webp\t;\tq=0.2 ', ['webp', 'avif']],
  ['empty elements', ',,image/webp,, ,', ['webp']],
  ['empty parameters', 'image/webp;;q=0;,image/avif;', ['avif']],
  ['longer names', 'image/avif-sequence,image/webp2,ximage/avif,image/webp/x', []],
  ['other types', 'text/avif,application/webp,avif,webp', []],
  ['no commas', 'image/avif image/webp', []],
  ['names of object properties', 'image/constructor,image/__proto__,image/toString', []],
];

const malformed: readonly Row[] = [
  ['a word', 'image/avif;q=high', []],
  ['nothing', 'image/avif;q=', []],
  ['no equals sign', 'image/avif;q', ['avif']],
  ['above 1', 'image/webp;q=1.999,image/avif', ['avif']],
  ['two digits', 'image/webp;q=10,image/avif', ['avif']],
  ['four decimals', 'image/webp;q=0.0000,image/avif', ['avif']],
  ['no leading zero', 'image/webp;q=.5,image/avif', ['avif']],
];

function check(name: string, rows: readonly Row[]): void {
  t.test(name, (t) => {
    for (const [what, accept, formats] of rows) t.strictSame(acceptedFormats(accept), formats, what);
    t.end();
  });
}

check('real clients', browsers);
check('weights', weights);
check('wildcards name nothing', wildcards);
check('spelling', spelling);
check('weights that are none', malformed);

t.test('a header of 2048 characters is read, a longer one is not', (t) => {
  const filler = (length: number) => `image/avif,${'a'.repeat(length - 'image/avif,'.length)}`;
  t.strictSame(acceptedFormats(filler(2048)), ['avif']);
  t.strictSame(acceptedFormats(filler(2049)), []);
  t.strictSame(acceptedFormats('image/avif,'.repeat(100_000)), []);
  t.end();
});

t.test('whatever the header is, only what it names comes back, once', (t) => {
  const piece = fc.constantFrom('image/', 'avif', 'webp', '*', ',', ';', 'q=', '0', '1', '.', '5', ' ', '"');
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string()), { maxLength: 20 }), (pieces) => {
        const accept = pieces.join('');
        const formats = acceptedFormats(accept);
        const named = formats.every((format) => accept.toLowerCase().includes(`image/${format}`));
        return named && new Set(formats).size === formats.length;
      }),
      { numRuns: 1000 },
    ),
  );
  t.end();
});
