import t from 'tap';
import { nextLoader } from '../../src/client/next.ts';
import { imageUrl } from '../../src/client.ts';
import { sameCanonicalUrls } from '../support/canonical-urls.ts';

const base = 'https://images.example.com';
const load = nextLoader({ base });

t.test('a width, a quality, and the best format, never enlarged', (t) => {
  sameCanonicalUrls(t, [
    [load({ src: '/harbour.jpg', width: 640 }), `${base}/harbour.jpg?w=640&enlarge=0&f=auto`],
    [load({ src: 'a/b.jpg', width: 32, quality: 60 }), `${base}/a/b.jpg?w=32&enlarge=0&f=auto&q=60`],
    [load({ src: '/b.jpg', width: 99, quality: undefined }), `${base}/b.jpg?w=99&enlarge=0&f=auto`],
    [nextLoader()({ src: '/harbour.jpg', width: 640 }), '/harbour.jpg?w=640&enlarge=0&f=auto'],
    [nextLoader({ base: '/img' })({ src: '/img/a.jpg', width: 9 }), '/img/img/a.jpg?w=9&enlarge=0&f=auto'],
  ]);
  t.end();
});

t.test(
  'src has options of its own, in any order and spelling; a quality that is asked for comes before its own',
  (t) => {
    const wide = `${base}/a.jpg?w=640`;
    sameCanonicalUrls(t, [
      [load({ src: '/a.jpg?f=JPG&q=40', width: 640 }), `${wide}&enlarge=0&f=jpeg&q=40`],
      [load({ src: '/a.jpg?q=40', width: 640, quality: 50 }), `${wide}&enlarge=0&f=auto&q=50`],
      [load({ src: '/a.jpg?enlarge=1&bg=000000&v=7&pos=', width: 640 }), `${wide}&bg=000000&f=auto`],
      [load({ src: '/a.jpg?flip=h&rot=90&dpr=2&sig=x&kid=y', width: 640 }), `${wide}&rot=90&flip=h&enlarge=0&f=auto`],
      [load({ src: '/a.jpg?', width: 640 }), `${wide}&enlarge=0&f=auto`],
    ]);
    t.end();
  },
);

t.test('a box in src keeps its shape in every width', (t) => {
  const src = imageUrl('portrait.jpg', { w: 400, h: 300, pos: 'top' });
  sameCanonicalUrls(t, [
    [load({ src, width: 640 }), `${base}/portrait.jpg?w=640&h=480&pos=top&enlarge=0&f=auto`],
    [load({ src, width: 333 }), `${base}/portrait.jpg?w=333&h=250&pos=top&enlarge=0&f=auto`],
    [load({ src: '/p.jpg?w=9&h=3&dpr=2', width: 1 }), `${base}/p.jpg?w=1&h=1&enlarge=0&f=auto`],
    [load({ src: '/p.jpg?h=3', width: 640 }), `${base}/p.jpg?w=640&enlarge=0&f=auto`],
    [load({ src: '/p.jpg?w=3', width: 640 }), `${base}/p.jpg?w=640&enlarge=0&f=auto`],
  ]);
  t.end();
});

t.test('src is a path as imageUrl writes it, or a key that needs no encoding', (t) => {
  const key = 'caf\u00e9/50% off?.jpg';
  const expected = `${base}/caf%C3%A9/50%25%20off%3F.jpg?w=9&enlarge=0&f=auto`;
  sameCanonicalUrls(t, [
    [load({ src: imageUrl(key), width: 9 }), expected],
    [load({ src: imageUrl(key, {}, { base }), width: 9 }), expected],
    [load({ src: '/caf\u00e9 1.jpg', width: 9 }), `${base}/caf%C3%A9%201.jpg?w=9&enlarge=0&f=auto`],
    [load({ src: '/100%.jpg', width: 9 }), `${base}/100%25.jpg?w=9&enlarge=0&f=auto`],
    [load({ src: '/1+1.jpg', width: 9 }), `${base}/1%2B1.jpg?w=9&enlarge=0&f=auto`],
  ]);
  t.end();
});

t.test('a picture of another site keeps its URL', (t) => {
  for (const src of [
    'https://other.example/a.jpg?w=1',
    '//other.example/a.jpg',
    `${base}.evil.example/a.jpg`,
    'blob:x',
  ]) {
    t.equal(load({ src, width: 640 }), src);
    t.equal(nextLoader({ base: '/img' })({ src, width: 640 }), src);
  }
  t.end();
});

t.test('where the service sets a format by itself, none is asked for', (t) => {
  const policed = nextLoader({ policy: { defaults: { f: 'auto' } } });
  t.equal(policed({ src: '/a.jpg', width: 640 }), '/a.jpg?w=640&enlarge=0&f=auto');
  const jpeg = nextLoader({ policy: { defaults: { f: 'jpeg' } } });
  t.equal(jpeg({ src: '/a.jpg', width: 640 }), '/a.jpg?w=640&enlarge=0&f=jpeg');
  t.end();
});

t.test('a value that is none is a mistake of who wrote it', (t) => {
  t.throws(() => load({ src: '/a.jpg?pos=nowhere', width: 640 }), new TypeError('Bad option "pos": nowhere'));
  t.throws(() => load({ src: '/a.jpg', width: 640, quality: 101 }), new TypeError('Bad option "q": 101'));
  t.throws(() => load({ src: '/a.jpg', width: Number.NaN }), new TypeError('Bad option "w": NaN'));
  t.end();
});
