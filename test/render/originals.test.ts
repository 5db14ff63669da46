import t from 'tap';
import { FRESH_MS, longJpeg, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { deferred, quiet, stateOf } from '../support/waiting.ts';

const picture = await longJpeg(40, 30);
const otherPicture = await longJpeg(50, 20);

t.test('many who want an original cause one read, and share its record and bytes', async (t) => {
  const { source, admission, hold, leftovers } = setUpOriginals();
  const etag = source.put('key', picture);
  const leases = await Promise.all(Array.from({ length: 50 }, () => hold()));
  t.equal(source.opens.length, 1);
  t.same(source.opens[0]?.conditions, { ifNoneMatch: undefined });
  const [first] = leases;
  t.match(first?.record, {
    head: { etag },
    content: { kind: 'image', facts: { format: 'jpeg', width: 40, height: 30, frames: 1, alpha: false } },
    storable: true,
  });
  t.ok(leases.every(({ record }) => record === first?.record));
  const bytes = await Promise.all(leases.map((lease) => lease.bytes()));
  t.ok(bytes[0]?.equals(picture));
  t.ok(bytes.every((one) => one === bytes[0]));
  t.equal(source.opens.length, 1, 'what was read for the record is not read again');
  t.equal(source.opens[0]?.body, 'ended');
  t.equal(admission.active, 1, 'one original, one place');
  for (const { release } of leases.slice(1)) release();
  t.equal((await leftovers()).active, 1, 'as long as one holds it');
  first?.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('each original is read for itself', async (t) => {
  const { source, hold } = setUpOriginals();
  source.put('one', picture);
  source.put('other', otherPicture);
  const [one, other] = await Promise.all([hold('one'), hold('other')]);
  t.equal(source.opens.length, 2);
  t.match(one.record.content, { facts: { width: 40, height: 30 } });
  t.match(other.record.content, { facts: { width: 50, height: 20 } });
});

t.test('a record is used for its time, then confirmed by one conditional read', async (t) => {
  const { source, hold, visit, advance } = setUpOriginals();
  const etag = source.put('key', picture);
  const before = await hold();
  before.release();
  advance(FRESH_MS - 1);
  await visit();
  t.equal(source.opens.length, 1);
  advance(1);
  const leases = await Promise.all([hold(), hold(), hold()]);
  t.equal(source.opens.length, 2, 'one for all');
  t.match(source.opens[1], { conditions: { ifNoneMatch: etag }, body: 'none' });
  for (const { record, release } of leases) {
    t.equal(record.head, before.record.head);
    t.equal(record.content, before.record.content);
    release();
  }
  advance(FRESH_MS - 1);
  await visit();
  t.equal(source.opens.length, 2, 'confirmed, it has its time again');
  advance(1);
  await visit();
  t.equal(source.opens.length, 3);
});

t.test('a changed original gets a new record from the very answer that says so', async (t) => {
  const { source, hold, visit, advance, leftovers } = setUpOriginals();
  const oldEtag = source.put('key', picture);
  await visit();
  const etag = source.put('key', otherPicture);
  advance(FRESH_MS);
  const lease = await hold();
  t.match(lease.record, { head: { etag }, content: { facts: { width: 50, height: 20 } } });
  t.ok((await lease.bytes()).equals(otherPicture));
  t.same(
    source.opens.map(({ conditions }) => conditions.ifNoneMatch),
    [undefined, oldEtag],
  );
  lease.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('the bytes of a known original are read once for all who hold it, and only as that version', async (t) => {
  const { source, admission, hold, visit, leftovers } = setUpOriginals();
  const etag = source.put('key', picture);
  await visit();
  const leases = await Promise.all([hold(), hold(), hold()]);
  t.equal(source.opens.length, 1);
  t.equal(admission.active, 0, 'a record takes no place');
  const bytes = await Promise.all(leases.map((lease) => lease.bytes()));
  t.ok(bytes[0]?.equals(picture));
  t.ok(bytes.every((one) => one === bytes[0]));
  t.match(source.opens.slice(1), [{ conditions: { ifMatch: etag }, body: 'ended' }]);
  t.equal(admission.active, 1);
  for (const { release } of leases) release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('holders that overlap without end do not keep an old record', async (t) => {
  const { source, hold, advance, leftovers } = setUpOriginals();
  source.put('key', otherPicture);
  let held = await hold();
  for (let round = 1; round <= 4; round++) {
    const etag = source.put('key', round % 2 ? picture : otherPicture);
    advance(FRESH_MS);
    const next = await hold();
    t.equal(next.record.head.etag, etag, `round ${round}`);
    held.release();
    held = next;
  }
  held.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('who holds an old version keeps it until it lets go', async (t) => {
  const { source, hold, advance } = setUpOriginals();
  const oldEtag = source.put('key', picture);
  const old = await hold();
  source.put('key', otherPicture);
  advance(FRESH_MS);
  const next = await hold();
  t.equal(old.record.head.etag, oldEtag);
  t.ok((await old.bytes()).equals(picture));
  t.ok((await next.bytes()).equals(otherPicture));
  old.release();
  t.equal(await (await hold()).bytes(), await next.bytes(), 'what is held now is still joined');
  t.equal(source.opens.length, 2);
});

t.test('when the last one lets go a read that still goes on is ended', async (t) => {
  const { source, hold, visit, leftovers } = setUpOriginals();
  source.put('key', picture);
  await visit();
  source.faults.body = deferred().promise;
  const [first, second] = await Promise.all([hold(), hold()]);
  const reading = [first.bytes(), second.bytes()];
  await quiet();
  first.release();
  await quiet();
  t.equal(source.opens[1]?.body, 'open', 'somebody still wants it');
  second.release();
  t.same(await Promise.allSettled(reading).then((ended) => ended.map(({ status }) => status)), [
    'rejected',
    'rejected',
  ]);
  t.equal(source.opens[1]?.body, 'destroyed');
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('a read goes on as long as one of many wants it', async (t) => {
  const { source, hold, visit } = setUpOriginals();
  source.put('key', picture);
  await visit();
  const body = deferred();
  source.faults.body = body.promise;
  const controller = new AbortController();
  const leaving = await hold('key', controller.signal);
  const staying = await hold();
  const [left, stayed] = [leaving.bytes(), staying.bytes()];
  controller.abort(new Error('left'));
  await t.rejects(left, { message: 'left' }, 'at once');
  leaving.release();
  t.equal(await stateOf(stayed), 'pending');
  body.resolve();
  t.ok((await stayed).equals(picture));
  t.equal(source.opens.length, 2);
});

t.test('who leaves while the record is made gets its reason; the others get the record', async (t) => {
  const { source, hold, leftovers } = setUpOriginals();
  source.put('key', picture);
  const opening = deferred();
  source.faults.opening = opening.promise;
  const controller = new AbortController();
  const [leaving, staying] = [hold('key', controller.signal), hold()];
  await quiet();
  controller.abort(new Error('left'));
  await t.rejects(leaving, { message: 'left' });
  opening.resolve();
  const lease = await staying;
  t.ok((await lease.bytes()).equals(picture));
  t.equal(source.opens.length, 1);
  lease.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('who comes after the last has left starts anew', async (t) => {
  const { source, hold } = setUpOriginals();
  source.put('key', picture);
  source.faults.opening = deferred().promise;
  const controller = new AbortController();
  const leaving = hold('key', controller.signal);
  await quiet();
  controller.abort(new Error('left'));
  await t.rejects(leaving, { message: 'left' });
  source.faults.opening = undefined;
  const lease = await hold();
  t.ok((await lease.bytes()).equals(picture));
  t.equal(source.opens.length, 2);
});

t.test('reads nothing for who has left already', async (t) => {
  const { source, hold, leftovers } = setUpOriginals();
  source.put('key', picture);
  await t.rejects(hold('key', AbortSignal.abort(new Error('left'))), { message: 'left' });
  t.equal(source.opens.length, 0);
  t.same(await leftovers(), NOTHING_LEFT);
});
