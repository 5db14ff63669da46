import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5';
import t from 'tap';
import { responsive } from '../../src/client/responsive.ts';
import type { ResponsiveOptions } from '../../src/client/responsive-options.ts';
import { GARBAGE_HTML } from '../support/garbage-html.ts';
import { growth } from '../support/growth.ts';

type Node = DefaultTreeAdapterTypes.Node;

const OPTIONS: ResponsiveOptions = { sizeOf: (key) => (key === 'b.jpg' ? { width: 800, height: 600 } : undefined) };
const ADDED = ['srcset', 'sizes', 'width', 'height', 'loading', 'decoding'];
const WRITTEN = ['src', ...ADDED];

const RUNS = { numRuns: 1_000 };

interface Seen {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Everything in a tree in its order, but an image's attributes that are written. */
function treeOf(node: Node): unknown {
  const children = 'childNodes' in node ? node.childNodes.map(treeOf) : [];
  if ('content' in node) children.push(treeOf(node.content));
  if (!('attrs' in node))
    return [node.nodeName, 'value' in node ? node.value : 'data' in node ? node.data : '', children];
  const kept = node.attrs.filter(({ name }) => node.tagName !== 'img' || !WRITTEN.includes(name));
  return [node.nodeName, node.namespaceURI, kept.map(({ name, value }) => [name, value]), children];
}

function imagesOf(node: Node): readonly Seen[] {
  const children = ('childNodes' in node ? node.childNodes : []).flatMap(imagesOf);
  const inside = 'content' in node ? imagesOf(node.content) : [];
  if (node.nodeName !== 'img' || !('attrs' in node)) return [...children, ...inside];
  return [{ name: 'img', attributes: Object.fromEntries(node.attrs.map(({ name, value }) => [name, value])) }];
}

t.test('whatever HTML it is, a second time changes nothing, and only attributes of images are another', (t) => {
  let changed = 0;
  fc.assert(
    fc.property(GARBAGE_HTML, (html) => {
      const once = responsive(html, OPTIONS);
      if (once !== html) changed++;
      const same = (read: (text: string) => Node) =>
        JSON.stringify(treeOf(read(once))) === JSON.stringify(treeOf(read(html)));
      return responsive(once, OPTIONS) === once && same(parse) && same(parseFragment);
    }),
    RUNS,
  );
  t.ok(changed > 250, `${changed} of 1,000 were changed`);
  t.end();
});

t.test('every character outside the start tags of images is what it was', (t) => {
  fc.assert(
    fc.property(GARBAGE_HTML, (html) => outsideImages(responsive(html, OPTIONS)) === outsideImages(html)),
    RUNS,
  );
  t.end();
});

/** A text without the start tags of its images, each of which leaves a mark. */
function outsideImages(html: string): string {
  const parts: string[] = [];
  let done = 0;
  for (const [start, end] of tagsOf(parse(html, { sourceCodeLocationInfo: true })).sort(([a], [b]) => a - b)) {
    parts.push(html.slice(done, start));
    done = end;
  }
  return [...parts, html.slice(done)].join('|');
}

function tagsOf(node: Node): (readonly [start: number, end: number])[] {
  const children = ('childNodes' in node ? node.childNodes : []).flatMap(tagsOf);
  const inside = 'content' in node ? tagsOf(node.content) : [];
  const place = node.nodeName === 'img' ? node.sourceCodeLocation : undefined;
  return [...children, ...inside, ...(place ? [[place.startOffset, place.endOffset] as const] : [])];
}

t.test('an address means what it meant, and asks no other host', (t) => {
  fc.assert(
    fc.property(GARBAGE_HTML, (html) => {
      const [before, after] = [html, responsive(html, OPTIONS)].map((text) => imagesOf(parse(text)));
      return (before ?? []).every(({ attributes }, index) => {
        const now = after?.[index]?.attributes ?? {};
        if (now.srcset === attributes.srcset) return now.src === attributes.src;
        const urls = [now.src, ...(now.srcset ?? '').split(', ').map((candidate) => candidate.split(' ')[0])];
        const path = pathOf(attributes.src);
        return urls.every((url) => pathOf(url) === path && /^\/[\w.~%/-]+(\?[\w.~%=&+,!'()*-]*)?$/.test(url ?? ''));
      });
    }),
    RUNS,
  );
  t.end();
});

function pathOf(src = ''): string {
  const { host, pathname } = new URL(src, 'http://page.example/');
  return `${host} ${decodeURIComponent(pathname)}`;
}

/** What a parser of HTML can be kept busy with. */
const PUMPS: Readonly<Record<string, string>> = {
  images: '<img src=/a.jpg>',
  depth: '<div><p>',
  formatting: '<b><p></b></p>',
  'before a table': '<table><i></i><img src=/a.jpg>',
  figures: '<figure style="width:50%"><img src=/a.jpg>',
  attributes: '<img a b=',
  references: '&notit;&',
  comments: '<!--<!-',
  scripts: '<script><!--<script>',
  sizes: 'width:1%;',
};

t.test('T24 parser CPU: time grows with the length of a text, not with its square', (t) => {
  for (const [name, pump] of Object.entries(PUMPS)) {
    const times = growth((html) => responsive(html), pump);
    t.ok(times < 6, `${name}: ${times.toFixed(1)}`);
  }
  for (const start of ['<img src=/a.jpg style="', '<img src=/a.jpg width="', '<img src=/a.jpg?', '<img src=" ']) {
    const times = growth((junk) => responsive(`${start}${junk}">`), 'width:1 ');
    t.ok(times < 6, `${start}: ${times.toFixed(1)}`);
  }
  const sizes = growth((text) => responsive('<img width=5 src=/a.jpg>', { sizes: text }), '(,((a ');
  t.ok(sizes < 6, `sizes: ${sizes.toFixed(1)}`);
  t.end();
});

t.test('a text that would become more elements than it has tags is left alone', (t) => {
  const open = Array.from({ length: 200 }, (_, index) => `<b id=${index}>`).join('');
  const html = `<img src=/a.jpg><p>${open}</p>${'<p>x'.repeat(500)}`;
  t.equal(responsive(html), html);
  const once = html.replaceAll('<p>', '');
  t.not(responsive(once), once, 'which as many tags in one paragraph do not');
  t.end();
});
