import t, { type Test } from 'tap';
import { EVERYTHING } from '../../src/cache/tags.ts';
import type { CacheEntry, Store } from '../../src/cache/tier.ts';
import { createWriteBehind, type WriteBehindOptions } from '../../src/cache/write-behind.ts';
import { entryOf, recorder } from '../support/cache-entries.ts';
import { type Deferred, deferred, quiet, stateOf, unhandledRejections } from '../support/waiting.ts';

/** A store whose writes begin when they are asked for, and end when the test says so. */
function createSlowStore() {
  const writes: { readonly key: string; readonly entry: CacheEntry; readonly done: Deferred<void> }[] = [];
  const stored = new Map<string, CacheEntry>();
  let closed = false;
  const store: Store = {
    bytes: 7,
    entries: 3,
    get: (key) => Promise.resolve(stored.get(key)),
    set(key, entry) {
      const done = deferred();
      writes.push({ key, entry, done });
      return done.promise.then(() => void stored.set(key, entry));
    },
    drop(tags) {
      for (const [key, entry] of stored) if (entry.tags.some((tag) => tags.includes(tag))) stored.delete(key);
      return Promise.resolve();
    },
    note: { read: () => Promise.resolve(undefined), write: () => Promise.resolve('1') },
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
  const finish = async (key: string) => {
    writes
      .splice(
        writes.findIndex((write) => write.key === key),
        1,
      )[0]
      ?.done.resolve();
    await quiet();
  };
  return { store, writes, begun: () => writes.map(({ key }) => key), finish, isClosed: () => closed };
}

function setUp(options: Partial<WriteBehindOptions> = {}) {
  const slow = createSlowStore();
  const { observe, take } = recorder();
  const maxPending = { entries: 100, bytes: 10_000 };
  const tier = createWriteBehind(slow.store, { maxPending, maxWrites: 2, observe, ...options });
  return { ...slow, tier, take };
}

t.test('returns at once, and writes when the event loop has had its turn', async (t) => {
  const { tier, begun, finish } = setUp();
  await tier.set('a', entryOf(1));
  t.same(begun(), []);
  t.equal(tier.pending, 1);
  await quiet();
  t.same(begun(), ['a']);
  t.equal(tier.pending, 1);
  await finish('a');
  t.equal(tier.pending, 0);
});

t.test('writes in order, some at once', async (t) => {
  const { tier, begun, finish } = setUp();
  for (const key of ['a', 'b', 'c', 'd']) await tier.set(key, entryOf(1));
  await quiet();
  t.same(begun(), ['a', 'b']);
  await finish('b');
  t.same(begun(), ['a', 'c']);
  await finish('a');
  t.same(begun(), ['c', 'd']);
});

t.test('finds what waits, what is being written and what was', async (t) => {
  const { tier, finish } = setUp({ maxWrites: 1 });
  const entries = [entryOf(1), entryOf(2)] as const;
  await tier.set('a', entries[0]);
  await tier.set('b', entries[1]);
  t.equal(await tier.get('a'), entries[0]);
  await quiet();
  t.equal(await tier.get('a'), entries[0]);
  t.equal(await tier.get('b'), entries[1]);
  await finish('a');
  t.equal(await tier.get('a'), entries[0]);
  t.equal(await tier.get('c'), undefined);
});

t.test('of one key, the later entry is written last', async (t) => {
  const { tier, writes, begun, finish } = setUp({ maxWrites: 3 });
  const [first, second, third] = [entryOf(1), entryOf(2), entryOf(3)] as const;
  await tier.set('a', first);
  await quiet();
  await tier.set('a', second);
  await tier.set('b', entryOf(1));
  await tier.set('a', third);
  t.equal(await tier.get('a'), third);
  await quiet();
  t.same(begun(), ['a', 'b'], 'a waits for a');
  await finish('a');
  t.same(begun(), ['b', 'a']);
  t.equal(writes.at(-1)?.entry, third, 'what was replaced while it waited is not written');
  await finish('a');
  await finish('b');
  t.equal(await tier.get('a'), third);
  t.equal(tier.pending, 0);
});

t.test('drops what comes when too many entries are pending', async (t) => {
  const { tier, take, finish } = setUp({ maxPending: { entries: 3, bytes: 10_000 } });
  for (const key of ['a', 'b', 'c', 'd']) await tier.set(key, entryOf(1));
  t.same(take(), ['dropped']);
  t.equal(await tier.get('d'), undefined);
  await tier.set('c', entryOf(2));
  t.same(take(), [], 'what replaces another takes no more room');
  await quiet();
  await finish('a');
  await tier.set('d', entryOf(1));
  t.same(take(), []);
  t.equal(tier.pending, 3);
});

t.test('drops what comes when too many bytes are pending', async (t) => {
  const { tier, take, finish } = setUp({ maxPending: { entries: 100, bytes: 1000 } });
  await tier.set('a', entryOf(600));
  await tier.set('b', entryOf(401));
  await tier.set('c', entryOf(400));
  t.same(take(), ['dropped']);
  await tier.set('c', entryOf(401));
  t.same(take(), ['dropped']);
  t.equal(await tier.get('c'), undefined, 'nor is what it was to replace kept');
  await tier.set('huge', entryOf(1001));
  t.same(take(), ['dropped']);
  await quiet();
  await finish('a');
  await tier.set('full', entryOf(1000));
  t.same(take(), []);
});

t.test('flush waits until all is written', async (t) => {
  const { tier, finish } = setUp({ maxWrites: 1 });
  t.equal(await tier.flush(), 0, 'nothing is');
  await tier.set('a', entryOf(1));
  await tier.set('b', entryOf(1));
  const flushed = Promise.all([tier.flush(), tier.flush()]);
  t.equal(await stateOf(flushed), 'pending');
  await finish('a');
  t.equal(await stateOf(flushed), 'pending');
  await finish('b');
  t.same(await flushed, [0, 0]);
});

t.test('flush waits no longer than it may, and says what is left', async (t) => {
  const { tier, finish } = setUp();
  for (const key of ['a', 'b', 'c']) await tier.set(key, entryOf(1));
  t.equal(await tier.flush(1), 3);
  await quiet();
  for (const key of ['a', 'b', 'c']) await finish(key);
  t.equal(tier.pending, 0, 'and the rest is written all the same');
});

t.test('close waits, then closes what is behind', async (t) => {
  const { tier, finish, isClosed } = setUp();
  await tier.set('a', entryOf(1));
  const closed = tier.close();
  t.equal(await stateOf(closed), 'pending');
  t.equal(isClosed(), false);
  await finish('a');
  await closed;
  t.equal(isClosed(), true);
});

t.test('a store that breaks its word and throws costs one entry', async (t) => {
  const rejections = unhandledRejections(t);
  const { tier, writes, begun, take } = setUp({ maxWrites: 1 });
  await tier.set('a', entryOf(1));
  await tier.set('b', entryOf(1));
  await quiet();
  writes.shift()?.done.reject(new Error('broken'));
  await quiet();
  t.same(take(), ['store_failed']);
  t.same(begun(), ['b']);
  t.same(rejections, []);
});

t.test('says what the store says, and writes four at once when not told otherwise', async (t: Test) => {
  const slow = createSlowStore();
  const { observe } = recorder();
  const tier = createWriteBehind(slow.store, { maxPending: { entries: 9, bytes: 9 }, observe });
  t.match(tier, { bytes: 7, entries: 3 });
  for (const key of 'abcdef') await tier.set(key, entryOf(1));
  await quiet();
  t.same(slow.begun(), ['a', 'b', 'c', 'd']);
});

t.test('drops what waits, lets what is being written end, then drops that', async (t) => {
  const { tier, begun, finish, store } = setUp();
  const mine = { tags: ['mine', 'folder'] };
  for (const key of ['1', '2', '3', '4']) tier.set(key, entryOf(100, key === '2' ? {} : mine));
  await quiet();
  t.same(begun(), ['1', '2']);
  const dropping = tier.drop(['mine'], new AbortController().signal);
  t.equal(tier.pending, 2, 'what waited is forgotten');
  await quiet();
  t.equal(await stateOf(dropping), 'pending');
  await finish('1');
  await dropping;
  t.equal(await store.get('1'), undefined, 'which had been written before it was dropped');
  t.same(begun(), ['2'], 'another object’s is not waited for');
  await finish('2');
  t.ok(await store.get('2'));
  t.equal(tier.pending, 0);
  for (let index = 0; index < 100; index++) tier.set(`later ${index}`, entryOf(100));
  t.equal(tier.pending, 100, 'and there is room for as much as before');
  t.equal(tier.note, store.note);
  tier.forget(['none']);
  t.equal(tier.pending, 100);
  tier.forget(['ab']);
  t.equal(tier.pending, 0, 'all have that tag');
  tier.set('another', entryOf(100));
  tier.forget([EVERYTHING]);
  t.equal(tier.pending, 0);
});
