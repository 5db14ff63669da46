import t from 'tap';
import { responsive } from '../../src/client/responsive.ts';
import type { ResponsiveOptions } from '../../src/client/responsive-options.ts';

const PHOTO = () => ({ width: 1600, height: 1200 });

/** What is written of an image, by name; `undefined` where it is left alone. */
function written(html: string, options: ResponsiveOptions = {}): Record<string, string> | undefined {
  const once = responsive(html, options);
  if (once === html) return undefined;
  const [, tag = ''] = /<img ([^>]*)>/.exec(once) ?? [];
  return Object.fromEntries([...tag.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** Queries of `srcset` with their widths. */
function offered(html: string, options: ResponsiveOptions = {}): readonly string[] {
  const list = written(html, options)?.srcset?.replaceAll('&amp;', '&').split(', ') ?? [];
  return list.map((candidate) => candidate.slice(candidate.indexOf('?') + 1));
}

t.test('the size of an original gives both sides, and the widest candidate', (t) => {
  t.match(written('<img src="/a.jpg">', { sizeOf: PHOTO }), { width: '1600', height: '1200' });
  t.same(offered('<img src="/a.jpg">', { sizeOf: PHOTO, widths: [400, 2000] }), [
    'w=400&enlarge=0&f=auto 400w',
    'w=1600&enlarge=0&f=auto 1600w',
  ]);
  const keys: string[] = [];
  responsive('<img src="/x/%C3%BC.jpg?w=1">', { sizeOf: (key) => void keys.push(key) });
  t.same(keys, ['x/ü.jpg']);
  for (const size of [
    { width: 0, height: 1 },
    { width: 1, height: 0 },
    { width: NaN, height: 1 },
  ]) {
    t.notMatch(written('<img src="/a.jpg">', { sizeOf: () => size }), { width: /./ }, 'is none');
  }
  t.end();
});

t.test('sides that are there, or a style that sets one, are kept', (t) => {
  for (const own of ['width="300"', 'height="5"', 'style="width:10em"', 'style="color:red;HEIGHT:1px"']) {
    const html = `<img ${own} src="/a.jpg">`;
    t.notMatch(responsive(html, { sizeOf: PHOTO }), /width="1600"|height="1200"/, own);
  }
  t.match(written('<img style="max-width:10em" src="/a.jpg">', { sizeOf: PHOTO }), { width: '1600' });
  t.end();
});

/** By URL: the sides without and with the original's, and the candidates with it. */
const BOXES: readonly (readonly [query: string, unknown: string, known: string, candidates: readonly string[]])[] = [
  [
    'w=400&h=300&fit=cover',
    '400x300',
    '400x300',
    ['w=400&h=300&enlarge=0&f=auto 400w', 'w=800&h=600&enlarge=0&f=auto 800w'],
  ],
  ['f=JPG&h=400.2&w=1e2', '', '', []],
  [
    'h=400&f=JPG&w=0400.0',
    '400x400',
    '400x400',
    ['w=400&h=400&enlarge=0&f=jpeg 400w', 'w=800&h=800&enlarge=0&f=jpeg 800w'],
  ],
  [
    'w=1000&h=1000',
    '1000x1000',
    '1000x1000',
    ['w=1000&h=1000&enlarge=0&f=auto 1000w', 'w=1200&h=1200&enlarge=0&f=auto 1200w'],
  ],
  ['w=2000&h=1000&enlarge=0', '', '1600x800', ['w=1600&h=800&enlarge=0&f=auto 1600w']],
  ['w=200&dpr=2', '', '400x300', ['w=400&enlarge=0&f=auto 400w', 'w=800&enlarge=0&f=auto 800w']],
  ['w=2000&enlarge=0', '', '1600x1200', ['w=1600&enlarge=0&f=auto 1600w']],
  ['w=2000', '', '2000x1500', ['w=1600&enlarge=0&f=auto 1600w']],
  ['h=300', '', '400x300', ['w=400&enlarge=0&f=auto 400w', 'w=800&enlarge=0&f=auto 800w']],
  ['w=300&rot=90', '', '300x400', ['w=300&rot=90&enlarge=0&f=auto 300w', 'w=600&rot=90&enlarge=0&f=auto 600w']],
  ['w=9000&rot=270', '', '4096x5461', ['w=1200&rot=270&enlarge=0&f=auto 1200w']],
  ['w=200&crop=0,0,500,500', '', '', ['w=200&crop=0,0,500,500&f=auto 200w', 'w=400&crop=0,0,500,500&f=auto 400w']],
  ['w=200&h=100&trim=10', '200x100', '200x100', ['w=200&h=100&trim=10&f=auto 200w', 'w=400&h=200&trim=10&f=auto 400w']],
  [
    'w=200&h=100&trim=10&enlarge=0',
    '',
    '',
    ['w=200&h=100&trim=10&enlarge=0&f=auto 200w', 'w=400&h=200&trim=10&enlarge=0&f=auto 400w'],
  ],
];

t.test('a box in the URL is kept, once and twice as wide, and where the original is smaller, that wide', (t) => {
  for (const [query, unknown, known, candidates] of BOXES) {
    const html = `<img src="/a.jpg?${query}">`;
    const sides = (options: ResponsiveOptions) => {
      const { width, height } = written(html, options) ?? {};
      return width === undefined ? '' : `${width}x${height}`;
    };
    t.same([sides({}), sides({ sizeOf: PHOTO })], [unknown, known], query);
    t.same(offered(html, { sizeOf: PHOTO, widths: [100] }), candidates, query);
  }
  t.same(
    offered('<img src="/a.jpg?w=400&h=300">'),
    ['w=400&h=300&f=auto 400w', 'w=800&h=600&f=auto 800w'],
    'enlarged where nothing is known, as it was: so that it is as wide as it says',
  );
  t.same(offered('<img src="/a.jpg?w=3000&h=1500">'), ['w=3000&h=1500&f=auto 3000w', 'w=4096&h=2048&f=auto 4096w']);
  t.same(offered('<img src="/a.jpg?crop=0.1,0,1,1">', { widths: [100] }), [
    'w=100&crop=0.1,0,1,1&enlarge=0&f=auto 100w',
  ]);
  t.end();
});

t.test('what the service is configured to is in the URLs, too', (t) => {
  const policy = { defaults: { dpr: 2, q: 60 } } as const;
  t.match(offered('<img src="/a.jpg">', { site: { policy, widths: [100] } }), [
    'w=100&dpr=1&enlarge=0&f=auto&q=60 100w',
  ]);
  const { src } = written('<img src="/a.jpg?w=50">', { site: { policy } }) ?? {};
  t.equal(src, '/a.jpg?w=100&amp;dpr=1&amp;q=60');
  const dialect = 'lambda-edge' as const;
  t.notOk(written('<img src="/a.jpg?w=200&sig=abc">', { site: { policy: { dialect } } }));
  t.same(offered('<img src="/a.jpg?w=200px&w=3&rot=90&sig=">', { site: { policy: { dialect } } }), [
    'w=200&f=auto 200w',
    'w=400&f=auto 400w',
  ]);
  t.end();
});

/** By what stands around `src`: `sizes`. */
const SIZES: readonly (readonly [html: string, sizes: string])[] = [
  ['<img src="/a.jpg">', '(max-width: 600px) 100vw, 40rem'],
  ['<img width=300 src="/a.jpg">', '(max-width: 600px) min(300px, 100vw), min(300px, 40rem)'],
  ['<img width="50%" src="/a.jpg">', '(max-width: 600px) 50vw, 20rem'],
  ['<img width="0" src="/a.jpg">', '(max-width: 600px) 100vw, 40rem'],
  ['<img width="auto" src="/a.jpg">', '(max-width: 600px) 100vw, 40rem'],
  ['<img width=300 style="width: 25% !important" src="/a.jpg">', '(max-width: 600px) 25vw, 10rem'],
  [
    '<img style="width:10em;width:200.5px" src="/a.jpg">',
    '(max-width: 600px) min(200.5px, 100vw), min(200.5px, 40rem)',
  ],
  ['<img style="width:calc(1px)" src="/a.jpg">', '(max-width: 600px) 100vw, 40rem'],
  [
    '<figure style="WIDTH:33.33%;"><b><img width=1600 height=1200 src="/a.jpg"></b></figure>',
    '(max-width: 600px) 33.33vw, 13.332rem',
  ],
  ['<figure style="width:50%"><img style="width:50%" src="/a.jpg"></figure>', '(max-width: 600px) 25vw, 10rem'],
  ['<figure style="width:50%"><figure><img src="/a.jpg"></figure></figure>', '(max-width: 600px) 100vw, 40rem'],
  ['<figure style="width:50%"></figure><img src="/a.jpg">', '(max-width: 600px) 100vw, 40rem'],
  ['<figure style="width:100%"><img src="/a.jpg?w=100"></figure>', '(max-width: 600px) 100vw, 40rem'],
  ['<img src="/a.jpg?w=100">', '(max-width: 600px) min(100px, 100vw), min(100px, 40rem)'],
];

t.test('a width in the text goes into sizes', (t) => {
  for (const [html, sizes] of SIZES) {
    t.equal(written(html, { sizes: '(max-width: 600px) 100vw, 40rem' })?.sizes, sizes, html);
  }
  const half = (sizes: string) => written('<figure style="width:50%"><img src="/a.jpg"></figure>', { sizes })?.sizes;
  t.equal(half('calc(100vw - (2 * 1rem))'), 'calc(calc(100vw - (2 * 1rem)) * 0.5)');
  t.equal(
    half('(min-width: 10em) and (height > 1px) min(50vw, 10px), 8e1px'),
    '(min-width: 10em) and (height &gt; 1px) calc(min(50vw, 10px) * 0.5), calc(8e1px * 0.5)',
  );
  t.equal(half(' , '), '50vw');
  t.end();
});

t.test('auto is for images that are lazy and have both sides', (t) => {
  const sizes = 'auto, 40rem';
  const of = (html: string, options: ResponsiveOptions = {}) => written(html, { sizes, ...options })?.sizes;
  t.equal(of('<img src="/a.jpg">'), '40rem');
  t.equal(of('<img src="/a.jpg">', { sizes: 'auto' }), '100vw');
  t.equal(of('<img width="2" src="/a.jpg">'), 'min(2px, 40rem)');
  t.equal(of('<img width="2" height="1" src="/a.jpg">'), 'auto, min(2px, 40rem)');
  t.equal(of('<img src="/a.jpg">', { sizeOf: PHOTO }), 'auto, min(1600px, 40rem)');
  t.equal(of('<img loading="Lazy" src="/a.jpg">', { sizeOf: PHOTO }), 'auto, min(1600px, 40rem)');
  t.equal(of('<img loading="eager" src="/a.jpg">', { sizeOf: PHOTO }), 'min(1600px, 40rem)');
  t.end();
});

t.test('images whose width nothing says can be left alone, as can long texts', (t) => {
  const options = { sizedOnly: true };
  t.notOk(written('<img src="/smiley.gif">', options));
  for (const html of [
    '<img width=16 src="/smiley.gif">',
    '<figure style="width:50%"><img src="/a.jpg"></figure>',
    '<img src="/a.jpg?w=16">',
  ]) {
    t.ok(written(html, options), html);
  }
  t.ok(written('<img src="/smiley.gif">', { ...options, sizeOf: PHOTO }));
  const html = '<img src="/a.jpg">';
  t.notOk(written(html, { maxLength: html.length - 1 }));
  t.ok(written(html, { maxLength: html.length }));
  t.notOk(written(html + ' '.repeat(1_048_576)), 'above 1 MiB by default');
  t.notOk(written(html, { site: { widths: [] } }), 'and where no width is offered');
  t.end();
});
