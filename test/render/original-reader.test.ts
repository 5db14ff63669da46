import { getEventListeners } from 'node:events';
import t from 'tap';
import { createPlace } from '../../src/render/original-reader.ts';
import type { Faults } from '../support/memory-source.ts';
import { FRESH_MS, longJpeg, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { deferred, quiet, stateOf } from '../support/waiting.ts';

const picture = await longJpeg(40, 30);
const otherPicture = await longJpeg(50, 20);
const METHODS = ['load', 'read'] as const;

/** One read that the test can end, of a picture that is known already. */
async function start(method: (typeof METHODS)[number], faults: Faults) {
  const { source, admission, reader, hold, leftovers } = setUpOriginals();
  source.put('key', picture);
  const { record, release } = await hold();
  release();
  Object.assign(source.faults, faults);
  const controller = new AbortController();
  const { signal } = controller;
  const place = createPlace(admission);
  const reading: Promise<unknown> =
    method === 'load' ? reader.load('key', undefined, place, signal) : reader.read('key', record, place, signal);
  await quiet();
  return { source, leftovers, controller, place, reading };
}

t.test('a place is taken once and given back once', async (t) => {
  const { admission } = setUpOriginals({ capacity: 2 });
  const { signal } = new AbortController();
  const place = createPlace(admission);
  place.release();
  await place.take(signal);
  await place.take(signal);
  t.equal(admission.active, 1);
  place.release();
  place.release();
  t.equal(admission.active, 0);
});

for (const method of METHODS) {
  t.test(`an abort in the middle of a body ends a ${method} with its reason`, async (t) => {
    const { source, leftovers, controller, place, reading } = await start(method, { body: deferred().promise });
    t.equal(await stateOf(reading), 'pending');
    controller.abort(new Error('left'));
    await t.rejects(reading, { message: 'left' });
    await quiet();
    t.match(source.opens.at(-1), { body: 'destroyed' });
    place.release();
    t.same(await leftovers(), NOTHING_LEFT);
  });

  t.test(`a ${method} that is over does not listen to its signal any more`, async (t) => {
    const body = deferred();
    const { controller, reading } = await start(method, { body: body.promise });
    t.equal(getEventListeners(controller.signal, 'abort').length, 1);
    body.resolve();
    await reading;
    t.same(getEventListeners(controller.signal, 'abort'), []);
  });

  t.test(`an abort in the moment the source answers ends a ${method}`, async (t) => {
    const opening = deferred();
    const faults = { opening: opening.promise, body: deferred().promise };
    const { source, leftovers, controller, place, reading } = await start(method, faults);
    opening.resolve();
    // Resolved first, the source's answer wins over the abort; what it opened has to be ended all the same.
    await Promise.resolve();
    await Promise.resolve();
    controller.abort(new Error('left'));
    t.equal(await stateOf(reading), 'rejected');
    t.match(source.opens.at(-1), { body: 'destroyed' });
    place.release();
    t.same(await leftovers(), NOTHING_LEFT);
  });
}

t.test('a body that breaks off is tried once more, as the version that it was', async (t) => {
  t.intercept(Math, 'random', { value: () => 0 });
  const { source, admission, hold, visit, advance, leftovers } = setUpOriginals();
  const etag = source.put('key', picture);
  Object.assign(source.faults, { breakAfter: 2, breaks: 1 });
  const first = await hold();
  t.ok((await first.bytes()).equals(picture));
  first.release();
  t.same(
    source.opens.map(({ body }) => body),
    ['destroyed', 'ended'],
  );
  source.faults.breaks = 1;
  const second = await hold();
  t.ok((await second.bytes()).equals(picture));
  t.match(source.opens.slice(2), [{ conditions: { ifMatch: etag } }, { conditions: { ifMatch: etag } }]);
  t.equal(admission.active, 1, 'in one place');
  second.release();
  source.put('key', otherPicture);
  advance(FRESH_MS);
  source.faults.breaks = 1;
  await visit();
  t.match(source.opens.slice(4), [{ conditions: { ifNoneMatch: etag } }, { conditions: { ifNoneMatch: etag } }]);
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('nobody waits for another try who has left', async (t) => {
  // The pause before it is of random length; this one would take days.
  t.intercept(Math, 'random', { value: () => 1e6 });
  const { source, hold, leftovers } = setUpOriginals();
  source.put('key', picture);
  source.faults.breakAfter = 0;
  const controller = new AbortController();
  const leaving = hold('key', controller.signal);
  t.equal(await stateOf(leaving), 'pending');
  controller.abort(new Error('left'));
  await t.rejects(leaving, { message: 'left' });
  t.same(await leftovers(), NOTHING_LEFT);
  t.equal(source.opens.length, 1);
});
