import t from 'tap';
import type { CacheEntry, Store } from '../../src/cache/tier.ts';
import { withoutPurged } from '../../src/purge/purged-store.ts';
import { entryOf, recorder } from '../support/cache-entries.ts';
import { createMemoryNote } from '../support/shared-note.ts';

t.test('has everything but what is purged', async (t) => {
  const entries = new Map<string, CacheEntry>([
    ['old', entryOf(1, { storedAt: 1 })],
    ['new', entryOf(1, { storedAt: 3 })],
  ]);
  const calls: unknown[] = [];
  const inner: Store = {
    bytes: 7,
    entries: 3,
    note: createMemoryNote(),
    get: (key) => Promise.resolve(entries.get(key)),
    set: async (...given) => void calls.push(given),
    drop: async (...given) => void calls.push(given),
    close: async () => void calls.push('close'),
  };
  const { observe, take } = recorder();
  const store = withoutPurged(inner, { isPurged: ({ storedAt }) => storedAt < 2 }, observe);
  t.equal(await store.get('none'), undefined);
  t.equal(await store.get('new'), entries.get('new'));
  t.same(take(), []);
  t.equal(await store.get('old'), undefined);
  t.same(take(), ['purged']);
  t.match(store, { bytes: 7, entries: 3, note: inner.note });
  const { signal } = new AbortController();
  const entry = entryOf(1);
  await store.set('key', entry);
  await store.drop(['tag'], signal);
  await store.close();
  t.same(calls, [['key', entry], [['tag'], signal], 'close']);
});
