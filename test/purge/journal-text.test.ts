import fc from 'fast-check';
import t from 'tap';
import { EVERYTHING } from '../../src/cache/tags.ts';
import {
  createOutdated,
  type JournalText,
  NO_PURGES,
  parseJournal,
  withLasting,
  withPurges,
} from '../../src/purge/journal-text.ts';

const purgesOf = (count: number, tags = 1, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${from + index}`,
    tags: Array.from({ length: tags }, (_, tag) => `${from + index}-${tag}`),
  }));

const idsOf = ({ purges }: JournalText) => purges.map(({ id }) => Number(id));

t.test('reads what it wrote, and nothing else', (t) => {
  const journal = withLasting(withPurges(NO_PURGES, purgesOf(3)), [['tag', 7]]);
  t.strictSame(parseJournal(JSON.stringify(journal)), journal);
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"purges":[],"lasting":[],"everythingAt":0}',
    '{"count":0,"purges":[1],"lasting":[],"everythingAt":0}',
  ])
    t.equal(parseJournal(text), undefined, text);
  fc.assert(fc.property(fc.json(), (text) => parseJournal(text) === undefined));
  t.end();
});

t.test('keeps the last purges, by the number of their tags, and at least one', (t) => {
  t.same(idsOf(withPurges(NO_PURGES, purgesOf(2000))).length, 2000);
  const full = withPurges(NO_PURGES, purgesOf(2001));
  t.equal(idsOf(full).length, 2000);
  t.equal(idsOf(full)[0], 1, 'the oldest is gone');
  t.same(idsOf(withPurges(full, purgesOf(1, 3997, 5000))), [2000, 5000]);
  t.same(idsOf(withPurges(full, purgesOf(1, 5000, 5000))), [5000]);
  t.equal(idsOf(withPurges(NO_PURGES, purgesOf(5000, 0))).length, 4000, 'nor without tags');
  t.equal(withPurges(full, purgesOf(2, 1, 5000)).count, 2003, 'and counts all of them');
  t.same(idsOf(withPurges(NO_PURGES, [])), []);
  t.end();
});

t.test('what was stored before a lasting purge is outdated, by any of its tags', (t) => {
  const now = 1_700_000_000_000;
  const isOutdated = createOutdated(withLasting(NO_PURGES, [['a', now]]));
  t.ok(isOutdated({ tags: ['x', 'a'], storedAt: now - 1 }));
  t.ok(isOutdated({ tags: ['a'], storedAt: now + 5_000 }), 'clocks differ');
  t.notOk(isOutdated({ tags: ['a'], storedAt: now + 5_001 }));
  t.notOk(isOutdated({ tags: ['x'], storedAt: now - 1 }));
  t.notOk(isOutdated({ tags: [], storedAt: 0 }));
  t.notOk(createOutdated(NO_PURGES)({ tags: ['a'], storedAt: 0 }));
  const everything = createOutdated(withLasting(NO_PURGES, [[EVERYTHING, now]]));
  t.ok(everything({ tags: [], storedAt: now }));
  t.notOk(everything({ tags: ['a'], storedAt: now + 5_001 }));
  t.end();
});

t.test('a tag counts from its last purge, and what everything covers is not kept', (t) => {
  const journal = withLasting(NO_PURGES, [
    ['b', 20],
    ['a', 30],
    ['b', 10],
    [EVERYTHING, 20],
    ['a', 5],
  ]);
  t.strictSame(journal, { count: 0, purges: [], lasting: [['a', 30]], everythingAt: 20 });
  t.equal(withLasting(journal, [[EVERYTHING, 10]]).everythingAt, 20);
  t.end();
});

t.test('of more tags than there is room for, the oldest purge everything that is older than they are', (t) => {
  const lasting = Array.from({ length: 1002 }, (_, index) => [`${index}`, 100_000 + index] as const);
  const journal = withLasting(NO_PURGES, [...lasting].reverse());
  t.equal(journal.lasting.length, 1000);
  t.strictSame(journal.lasting[0], ['2', 100_002]);
  t.equal(journal.everythingAt, 100_001);
  const isOutdated = createOutdated(journal);
  for (const [tag, at] of lasting) if (!isOutdated({ tags: [tag], storedAt: at })) t.fail(tag);
  t.end();
});

t.test('no order of merging loses a purge', (t) => {
  const pairs = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', EVERYTHING), fc.integer({ min: 1, max: 50 })));
  const entry = fc.record({ tags: fc.subarray(['a', 'b', 'c']), storedAt: fc.integer({ min: 1, max: 6_000 }) });
  fc.assert(
    fc.property(pairs, pairs, entry, (one, other, entry) => {
      const both = createOutdated(withLasting(withLasting(NO_PURGES, one), other));
      const meant = [...one, ...other].some(
        ([tag, at]) => (tag === EVERYTHING || entry.tags.includes(tag)) && entry.storedAt <= at + 5_000,
      );
      return both(entry) === meant;
    }),
  );
  t.end();
});
