import fc from 'fast-check';
import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { readPurgeOrder } from '../../src/purge/purge-order.ts';

const TAG = '0123456789abcdef';

t.test('reads keys, folders and tags, any of them', (t) => {
  const order = { keys: ['a.jpg', 'ä b/c+d.jpg'], prefixes: ['a/', 'a/b/', '/'], tags: [TAG] };
  t.same(readPurgeOrder(order), order);
  t.same(readPurgeOrder({ tags: [TAG] }), { keys: [], prefixes: [], tags: [TAG] });
  t.same(readPurgeOrder({ keys: Array(1000).fill('a'), tags: [] }).keys.length, 1000);
  t.end();
});

const REFUSED: readonly [what: unknown, message: RegExp][] = [
  [undefined, /expected a JSON object of keys, prefixes, tags/],
  [null, /expected a JSON object/],
  ['a.jpg', /expected a JSON object/],
  [['a.jpg'], /expected a JSON object/],
  [{}, /from 1 to 1000 items, got 0/],
  [{ keys: [] }, /got 0/],
  [{ keys: Array(1000).fill('a'), tags: [TAG] }, /got 1001/],
  [{ key: ['a.jpg'], keys: ['b.jpg'] }, /got "key"/],
  [JSON.parse('{"__proto__":["a"],"keys":["a"]}'), /got "__proto__"/],
  [{ keys: 'a.jpg' }, /"keys": expected an array/],
  [{ keys: null }, /"keys": expected an array/],
  [{ keys: ['a.jpg', 7] }, /"keys", item 1: expected a string/],
  [{ keys: [''] }, /"keys", item 0: expected/],
  [{ keys: ['/a.jpg'] }, /"keys", item 0: expected no slash at its beginning/],
  [{ keys: ['a/'] }, /"keys", item 0: expected no empty segment/],
  [{ keys: ['a/../b.jpg'] }, /"\.\."/],
  [{ keys: ['-/x'] }, /reserved/],
  [{ keys: ['x'.repeat(1025)] }, /1024 bytes/],
  [{ prefixes: ['a'] }, /"prefixes", item 0: expected a folder, which ends in a slash/],
  [{ prefixes: [''] }, /ends in a slash/],
  [{ prefixes: ['//'] }, /expected/],
  [{ prefixes: ['/a/'] }, /no slash at its beginning/],
  [{ prefixes: ['a/../'] }, /"\.\."/],
  [{ tags: ['*'] }, /"tags", item 0: expected 16 hex digits/],
  [{ tags: [TAG.toUpperCase()] }, /lower case/],
  [{ tags: [`${TAG}0`] }, /16 hex/],
];

t.test('says what is wrong', (t) => {
  for (const [value, message] of REFUSED)
    t.throws(() => readPurgeOrder(value), { code: 'bad_purge', message }, JSON.stringify(value)?.slice(0, 60));
  t.end();
});

t.test('takes anything without another error', (t) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      try {
        readPurgeOrder(value);
        return false;
      } catch (error) {
        return error instanceof ServiceError && error.code === 'bad_purge';
      }
    }),
  );
  t.end();
});
