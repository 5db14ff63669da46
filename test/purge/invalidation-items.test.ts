import t from 'tap';
import { folderTag, objectTag } from '../../src/cache/tags.ts';
import { itemsByPath, itemsByTag } from '../../src/purge/invalidation-items.ts';

const order = { keys: [], prefixes: [], tags: [] };
// No request names these: markers of folders, which would stand for all in them, and what `parseKey` refuses.
const unasked = [
  '',
  'shop/',
  'a//b.jpg',
  '/a.jpg',
  'a/../b.jpg',
  './a.jpg',
  'a\\b.jpg',
  'a\nb.jpg',
  'a\0.jpg',
  'x'.repeat(1_025),
];

t.test('a distribution that knows tags is told tags', (t) => {
  const given = { keys: ['a.jpg', 'ä b.jpg'], prefixes: ['shop/2024/'], tags: ['0123456789abcdef'] };
  t.same(itemsByTag(given), [
    `#${objectTag('a.jpg')}`,
    `#${objectTag('ä b.jpg')}`,
    `#${folderTag('shop/2024/')}`,
    '#0123456789abcdef',
  ]);
  t.same(itemsByTag({ ...order, prefixes: ['/'] }), ['/*'], 'but for everything, which has none');
  t.same(itemsByTag({ ...order, keys: ['a.jpg', 'a.jpg'], tags: [objectTag('a.jpg')] }).length, 1, 'each once');
  t.same(itemsByTag({ ...order, keys: unasked }), []);
  t.end();
});

t.test('any other is told paths, with a wildcard for the query', (t) => {
  const by = (...keys: string[]) => itemsByPath({ ...order, keys });
  t.same(by('a.jpg', 'shop/2024/a.jpg', 'a.jpg'), ['/a.jpg*', '/shop/2024/a.jpg*']);
  t.same(by(...unasked), []);
  t.same(itemsByPath({ ...order, prefixes: ['shop/2024/', 'ä b/'] }), [
    '/shop/2024/*',
    '/%C3%A4%20b/*',
    '/%C3%A4+b/*',
    '/%C3%A4%2Bb/*',
  ]);
  t.same(by('a b c.jpg'), ['/a%20b%20c.jpg*', '/a+b+c.jpg*', '/a%2Bb%2Bc.jpg*'], 'by which it is served as well');
  t.same(by('a+b.jpg'), ['/a+b.jpg*', '/a%2Bb.jpg*'], 'and as the function at the edge writes it');
  t.same(by('icon@2x.png'), ['/icon@2x.png*', '/icon%402x.png*']);
  t.same(itemsByPath({ ...order, prefixes: ['/'] }), ['/*']);
  t.throws(() => itemsByPath({ ...order, keys: ['a.jpg'], tags: ['0123456789abcdef'] }), /no path is that of a tag/);
  t.end();
});

t.test('a path is encoded where RFC 3986 wants it, and nowhere else', (t) => {
  const by = (key: string) => itemsByPath({ ...order, keys: [key] })[0];
  t.equal(by("a-b_c.d!$&'()+,;=:@2x.jpg"), "/a-b_c.d!$&'()+,;=:@2x.jpg*");
  t.equal(by('ä ö/100%#?"<>{}`.jpg'), '/%C3%A4%20%C3%B6/100%25%23%3F%22%3C%3E%7B%7D%60.jpg*');
  t.equal(by('📷.jpg'), '/%F0%9F%93%B7.jpg*');
  t.equal(by('\ud800.jpg'), '/%EF%BF%BD.jpg*', 'half a character does not throw');
  t.end();
});

t.test('what may be spelled in two ways is left to the wildcard', (t) => {
  for (const char of ['~', '*', '[', ']', '|', '^']) {
    const path = `/shop/a*`;
    t.same(itemsByPath({ ...order, keys: [`shop/a${char}b.jpg`] }), [path], char);
    t.same(itemsByPath({ ...order, prefixes: [`shop/a${char}b/c/`] }), [path], char);
  }
  t.same(itemsByPath({ ...order, keys: ['~a.jpg'] }), ['/*']);
  t.end();
});
