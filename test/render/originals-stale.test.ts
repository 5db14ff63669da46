import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { FRESH_MS, longJpeg, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { deferred, quiet } from '../support/waiting.ts';

const picture = await longJpeg();
const otherPicture = await longJpeg(50, 20);
const STALE = { staleMs: 2 * FRESH_MS, staleIfErrorMs: 10 * FRESH_MS };
const DOWN = new ServiceError('source_failed', 'down');

function setUp(options = {}) {
  const fixture = setUpOriginals({ ...STALE, ...options });
  fixture.source.put('key', picture);
  /** What the record of a request says, and why it is used. */
  const ask = async (key = 'key') => {
    const known = fixture.originals.holdKnown(key);
    const hold = known ?? (await fixture.hold(key));
    const { record, stale } = hold;
    hold.release();
    return { etag: record.head.etag, stale, waited: known === undefined };
  };
  return { ...fixture, ask };
}

t.test('in its time a stale record is used at once, and confirmed behind', async (t) => {
  const { source, ask, advance, leftovers } = setUp();
  t.match(await ask(), { etag: '"v1"', stale: undefined, waited: true });
  advance(FRESH_MS + 1);
  const opening = deferred<void>();
  source.faults.opening = opening.promise;
  const stale = { why: 'revalidating', ms: 1 };
  for (let times = 0; times < 3; times++) t.match(await ask(), { etag: '"v1"', stale, waited: false });
  t.equal(source.opens.length, 2, 'asked once');
  opening.resolve();
  await quiet();
  t.match(await ask(), { etag: '"v1"', stale: undefined, waited: false });
  t.match(source.opens.at(-1), { conditions: { ifNoneMatch: '"v1"' }, body: 'none' });
  t.equal(source.opens.length, 2);
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('one that has changed is the old one once more, then the new one', async (t) => {
  const { source, ask, advance, hold, leftovers } = setUp({ keptBytes: 1_000_000 });
  await ask();
  source.put('key', otherPicture);
  advance(FRESH_MS);
  t.match(await ask(), { etag: '"v1"', stale: { why: 'revalidating' } });
  while ((await ask()).stale) await quiet();
  t.match(await ask(), { etag: '"v2"', stale: undefined, waited: false });
  const { length } = source.opens;
  t.equal(length, 2);
  const lease = await hold();
  t.ok((await lease.bytes()).equals(otherPicture));
  lease.release();
  t.equal(source.opens.length, length, 'the bytes came with the record');
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('after its time a request waits for the source again', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  source.put('key', otherPicture);
  advance(3 * FRESH_MS);
  t.match(await ask(), { etag: '"v2"', stale: undefined, waited: true });
});

t.test('an object that is deleted meanwhile is found out behind', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  source.delete('key');
  advance(FRESH_MS);
  t.match(await ask(), { etag: '"v1"' });
  await quiet();
  await t.rejects(ask(), { code: 'not_found' });
  t.equal(source.opens.length, 2, 'and is not asked for at once again');
});

t.test('while one object cannot be read, what is known of it is used, and of others all is as before', async (t) => {
  const { source, ask, advance, leftovers } = setUp();
  source.put('other', otherPicture);
  await ask();
  await ask('other');
  advance(3 * FRESH_MS);
  source.faults.error = DOWN;
  t.match(await ask(), { etag: '"v1"', stale: { why: 'unreachable', ms: 2 * FRESH_MS }, waited: true });
  t.match(await ask(), { stale: { why: 'unreachable' }, waited: false }, 'nobody waits a second time');
  source.faults.error = undefined;
  const { length } = source.opens;
  t.match(await ask('other'), { stale: undefined, waited: true });
  t.match(await ask(), { stale: { why: 'unreachable' }, waited: false });
  t.equal(source.opens.length, length + 1, 'the one is left in peace for a while');
  advance(5 * FRESH_MS);
  t.match(await ask(), { stale: { why: 'unreachable' }, waited: false });
  await quiet();
  t.match(await ask(), { stale: undefined, waited: false });
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('one object that fails again and again says nothing of the others', async (t) => {
  const { source, ask, advance } = setUp();
  source.put('other', otherPicture);
  await ask('other');
  source.faults.error = DOWN;
  for (let times = 0; times < 5; times++) await t.rejects(ask('bad'), DOWN);
  source.faults.error = undefined;
  advance(3 * FRESH_MS);
  t.match(await ask('other'), { stale: undefined, waited: true });
});

t.test('a source that says there is no such object has answered', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  source.faults.error = DOWN;
  for (const key of ['one', 'two', 'three']) await t.rejects(ask(key), DOWN);
  source.faults.error = undefined;
  await t.rejects(ask('four'), { code: 'not_found' });
  advance(3 * FRESH_MS);
  t.match(await ask(), { stale: undefined, waited: true });
});

t.test('while the source is down nobody waits, and it is asked now and then', async (t) => {
  const { source, ask, advance, hold, leftovers } = setUp();
  const keys = ['key', 'two', 'three', 'four', 'five'];
  for (const key of keys) {
    source.put(key, picture);
    await ask(key);
  }
  advance(3 * FRESH_MS);
  source.faults.error = DOWN;
  for (const key of ['key', 'two', 'three']) t.match(await ask(key), { stale: { why: 'unreachable' }, waited: true });
  const { length } = source.opens;
  for (const key of keys) t.match(await ask(key), { stale: { why: 'unreachable' }, waited: false }, key);
  await t.rejects(hold('unknown'), DOWN, 'what is not known cannot be used');
  t.equal(source.opens.length, length + 1);
  advance(5 * FRESH_MS);
  for (const key of keys) t.match(await ask(key), { stale: { why: 'unreachable' }, waited: false }, key);
  await quiet();
  t.equal(source.opens.length, length + 2, 'one asks whether it still is');
  source.faults.error = undefined;
  await hold('unknown').catch(() => {});
  source.put('new', picture);
  await ask('new');
  t.match(await ask('five'), { stale: undefined, waited: true }, 'one answer, and all is as before');
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('a source that does not answer is not waited for where there is something to fall back on', async (t) => {
  const { source, ask, advance, leftovers } = setUp({ patienceMs: 5 });
  await ask();
  advance(3 * FRESH_MS);
  const opening = deferred<void>();
  source.faults.opening = opening.promise;
  t.match(await ask(), { etag: '"v1"', stale: { why: 'unreachable' }, waited: true });
  t.match(await ask(), { etag: '"v1"', stale: { why: 'unreachable' }, waited: false });
  opening.resolve();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('who leaves while the source is waited for leaves nothing behind, and is no trouble of it', async (t) => {
  const { source, ask, advance, originals, leftovers } = setUp();
  await ask();
  advance(3 * FRESH_MS);
  const opening = deferred<void>();
  source.faults.opening = opening.promise;
  const leaving = new AbortController();
  const left = originals.hold('key', leaving.signal);
  leaving.abort(new Error('gone'));
  await t.rejects(left, { message: 'gone' });
  opening.resolve();
  source.faults.opening = undefined;
  t.match(await ask(), { stale: undefined, waited: true });
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('other headers with the same bytes are found out', async (t) => {
  const { source, ask, advance, hold } = setUp({ staleMs: 0 });
  await ask();
  source.put('key', picture, { etag: '"v1"', cacheControl: 'private', lastModified: new Date(86_400_000 * 365 * 40) });
  advance(FRESH_MS);
  const { record } = await hold();
  t.match(record, { storable: false, head: { cacheControl: 'private' } });
  t.equal(source.opens.length, 3, 'asked by the tag, then without');
});

t.test('what has to be asked about first is not used stale', async (t) => {
  for (const cacheControl of ['must-revalidate', 'max-age=5, proxy-revalidate', 'no-cache']) {
    const { source, ask, advance } = setUp();
    source.put('key', picture, { cacheControl });
    await ask();
    advance(FRESH_MS);
    t.match(await ask(), { stale: undefined, waited: true }, cacheControl);
    advance(FRESH_MS);
    source.faults.error = DOWN;
    await t.rejects(ask(), DOWN);
  }
});

t.test('when it is back, everything is as before', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  advance(3 * FRESH_MS);
  source.faults.error = DOWN;
  await ask();
  source.faults.error = undefined;
  advance(5 * FRESH_MS);
  t.match(await ask(), { stale: { why: 'unreachable' }, waited: false });
  await quiet();
  t.match(await ask(), { stale: undefined, waited: false });
});

t.test('not for ever', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  source.faults.error = DOWN;
  advance(12 * FRESH_MS);
  await t.rejects(ask(), DOWN);
});

t.test('trouble of ours is none of the source', async (t) => {
  const { source, ask, advance } = setUp();
  await ask();
  advance(4 * FRESH_MS);
  source.faults.error = new ServiceError('overloaded');
  await t.rejects(ask(), { code: 'overloaded' });
});

t.test('what no cache may keep is never used stale, and its bytes are not kept', async (t) => {
  const { source, ask, advance, hold } = setUp({ keptBytes: 1_000_000 });
  source.put('key', picture, { cacheControl: 'private' });
  await ask();
  advance(FRESH_MS);
  t.match(await ask(), { stale: undefined, waited: true });
  const { length } = source.opens;
  const lease = await hold();
  await lease.bytes();
  lease.release();
  t.equal(source.opens.length, length + 1);
  source.faults.error = DOWN;
  advance(FRESH_MS);
  await t.rejects(ask(), DOWN);
});

t.test('bytes of a moment ago are not read again, of that version', async (t) => {
  const { source, hold, advance, leftovers } = setUp({ keptBytes: 1_000_000, staleMs: 0 });
  const read = async () => {
    const lease = await hold();
    const bytes = await lease.bytes();
    lease.release();
    return bytes;
  };
  for (let width = 0; width < 6; width++) t.ok((await read()).equals(picture));
  t.equal(source.opens.length, 1);
  advance(FRESH_MS);
  t.ok((await read()).equals(picture));
  t.match(source.opens.at(-1), { conditions: { ifNoneMatch: '"v1"' }, body: 'none' });
  t.equal(source.opens.length, 2);
  source.put('key', otherPicture);
  advance(FRESH_MS);
  t.ok((await read()).equals(otherPicture));
  t.equal(source.opens.length, 3);
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('no more records are confirmed at once than that', async (t) => {
  const { source, ask, advance } = setUp({ capacity: 100 });
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  for (const key of keys) {
    source.put(key, picture);
    await ask(key);
  }
  advance(FRESH_MS);
  const opening = deferred<void>();
  source.faults.opening = opening.promise;
  const { length } = source.opens;
  for (const key of keys) t.match(await ask(key), { stale: { why: 'revalidating' }, waited: false });
  t.equal(source.opens.length, length + 32);
  opening.resolve();
  await quiet();
});
