import t from 'tap';
import { picture } from '../../src/client.ts';

const LAZY = { loading: 'lazy', decoding: 'async' };

t.test('each format is a source, and the original the image', (t) => {
  t.same(picture('a.png', { alt: 'A', widths: [100, 200], width: 150, height: 75, sizes: '50vw' }), {
    sources: [
      {
        type: 'image/avif',
        srcset: '/a.png?w=100&enlarge=0&f=avif 100w, /a.png?w=150&enlarge=0&f=avif 150w',
        sizes: '50vw',
      },
      {
        type: 'image/webp',
        srcset: '/a.png?w=100&enlarge=0&f=webp 100w, /a.png?w=150&enlarge=0&f=webp 150w',
        sizes: '50vw',
      },
    ],
    img: {
      src: '/a.png?w=150&enlarge=0',
      srcset: '/a.png?w=100&enlarge=0 100w, /a.png?w=150&enlarge=0 150w',
      sizes: '50vw',
      width: 150,
      height: 75,
      alt: 'A',
      ...LAZY,
    },
  });
  t.end();
});

t.test('a box gives the sides; without one, or the original’s, there are none', (t) => {
  const box = picture(
    'a.jpg',
    { alt: '', w: 40, h: 30, width: 1000, height: 1000, formats: [], loading: 'eager' },
    { base: 'https://h.example' },
  );
  t.same(box, {
    sources: [],
    img: {
      src: 'https://h.example/a.jpg?w=80&h=60&enlarge=0',
      srcset: 'https://h.example/a.jpg?w=40&h=30&enlarge=0 40w, https://h.example/a.jpg?w=80&h=60&enlarge=0 80w',
      sizes: '100vw',
      width: 40,
      height: 30,
      alt: '',
      loading: 'eager',
      decoding: 'async',
    },
  });
  for (const known of [{}, { width: 100 }, { height: 100 }, { w: 10 }, { h: 10 }]) {
    t.notMatch(Object.keys(picture('a.jpg', { alt: '', ...known }).img), ['width'], JSON.stringify(known));
  }
  t.end();
});

t.test('who takes no candidates gets one of 1,280 pixels at most, or the smallest', (t) => {
  t.equal(picture('a.jpg', { alt: '' }).img.src, '/a.jpg?w=1280&enlarge=0');
  t.equal(picture('a.jpg', { alt: '', widths: [2000, 3000] }).img.src, '/a.jpg?w=2000&enlarge=0');
  t.equal(picture('a.jpg', { alt: '', widths: [] }).img.src, undefined);
  t.end();
});

t.test('what is no option of a picture does not compile', (t) => {
  const bad = [
    // @ts-expect-error a picture has a text
    () => picture('a', {}),
    // @ts-expect-error its formats are `formats`
    () => picture('a', { alt: '', f: 'webp' }),
    // @ts-expect-error what every browser shows needs no source
    () => picture('a', { alt: '', formats: ['jpeg'] }),
  ];
  t.equal(bad.length, 3);
  t.end();
});
