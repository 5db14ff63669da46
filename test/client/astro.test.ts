import t from 'tap';
import service, { type Transform } from '../../src/client/astro.ts';
import { sameCanonicalUrls } from '../support/canonical-urls.ts';

const base = 'https://images.example.com';
const config = { service: { config: { base } } };
const urlOf = (transform: Transform) => service.getURL(transform, config);

/** As Astro writes `srcset` from what the service gives it. */
function srcsetOf(transform: Transform): string[] {
  return service.getSrcSet(transform).map(({ transform, descriptor }) => `${urlOf(transform)} ${descriptor}`);
}

t.test('what Astro asks for by the names of options', (t) => {
  const src = '/a.jpg';
  sameCanonicalUrls(t, [
    [urlOf({ src, width: 640 }), `${base}/a.jpg?w=640&enlarge=0&f=auto`],
    [urlOf({ src, width: 320, height: 240, quality: 60 }), `${base}/a.jpg?w=320&h=240&enlarge=0&f=auto&q=60`],
    [urlOf({ src, width: 9, quality: 'mid' }), `${base}/a.jpg?w=9&enlarge=0&f=auto&q=50`],
    [urlOf({ src, width: 9, quality: '70', format: 'jpg' }), `${base}/a.jpg?w=9&enlarge=0&f=jpeg&q=70`],
    [urlOf({ src: '/logo.svg', width: 9, format: 'svg' }), `${base}/logo.svg?w=9&enlarge=0&f=auto`],
    [
      urlOf({ src, width: 9, height: 9, fit: 'cover', position: 'center top', background: '#FC0' }),
      `${base}/a.jpg?w=9&h=9&pos=top&enlarge=0&bg=ffcc00&f=auto`,
    ],
    [urlOf({ src: '/a.jpg?w=4&h=3&flip=h', width: 8 }), `${base}/a.jpg?w=8&h=6&flip=h&enlarge=0&f=auto`],
  ]);
  t.equal(service.getURL({ src, width: 640 }, { service: { config: {} } }), '/a.jpg?w=640&enlarge=0&f=auto');
  t.equal(urlOf({ src: 'https://other.example/a.jpg', width: 1 }), 'https://other.example/a.jpg');
  t.end();
});

t.test('a box is filled as CSS fills one', (t) => {
  const box = { src: '/a.jpg', width: 4, height: 3 };
  const plain = `${base}/a.jpg?w=4&h=3`;
  sameCanonicalUrls(t, [
    [urlOf({ ...box, fit: 'contain' }), `${plain}&fit=inside&enlarge=0&f=auto`],
    [urlOf({ ...box, fit: 'scale-down' }), `${plain}&fit=inside&enlarge=0&f=auto`],
    [urlOf({ ...box, fit: 'none' }), `${plain}&enlarge=0&f=auto`],
    [urlOf({ ...box, fit: 'fill' }), `${plain}&fit=fill&enlarge=0&f=auto`],
  ]);
  t.throws(() => urlOf({ ...box, fit: 'crop' }), new TypeError('Bad option "fit": crop'));
  t.end();
});

t.test('candidates by width, ascending, each once', (t) => {
  t.same(srcsetOf({ src: '/a.jpg', width: 1200, height: 800, widths: [640, 320, 640] }), [
    `${base}/a.jpg?w=320&h=213&enlarge=0&f=auto 320w`,
    `${base}/a.jpg?w=640&h=427&enlarge=0&f=auto 640w`,
  ]);
  t.same(srcsetOf({ src: '/a.jpg', widths: [320] }), [`${base}/a.jpg?w=320&enlarge=0&f=auto 320w`]);
  t.same(srcsetOf({ src: '/a.jpg', width: 1000, height: 1, widths: [10] }), [
    `${base}/a.jpg?w=10&h=1&enlarge=0&f=auto 10w`,
  ]);
  t.end();
});

t.test('candidates by density, for a picture whose width is known', (t) => {
  t.same(srcsetOf({ src: '/a.jpg', width: 101, height: 50, densities: ['2x', 1.5, 1] }), [
    `${base}/a.jpg?w=101&h=50&enlarge=0&f=auto 1x`,
    `${base}/a.jpg?w=152&h=75&enlarge=0&f=auto 1.5x`,
    `${base}/a.jpg?w=202&h=100&enlarge=0&f=auto 2x`,
  ]);
  t.same(srcsetOf({ src: '/a.jpg', width: 100, densities: [2] }), [`${base}/a.jpg?w=200&enlarge=0&f=auto 2x`]);
  t.same(srcsetOf({ src: '/a.jpg', densities: [1, 2] }), []);
  t.same(srcsetOf({ src: '/a.jpg', width: 100 }), []);
  t.end();
});

t.test('the element keeps its own attributes, its size among them', (t) => {
  const own = { width: 4, height: 3, alt: 'A', class: 'b', sizes: '100vw', loading: 'lazy' };
  const transform = { ...own, src: '/a.jpg', widths: [9], quality: 9, fit: 'fill', position: 'top', layout: 'fixed' };
  t.same(service.getHTMLAttributes(transform), own);
  t.end();
});

t.test('a picture of the site itself is none that Lambent serves', (t) => {
  const transform = { src: '/a.jpg', width: 9 };
  t.equal(service.validateOptions(transform), transform);
  t.throws(() => service.validateOptions({ src: { src: '/_astro/a.jpg' } }), /^src is a picture of the site itself/);
  t.end();
});
