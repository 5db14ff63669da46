import t from 'tap';
import { folderTag, objectTag } from '../../src/cache/tags.ts';
import { ServiceError } from '../../src/errors.ts';
import { FRESH_MS, longJpeg, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { deferred, quiet } from '../support/waiting.ts';

const [picture, otherPicture] = [await longJpeg(40, 30), await longJpeg(50, 20)];
const tags = [objectTag('key')];

t.test('what was purged is read anew; of others all is as before', async (t) => {
  const { source, originals, visit, hold } = setUpOriginals({ keptBytes: 1e6 });
  source.put('key', picture);
  source.put('folder/key', picture);
  source.put('folder/other', picture);
  for (const key of ['key', 'folder/key', 'folder/other']) await visit(key);
  const etag = source.put('key', otherPicture);
  originals.drop(tags);
  t.equal(originals.holdKnown('key'), undefined);
  const lease = await hold();
  t.match(lease.record, { head: { etag }, content: { facts: { width: 50 } } });
  t.same(source.opens.at(-1)?.conditions, { ifNoneMatch: undefined }, 'as if it had never been known');
  lease.release();
  const { length } = source.opens;
  for (const key of ['folder/key', 'folder/other']) await visit(key);
  t.equal(source.opens.length, length);
  originals.drop([folderTag('folder/')]);
  for (const key of ['folder/key', 'folder/other', 'key']) await visit(key);
  t.same(
    source.opens.slice(length).map(({ key }) => key),
    ['folder/key', 'folder/other'],
  );
});

t.test('bytes that were kept are dropped as well', async (t) => {
  const { source, originals, kept, visit, hold } = setUpOriginals({ keptBytes: 1e6 });
  source.put('key', picture);
  await visit();
  t.ok(kept.bytes > picture.length);
  originals.drop(tags);
  t.equal(kept.bytes, 0);
  // The next read of the record stops before the bytes are whole: they can come from nowhere but the source.
  const lease = await hold();
  t.equal(source.opens.length, 2);
  t.ok((await lease.bytes()).equals(picture));
  lease.release();
});

t.test('that there was no such object is forgotten', async (t) => {
  const { source, originals, hold } = setUpOriginals();
  await t.rejects(hold(), { code: 'not_found' });
  source.put('key', picture);
  await t.rejects(hold(), { code: 'not_found' }, 'which is remembered for a moment');
  originals.drop(tags);
  (await hold()).release();
});

t.test('a read that was begun before is for who waits for it, and nothing of it is kept', async (t) => {
  const { source, originals, hold, leftovers } = setUpOriginals({ keptBytes: 1e6 });
  const old = source.put('key', picture);
  const body = deferred();
  source.faults.body = body.promise;
  const before = hold();
  await quiet();
  const etag = source.put('key', otherPicture);
  originals.drop(tags);
  source.faults.body = undefined;
  const after = await hold();
  t.match(after.record, { head: { etag } });
  t.notOk(after.isPurged());
  body.resolve();
  const lease = await before;
  t.match(lease.record, { head: { etag: old } });
  t.ok(lease.isPurged());
  t.ok(lease.share(new AbortController().signal).isPurged());
  lease.release();
  lease.release();
  after.release();
  const known = await hold();
  t.match(known.record, { head: { etag } }, 'and takes no place that the new one has');
  t.equal(source.opens.length, 2);
  known.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('a failure that was begun before says nothing of what there is now', async (t) => {
  const { source, originals, hold } = setUpOriginals();
  const opening = deferred();
  source.faults.opening = opening.promise;
  const before = hold();
  await quiet();
  source.faults.opening = undefined;
  originals.drop(tags);
  opening.resolve();
  await t.rejects(before, { code: 'not_found' });
  source.put('key', picture);
  (await hold()).release();
});

t.test('bytes that are read while it is purged are not kept', async (t) => {
  const { source, originals, kept, hold, visit } = setUpOriginals({ keptBytes: 1e6 });
  source.put('key', picture);
  source.put('other', picture);
  for (const key of ['key', 'other']) await visit(key);
  kept.drop([objectTag('key'), objectTag('other')]);
  const [lease, other] = [await hold(), await hold('other')];
  originals.drop(tags);
  t.same([lease.isPurged(), other.isPurged()], [true, false]);
  t.ok((await lease.bytes()).equals(picture));
  t.equal(kept.bytes, 0);
  t.ok((await other.bytes()).equals(picture));
  t.ok(kept.bytes > picture.length, 'as those of another one are');
  lease.release();
  other.release();
});

t.test('who holds an old version whose bytes are gone is told so, and the record of the new one stays', async (t) => {
  const { source, originals, hold } = setUpOriginals();
  source.put('key', picture);
  (await hold()).release();
  const lease = await hold();
  const etag = source.put('key', otherPicture);
  originals.drop(tags);
  const after = await hold();
  await t.rejects(lease.bytes(), { code: 'source_changed' });
  t.match(originals.holdKnown('key')?.record, { head: { etag } });
  after.release();
});

t.test('what is asked behind an answer is not taken in when it was purged meanwhile', async (t) => {
  const { source, originals, hold, visit, advance } = setUpOriginals({ staleMs: FRESH_MS });
  source.put('key', picture);
  source.put('other', picture);
  for (const key of ['key', 'other']) await visit(key);
  advance(FRESH_MS);
  const opening = deferred();
  source.faults.opening = opening.promise;
  for (const key of ['key', 'other']) await visit(key);
  source.faults.opening = undefined;
  originals.drop(tags);
  opening.resolve();
  await quiet();
  t.equal(originals.holdKnown('key'), undefined);
  const other = originals.holdKnown('other');
  t.ok(other && !other.stale, 'another one is');
  other?.release();
  (await hold()).release();
  t.same(
    source.opens.map(({ key }) => key),
    ['key', 'other', 'key', 'other', 'key'],
  );
});

t.test('nor is its failure', async (t) => {
  const { source, originals, visit, advance } = setUpOriginals({ staleMs: FRESH_MS, staleIfErrorMs: 10 * FRESH_MS });
  source.put('key', picture);
  await visit();
  advance(FRESH_MS);
  const opening = deferred();
  source.faults.opening = opening.promise;
  await visit();
  source.faults.opening = undefined;
  originals.drop(tags);
  await visit();
  source.faults.error = new ServiceError('not_found');
  opening.reject(new ServiceError('not_found'));
  await quiet();
  source.faults.error = undefined;
  await visit();
  t.ok(originals.holdKnown('key'));
});

t.test('with the source down, what was purged is an error and not the old picture', async (t) => {
  const { source, originals, hold, visit, advance } = setUpOriginals({ staleIfErrorMs: 100 * FRESH_MS });
  source.put('key', picture);
  await visit();
  advance(FRESH_MS);
  source.faults.error = new ServiceError('source_failed');
  const lease = await hold();
  t.match(lease.stale, { why: 'unreachable' });
  lease.release();
  originals.drop(tags);
  await t.rejects(hold(), { code: 'source_failed' });
});

t.test('a read that fails after it was purged does not fall back on the old record', async (t) => {
  const { source, originals, hold, visit, advance } = setUpOriginals({ staleIfErrorMs: 100 * FRESH_MS });
  source.put('key', picture);
  await visit();
  advance(FRESH_MS);
  const opening = deferred();
  source.faults.opening = opening.promise;
  const before = hold();
  await quiet();
  originals.drop(tags);
  opening.reject(new ServiceError('source_failed'));
  await t.rejects(before, { code: 'source_failed' });
});
