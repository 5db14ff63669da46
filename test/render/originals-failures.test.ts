import t, { type Test } from 'tap';
import type { Faults } from '../support/memory-source.ts';
import { FRESH_MS, longJpeg, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { deferred, quiet, unhandledRejections } from '../support/waiting.ts';

const picture = await longJpeg(40, 30);
const otherPicture = await longJpeg(50, 20);
const unhandled = unhandledRejections(t);
// Another try is made after a pause of random length: here after none.
t.intercept(Math, 'random', { value: () => 0 });

interface Failure {
  readonly what: string;
  readonly faults: Faults;
  readonly code: string;
  /** How often it is tried. */
  readonly attempts: number;
}

const FAILURES: readonly Failure[] = [
  { what: 'a body that ends early', faults: { length: picture.length + 1 }, code: 'source_broke_off', attempts: 2 },
  { what: 'a body that breaks at once', faults: { breakAfter: 0 }, code: 'source_broke_off', attempts: 2 },
  { what: 'a body that breaks later', faults: { breakAfter: 2 }, code: 'source_broke_off', attempts: 2 },
  { what: 'a body that does not end', faults: { length: picture.length - 1 }, code: 'source_failed', attempts: 1 },
  { what: 'a body that is too long at once', faults: { length: 10 }, code: 'source_failed', attempts: 1 },
  {
    what: '“not modified” that nobody asked for',
    faults: { answer: { status: 'not-modified' } },
    code: 'source_failed',
    attempts: 1,
  },
];

for (const { what, faults, code, attempts } of FAILURES) {
  t.test(`${what} fails the record, for all who wait and no longer`, async (t) => {
    const { source, hold, visit, leftovers } = setUpOriginals();
    source.put('key', picture);
    Object.assign(source.faults, faults);
    const [first, second] = [hold(), hold()];
    await t.rejects(first, { name: 'ServiceError', code });
    await t.rejects(second, { name: 'ServiceError', code });
    t.equal(source.opens.length, attempts);
    t.same(await leftovers(), NOTHING_LEFT);
    mend(source.faults);
    await visit();
    t.equal(source.opens.length, attempts + 1);
    t.same(source.opens.at(-1)?.conditions, { ifNoneMatch: undefined }, 'nothing was learnt from the failure');
  });

  t.test(`${what} fails the bytes, for all who wait and no longer`, async (t) => {
    const { source, hold, visit, leftovers } = setUpOriginals();
    source.put('key', picture);
    await visit();
    const [first, second] = [await hold(), await hold()];
    Object.assign(source.faults, faults);
    const reading = [first.bytes(), second.bytes()];
    for (const bytes of reading) await t.rejects(bytes, { name: 'ServiceError', code });
    t.equal(source.opens.length, 1 + attempts);
    mend(source.faults);
    const next = await hold();
    t.ok((await next.bytes()).equals(picture), 'who comes next is served, whoever still holds the failure');
    for (const { release } of [first, second, next]) release();
    t.same(await leftovers(), NOTHING_LEFT);
  });
}

function mend(faults: Faults): void {
  for (const name of Object.keys(faults) as (keyof Faults)[]) faults[name] = undefined;
}

t.test('a broken body says what broke it', async (t) => {
  const { source, hold } = setUpOriginals();
  source.put('key', picture);
  source.faults.breakAfter = 1;
  await t.rejects(hold(), { code: 'source_broke_off', cause: { message: 'socket hang up' } });
});

t.test('a body that ends before its format can be told is a broken source, not a refused picture', async (t) => {
  const { source, hold } = setUpOriginals();
  source.put('key', Buffer.alloc(0));
  source.faults.length = 5000;
  await t.rejects(hold(), { code: 'source_broke_off' });
});

/** A known original that is overwritten before its bytes are read. */
async function overwritten(t: Test, faults: Faults) {
  const fixture = setUpOriginals();
  const { source, hold, visit } = fixture;
  source.put('key', picture);
  await visit();
  const etag = source.put('key', otherPicture);
  const lease = await hold();
  Object.assign(source.faults, faults);
  await t.rejects(lease.bytes(), { code: 'source_changed' });
  return { ...fixture, lease, etag };
}

for (const ignoreIfMatch of [false, true]) {
  const store = ignoreIfMatch ? 'a store that ignores If-Match' : 'a store that heeds If-Match';
  t.test(`another version than the record’s is never given for it: ${store}`, async (t) => {
    const { source, hold, lease, etag, leftovers } = await overwritten(t, { ignoreIfMatch, failOnDestroy: true });
    await quiet();
    mend(source.faults);
    t.equal(source.opens[1]?.body, ignoreIfMatch ? 'destroyed' : 'none');
    const next = await hold();
    t.match(
      next.record,
      { head: { etag }, content: { facts: { width: 50, height: 20 } } },
      'without waiting for its time',
    );
    t.ok((await next.bytes()).equals(otherPicture));
    t.same(source.opens[2]?.conditions, { ifNoneMatch: undefined });
    t.equal(source.opens.length, 3);
    lease.release();
    next.release();
    t.same(await leftovers(), NOTHING_LEFT);
  });
}

t.test('an object that is deleted takes its record along', async (t) => {
  const { source, hold, visit, advance, leftovers } = setUpOriginals();
  source.put('key', picture);
  await visit();
  source.delete('key');
  await visit();
  advance(FRESH_MS);
  await t.rejects(hold(), { code: 'not_found' });
  await t.rejects(hold(), { code: 'not_found' });
  t.same(
    source.opens.map(({ conditions }) => conditions.ifNoneMatch),
    [undefined, '"v1"'],
    'the second is known to be missing',
  );
  source.put('key', otherPicture);
  await t.rejects(hold(), { code: 'not_found' }, 'for a moment');
  advance(FRESH_MS);
  await visit();
  t.equal(source.opens.at(-1)?.conditions.ifNoneMatch, undefined);
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('an object that is deleted before its bytes are read takes its record along', async (t) => {
  const { source, hold, visit, advance } = setUpOriginals();
  source.put('key', picture);
  await visit();
  source.delete('key');
  const lease = await hold();
  await t.rejects(lease.bytes(), { code: 'not_found' });
  advance(FRESH_MS - 1);
  await t.rejects(hold(), { code: 'not_found' });
  t.equal(source.opens.length, 2, 'known to be missing');
  advance(1);
  await t.rejects(hold(), { code: 'not_found' });
  t.same(source.opens.at(-1)?.conditions, { ifNoneMatch: undefined });
});

t.test('a source that fails for a while leaves the record to be confirmed later', async (t) => {
  const { source, hold, visit, advance } = setUpOriginals();
  const etag = source.put('key', picture);
  await visit();
  advance(FRESH_MS);
  source.faults.error = new Error('no route to host');
  await t.rejects(hold(), { message: 'no route to host' });
  mend(source.faults);
  await visit();
  t.match(source.opens.at(-1), { conditions: { ifNoneMatch: etag }, body: 'none' });
});

t.test('a failure that comes when everybody has left is nobody’s', async (t) => {
  const { source, hold, leftovers } = setUpOriginals();
  source.put('key', picture);
  const opening = deferred();
  source.faults.opening = opening.promise;
  const controller = new AbortController();
  const leaving = hold('key', controller.signal);
  await quiet();
  controller.abort(new Error('left'));
  await t.rejects(leaving, { message: 'left' });
  opening.reject(new Error('no route to host'));
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('bytes that are no longer wanted are not waited for', async (t) => {
  const { source, hold, visit, leftovers } = setUpOriginals();
  source.put('key', picture);
  await visit();
  const controller = new AbortController();
  const lease = await hold('key', controller.signal);
  controller.abort(new Error('left'));
  await t.rejects(lease.bytes(), { message: 'left' });
  lease.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('a read that fails after its only reader has left harms nobody', async (t) => {
  const { source, hold, visit, leftovers } = setUpOriginals();
  source.put('key', picture);
  await visit();
  const controller = new AbortController();
  const [leaving, staying] = [await hold('key', controller.signal), await hold()];
  source.faults.error = new Error('no route to host');
  controller.abort(new Error('left'));
  const before = unhandled.length;
  await t.rejects(leaving.bytes(), { message: 'left' });
  leaving.release();
  await quiet();
  t.same(unhandled.slice(before), []);
  t.equal(source.opens.length, 1, 'nothing is read for who has left');
  staying.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('leaves no rejection unhandled', async (t) => {
  await quiet();
  t.same(unhandled, []);
});
