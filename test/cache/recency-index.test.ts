import fc from 'fast-check';
import t from 'tap';
import { createRecencyIndex } from '../../src/cache/recency-index.ts';

interface Operation {
  readonly name: string;
  readonly at: number;
  readonly forget: boolean;
}

/** What is left after the operations, taken out one after the other. */
function drained(operations: readonly Operation[]): string[] {
  const limits = { maxBytes: Number.POSITIVE_INFINITY, maxEntries: Number.POSITIVE_INFINITY };
  const index = createRecencyIndex(limits);
  for (const { name, at, forget } of operations) {
    if (forget) index.forget(name);
    else index.note(name, 1, at);
  }
  limits.maxBytes = -1;
  const names: string[] = [];
  for (let oldest = index.takeExcess(); oldest; oldest = index.takeExcess()) names.push(oldest.name);
  return names;
}

/** The same by a list in order of use, and a sort that keeps the order of equals. */
function sorted(operations: readonly Operation[]): string[] {
  const usedAt = new Map<string, number>();
  for (const { name, at, forget } of operations) {
    const time = Math.max(at, usedAt.get(name) ?? 0);
    usedAt.delete(name);
    if (!forget) usedAt.set(name, time);
  }
  return [...usedAt].sort(([, one], [, other]) => one - other).map(([name]) => name);
}

t.test('takes out the one used longest ago, whatever was noted, used again or forgotten before', (t) => {
  const operation = fc.record({
    name: fc.constantFrom(...'abcdefghijklmnop'),
    at: fc.nat(20),
    forget: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      t.same(drained(operations), sorted(operations));
    }),
  );
  t.end();
});

t.test('counts bytes and entries, and gives nothing while there are few enough of both', (t) => {
  const index = createRecencyIndex({ maxBytes: 10, maxEntries: 3 });
  t.equal(index.takeExcess(), undefined);
  for (const name of ['a', 'b', 'c']) index.note(name, 3, 1);
  t.match(index, { bytes: 9, entries: 3 });
  t.equal(index.takeExcess(), undefined);
  index.note('b', 5, 1);
  t.match(index, { bytes: 11, entries: 3 });
  t.match(index.takeExcess(), { name: 'a', usedAt: 1 }, 'too many bytes');
  t.match(index, { bytes: 8, entries: 2 });
  t.equal(index.takeExcess(), undefined);
  for (const name of ['d', 'e']) index.note(name, 0, 2);
  t.match(index.takeExcess(), { name: 'c' }, 'too many entries');
  t.equal(index.takeExcess(), undefined);
  index.forget('b');
  index.forget('never there');
  t.match(index, { bytes: 0, entries: 2 });
  t.end();
});

t.test('forgets what a scan did not see, unless it came meanwhile', (t) => {
  const index = createRecencyIndex({ maxBytes: 100, maxEntries: 100 });
  for (const name of ['seen', 'gone', 'used']) index.note(name, 1, 1);
  index.beginScan();
  index.see('seen');
  index.see('unknown');
  index.note('used', 1, 2);
  index.note('new', 1, 2);
  index.endScan();
  t.same(
    ['seen', 'unknown', 'gone', 'used', 'new'].filter((name) => index.has(name)),
    ['seen', 'used', 'new'],
  );
  t.equal(index.entries, 3);
  t.equal(index.bytes, 3);
  t.end();
});
