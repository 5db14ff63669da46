import t from 'tap';
import { type ImageOptions, imageUrl, type Site } from '../../src/client.ts';

/** Options, and the query that says them. */
const QUERIES: readonly (readonly [ImageOptions, string])[] = [
  [{}, ''],
  [{ w: 400 }, '?w=400'],
  [{ h: 300.4, w: 400.5 }, '?w=401&h=300'],
  [{ f: 'auto', q: 75, w: 400 }, '?w=400&f=auto&q=75'],
  [{ f: 'jpeg' }, '?f=jpeg'],
  [{ f: 'png', q: 50 }, '?f=png'],
  [{ w: 40, h: 30, fit: 'cover' }, '?w=40&h=30'],
  [{ w: 40, h: 30, fit: 'contain' }, '?w=40&h=30&fit=contain'],
  [{ w: 40, fit: 'contain' }, '?w=40'],
  [{ w: 40, h: 30, pos: 'top right' }, '?w=40&h=30&pos=right+top'],
  [{ w: 40, h: 30, pos: '0.30,.5' }, '?w=40&h=30&pos=0.3,0.5'],
  [{ w: 40, h: 30, pos: 'center' }, '?w=40&h=30'],
  [{ w: 40, pos: 'top' }, '?w=40'],
  [{ w: 40, dpr: 2 }, '?w=80'],
  [{ w: 5000, h: 5000 }, '?w=4096&h=4096'],
  [{ w: 40, enlarge: 0 }, '?w=40&enlarge=0'],
  [{ w: 40, enlarge: 1 }, '?w=40'],
  [{ crop: '0.10,0,1.0,.5' as string, w: 1 }, ''],
  [{ crop: '0.10,0,1.0,0.5' }, '?crop=0.1,0,1.0,0.5'],
  [{ rot: 90, flip: 'h' }, '?rot=90&flip=h'],
  [{ trim: 10 }, '?trim=10'],
  [{ blur: 1.5, sharpen: 2 }, '?blur=1.5&sharpen=2'],
  [{ w: 40, dpr: 2, pad: '01,2,3,4', bg: 'White' }, '?w=80&pad=2,4,6,8&bg=ffffff'],
  [{ bg: '#FA0' }, '?bg=ffaa00'],
  [{ bg: '#12345678' }, '?bg=12345678'],
  [{ wm: 'logo', colors: 16, anim: 0 }, '?wm=logo&colors=16&anim=0'],
  [{ preset: 'thumb' }, '?preset=thumb'],
  [{ preset: 'thumb', w: 40.5, pos: 'CENTER' as string, h: 3 }, '?w=40.5&h=3&pos=centre&preset=thumb'],
  [{ dl: 'Grüße & "mehr" +1, 2.jpg' }, '?dl=Gr%C3%BC%C3%9Fe+%26+%22mehr%22+%2B1,+2.jpg'],
  [{ dl: 'a.jpg', w: 4 }, '?w=4&dl=a.jpg'],
];

t.test('options are said in one way, and in one order', (t) => {
  for (const [options, query] of QUERIES) {
    if (query === '' && options.crop !== undefined) {
      t.throws(() => imageUrl('a.jpg', options), { message: `Bad option "crop": ${options.crop}` });
    } else {
      t.equal(imageUrl('a.jpg', options), `/a.jpg${query}`, JSON.stringify(options));
    }
  }
  t.end();
});

t.test('a text that is no value of its option is an error in the program', (t) => {
  for (const [name, value] of [
    ['crop', '1,2,3'],
    ['pos', 'middle'],
    ['pad', '1'],
    ['bg', 'mauve'],
  ]) {
    t.throws(() => imageUrl('a.jpg', { [name as string]: value }), new TypeError(`Bad option "${name}": ${value}`));
  }
  t.end();
});

t.test('a key is a path, whatever is in it', (t) => {
  t.equal(imageUrl('a/b.jpg'), '/a/b.jpg');
  t.equal(imageUrl('/a.jpg'), '/a.jpg', 'without its first slash');
  t.equal(imageUrl("ü +&?#%'(1)*.jpg", { w: 1 }), '/%C3%BC%20%2B%26%3F%23%25%27%281%29%2A.jpg?w=1');
  t.equal(imageUrl('a.jpg', { w: 1 }, { base: 'https://h.example/img' }), 'https://h.example/img/a.jpg?w=1');
  t.end();
});

/** What a service is configured to, and what is said then. */
const POLICIES: readonly (readonly [Site['policy'], ImageOptions, string])[] = [
  [{ defaults: { f: 'auto', q: 75 } }, { w: 400 }, '?w=400&f=auto&q=75'],
  [{ defaults: { f: 'auto', q: 75 } }, {}, ''],
  [{ defaults: { f: 'auto', q: 75 } }, { preset: 'thumb', w: 400 }, '?w=400&preset=thumb'],
  [{ defaults: { enlarge: 0 } }, { w: 400, enlarge: 1 }, '?w=400&enlarge=1'],
  [{ ladders: { mode: 'snap', w: [320, 640], h: [], q: [] } }, { w: 400, h: 300 }, '?w=640&h=480'],
  [{ ladders: { mode: 'snap', w: [320, 640], h: [], q: [50, 80] } }, { w: 700, q: 60 }, '?w=640&q=80'],
  [{ ladders: { mode: 'allow', w: [320, 640], h: [], q: [] } }, { w: 400 }, '?w=400'],
  [{ maxWidth: 1000 }, { w: 2000, h: 1000 }, '?w=1000&h=500'],
];

t.test('what the service is configured to is in the URL', (t) => {
  for (const [policy = {}, options, query] of POLICIES) {
    t.equal(imageUrl('a.jpg', options, { policy }), `/a.jpg${query}`, JSON.stringify({ policy, options }));
  }
  t.end();
});

t.test('what is no option, or none of its values, does not compile', (t) => {
  const bad = [
    // @ts-expect-error a side is a number
    () => imageUrl('a', { w: 'x' }),
    // @ts-expect-error a format that is none
    () => imageUrl('a', { f: 'svg' }),
    // @ts-expect-error a quarter turn
    () => imageUrl('a', { rot: 45 }),
    // @ts-expect-error one or nought
    () => imageUrl('a', { enlarge: true }),
    // @ts-expect-error a way to fill a box
    () => imageUrl('a', { fit: 'crop' }),
    // @ts-expect-error an unknown name
    () => imageUrl('a', { width: 5 }),
    // @ts-expect-error what `signedUrl` writes
    () => imageUrl('a', { sig: 'x' }),
    // @ts-expect-error a key is a text
    () => imageUrl(5),
    // @ts-expect-error a site has a base
    () => imageUrl('a', {}, { origin: 'https://x' }),
  ];
  t.equal(bad.length, 9);
  t.end();
});
