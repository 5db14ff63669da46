import t from 'tap';
import { tagLines } from '../../src/commands/tags.ts';

t.test('a key with its tag, then its folders, nearest first', (t) => {
  // printf %s a/b/photo.jpg | sha256sum | cut -c 1-16, and the same for a/b/ and a/
  t.same(tagLines('a/b/photo.jpg'), [
    '69951fdf812773e1  a/b/photo.jpg',
    'ff3b4c420a398ea4  a/b/',
    'b3dda5b674f9ce73  a/',
  ]);
  t.same(tagLines('a/b/'), ['ff3b4c420a398ea4  a/b/', 'b3dda5b674f9ce73  a/'], 'a folder');
  t.equal(tagLines('photo.jpg').length, 1);
  t.end();
});

t.test('a key that no request can name has none', (t) => {
  for (const key of ['', '/', '/a.jpg', 'a//b.jpg', '../a.jpg', '-/a', 'a\\b'])
    t.throws(() => tagLines(key), { message: /: expected / }, key);
  t.end();
});
