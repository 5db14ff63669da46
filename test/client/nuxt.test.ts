import t from 'tap';
import nuxtProvider from '../../src/client/nuxt.ts';
import { imageUrl } from '../../src/client.ts';
import { sameCanonicalUrls } from '../support/canonical-urls.ts';

const base = 'https://images.example.com';
const { getImage } = nuxtProvider();

function urlOf(src: string, modifiers?: Parameters<typeof getImage>[1]['modifiers']): string {
  return getImage(src, { base, ...(modifiers && { modifiers }) }).url;
}

t.test('Nuxt Image’s modifiers by the names of options', (t) => {
  sameCanonicalUrls(t, [
    [urlOf('/a.jpg', { width: 640 }), `${base}/a.jpg?w=640&enlarge=0&f=auto`],
    [urlOf('/a.jpg', { width: 320, height: 240 }), `${base}/a.jpg?w=320&h=240&enlarge=0&f=auto`],
    [urlOf('/a.jpg', { height: 240, quality: '60' }), `${base}/a.jpg?h=240&enlarge=0&f=auto&q=60`],
    [
      urlOf('/a.jpg', { width: 9, height: 9, fit: 'contain', position: 'center top', background: '#FC0' }),
      `${base}/a.jpg?w=9&h=9&fit=contain&pos=top&enlarge=0&bg=ffcc00&f=auto`,
    ],
    [urlOf('/a.jpg', { width: 640, format: 'jpg' }), `${base}/a.jpg?w=640&enlarge=0&f=jpeg`],
    [urlOf('/a.jpg'), `${base}/a.jpg?enlarge=0&f=auto`],
    [getImage('/a.jpg', { modifiers: { width: 5 } }).url, '/a.jpg?w=5&enlarge=0&f=auto'],
  ]);
  t.end();
});

t.test('options by their own names; what is none of Lambent’s is nothing to it', (t) => {
  const modifiers = { width: undefined, w: '300', rot: '90', blur: 2.04, kernel: 'nearest', constructor: 'x' };
  sameCanonicalUrls(t, [[urlOf('/a.jpg', modifiers as object), `${base}/a.jpg?w=300&rot=90&enlarge=0&blur=2&f=auto`]]);
  t.throws(() => urlOf('/a.jpg', { fit: 'crop' }), new TypeError('Bad option "fit": crop'));
  t.end();
});

t.test('src has options of its own; a box in it is what is meant where no size is asked for', (t) => {
  const src = imageUrl('a.jpg', { w: 400, h: 300, pos: 'top' });
  sameCanonicalUrls(t, [
    [urlOf(src), `${base}/a.jpg?w=400&h=300&pos=top&enlarge=0&f=auto`],
    [urlOf('/a.jpg?w=40&h=30&dpr=2'), `${base}/a.jpg?w=80&h=60&enlarge=0&f=auto`],
    [urlOf(src, { width: 800 }), `${base}/a.jpg?w=800&h=600&pos=top&enlarge=0&f=auto`],
    [urlOf(src, { width: 800, height: 100 }), `${base}/a.jpg?w=800&h=100&pos=top&enlarge=0&f=auto`],
    [urlOf(src, { height: 100 }), `${base}/a.jpg?h=100&enlarge=0&f=auto`],
  ]);
  t.equal(urlOf('https://other.example/a.jpg', { width: 1 }), 'https://other.example/a.jpg');
  t.end();
});
