import { getEventListeners } from 'node:events';
import t from 'tap';
import { createFlights, type Landed } from '../../src/render/flights.ts';
import { type Deferred, deferred, quiet, stateOf, unhandledRejections } from '../support/waiting.ts';

interface Started extends Deferred<string> {
  readonly signal: AbortSignal;
}

interface Waiter {
  readonly landed: Promise<Landed<string>>;
  readonly controller: AbortController;
  leave(reason: unknown): void;
}

const unhandled = unhandledRejections(t);

/** Flights whose computations the test ends itself. */
function setUp() {
  const flights = createFlights<string>();
  const started: Started[] = [];
  function start(signal: AbortSignal): Promise<string> {
    const work = deferred<string>();
    started.push({ ...work, signal });
    return work.promise;
  }
  function join(key = 'key'): Waiter {
    const controller = new AbortController();
    const landed = flights.join(key, controller.signal, start);
    return { landed, controller, leave: (reason) => controller.abort(reason) };
  }
  /** The computation that was started as the nth. */
  function work(index: number): Started {
    const found = started[index];
    if (!found) throw new Error(`No computation ${index} was started.`);
    return found;
  }
  return { flights, started, start, join, work };
}

t.test('200 who want the same wait for one computation', async (t) => {
  const { flights, started, join, work } = setUp();
  const waiters = Array.from({ length: 200 }, () => join());
  t.equal(started.length, 1);
  t.equal(flights.size, 1);
  work(0).resolve('done');
  const landed = await Promise.all(waiters.map((waiter) => waiter.landed));
  t.ok(landed.every(({ value }) => value === 'done'));
  t.same(landed.map(({ joined }) => joined).indexOf(true), 1, 'the first one started it');
  t.equal(landed.filter(({ joined }) => joined).length, 199);
  t.equal(flights.size, 0);
});

t.test('each key has a computation of its own', async (t) => {
  const { flights, join, work } = setUp();
  const [one, other] = [join('one'), join('other')];
  t.equal(flights.size, 2);
  work(1).resolve('b');
  work(0).resolve('a');
  t.same(await one.landed, { value: 'a', joined: false });
  t.same(await other.landed, { value: 'b', joined: false });
});

t.test('who leaves gets its own reason at once, and the others their value', async (t) => {
  const { started, join, work } = setUp();
  const [first, second, third] = [join(), join(), join()];
  const reason = new Error('first left');
  first.leave(reason);
  t.equal(await first.landed.catch((error) => error), reason, 'also who started it');
  second.leave('second left');
  t.equal(await second.landed.catch((error) => error), 'second left');
  t.notOk(work(0).signal.aborted);
  t.equal(await stateOf(third.landed), 'pending');
  work(0).resolve('done');
  t.same(await third.landed, { value: 'done', joined: true });
  t.equal(started.length, 1);
});

t.test('the last one to leave ends the computation', async (t) => {
  const { flights, join, work } = setUp();
  const [first, second] = [join(), join()];
  second.leave('second left');
  await t.rejects(second.landed);
  t.notOk(work(0).signal.aborted);
  first.leave('first left');
  await t.rejects(first.landed);
  t.ok(work(0).signal.aborted);
  t.equal(work(0).signal.reason, 'first left');
  t.equal(flights.size, 0);
  work(0).reject(new Error('ended as it was told'));
});

t.test('a computation that has landed is not ended any more', async (t) => {
  const { join, work } = setUp();
  const waiter = join();
  work(0).resolve('done');
  waiter.leave('too late to matter');
  await waiter.landed.catch(() => {});
  t.notOk(work(0).signal.aborted, 'landed and left in the same moment');
  const other = join();
  work(1).resolve('done');
  await other.landed;
  other.leave('afterwards');
  await quiet();
  t.notOk(work(1).signal.aborted);
});

t.test('who comes after the last has left starts anew, and is not disturbed by the old one', async (t) => {
  for (const end of ['resolve', 'reject'] as const) {
    const { flights, started, join, work } = setUp();
    const gone = join();
    gone.leave('left');
    await t.rejects(gone.landed);
    const next = join();
    t.equal(started.length, 2);
    work(0)[end]('old');
    await quiet();
    t.equal(flights.size, 1, 'the new one is still there to be joined');
    const third = join();
    t.equal(started.length, 2);
    work(1).resolve('new');
    t.same(await next.landed, { value: 'new', joined: false });
    t.same(await third.landed, { value: 'new', joined: true });
  }
});

t.test('who comes in the moment the last one leaves is served', async (t) => {
  const { join, work } = setUp();
  const gone = join();
  gone.leave('left');
  const next = join();
  await t.rejects(gone.landed);
  t.notOk(work(0).signal.aborted);
  work(0).resolve('done');
  t.match(await next.landed, { value: 'done' });
});

t.test('a failure reaches everyone who waits, and nobody else', async (t) => {
  const { flights, started, join, work } = setUp();
  const [first, gone, third] = [join(), join(), join()];
  gone.leave('left before');
  await t.rejects(gone.landed);
  const failure = new Error('broken');
  work(0).reject(failure);
  t.equal(await first.landed.catch((error) => error), failure);
  t.equal(await third.landed.catch((error) => error), failure);
  t.equal(flights.size, 0);
  const next = join();
  t.equal(started.length, 2);
  work(1).resolve('mended');
  t.same(await next.landed, { value: 'mended', joined: false });
});

t.test('a failure that comes when everybody has left is nobody’s', async (t) => {
  const { join, work } = setUp();
  const gone = join();
  gone.leave('left');
  await t.rejects(gone.landed);
  work(0).reject(new Error('broken'));
});

t.test('starts nothing for who has left already', async (t) => {
  const { flights, started, start } = setUp();
  await t.rejects(flights.join('key', AbortSignal.abort(new Error('left')), start), { message: 'left' });
  t.equal(started.length, 0);
  t.equal(flights.size, 0);
});

t.test('a computation that cannot even start is a failure like any other', async (t) => {
  const { flights, join, work } = setUp();
  const start = () => {
    throw new Error('no start');
  };
  await t.rejects(flights.join('key', new AbortController().signal, start), { message: 'no start' });
  t.equal(flights.size, 0);
  const next = join();
  work(0).resolve('done');
  t.same(await next.landed, { value: 'done', joined: false });
});

t.test('leaves no listener behind', async (t) => {
  const { join, work } = setUp();
  const landed = join();
  work(0).resolve('done');
  await landed.landed;
  const failed = join();
  work(1).reject(new Error('broken'));
  await t.rejects(failed.landed);
  await quiet();
  for (const { controller } of [landed, failed]) t.same(getEventListeners(controller.signal, 'abort'), []);
});

t.test('leaves no rejection unhandled', async (t) => {
  await quiet();
  t.same(unhandled, []);
});
