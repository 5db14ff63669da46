import { getEventListeners } from 'node:events';
import t, { type Test } from 'tap';
import {
  FRESH_MS,
  longJpeg,
  NOTHING_LEFT,
  type OriginalsFixture,
  setUpOriginals,
} from '../support/originals-fixture.ts';
import { deferred, quiet, stateOf, unhandledRejections } from '../support/waiting.ts';

const picture = await longJpeg();
const unhandled = unhandledRejections(t);
// Another try is made after a pause of random length: here after none.
t.intercept(Math, 'random', { value: () => 0 });

interface Exit {
  readonly name: string;
  readonly leave: (t: Test, fixture: OriginalsFixture) => Promise<unknown>;
}

/** Every way out of holding an original; each begins with `picture` under `key`. */
const EXITS: readonly Exit[] = [
  {
    name: 'the record and the bytes were read',
    async leave(t, { hold }) {
      const lease = await hold();
      t.ok((await lease.bytes()).equals(picture));
      lease.release();
    },
  },
  {
    name: 'only the record was wanted',
    leave: async (_t, { hold }) => (await hold()).release(),
  },
  {
    name: 'the content is refused',
    async leave(t, { source, hold }) {
      source.put('key', Buffer.from('plain text'));
      const lease = await hold();
      t.match(lease.record.content, { kind: 'refused' });
      t.equal(String(await lease.bytes()), 'plain text', 'its bytes can be had all the same');
      lease.release();
    },
  },
  {
    name: 'there is no such object',
    leave: (t, { hold }) => t.rejects(hold('missing'), { code: 'not_found' }),
  },
  {
    name: 'the source fails',
    leave(t, { source, hold }) {
      source.faults.error = new Error('no route to host');
      return t.rejects(hold(), { message: 'no route to host' });
    },
  },
  {
    name: 'the body breaks off',
    leave(t, { source, hold }) {
      source.faults.breakAfter = 2;
      return t.rejects(hold(), { code: 'source_broke_off' });
    },
  },
  {
    name: 'the source fails for the bytes of a known original',
    async leave(t, { source, hold, visit }) {
      await visit();
      source.faults.error = new Error('no route to host');
      const lease = await hold();
      await t.rejects(lease.bytes(), { message: 'no route to host' });
      lease.release();
    },
  },
  {
    name: 'the holder leaves while the source opens',
    leave(t, { source, originals }) {
      source.faults.opening = deferred().promise;
      return leaveMidway(t, (signal) => originals.hold('key', signal));
    },
  },
  {
    name: 'the holder leaves in the middle of the body',
    leave(t, { source, originals }) {
      source.faults.body = deferred().promise;
      return leaveMidway(t, (signal) => originals.hold('key', signal));
    },
  },
  {
    name: 'the holder leaves in the middle of the bytes of a known original',
    async leave(t, { source, hold, visit }) {
      await visit();
      source.faults.body = deferred().promise;
      await leaveMidway(t, async (signal) => {
        const lease = await hold('key', signal);
        await lease.bytes().finally(lease.release);
      });
    },
  },
  {
    name: 'the holder leaves while it waits for a place to make the record in',
    leave: (t, fixture) => behindOthers(fixture, () => leaveMidway(t, (signal) => fixture.hold('key', signal))),
  },
  {
    name: 'the holder leaves while it waits for a place for a changed original, its body open',
    async leave(t, fixture) {
      await fixture.visit();
      fixture.source.put('key', picture);
      fixture.advance(FRESH_MS);
      await behindOthers(fixture, () => leaveMidway(t, (signal) => fixture.hold('key', signal), waitsWithOpenBody));

      function waitsWithOpenBody() {
        t.equal(fixture.admission.waiting, 1);
        t.equal(fixture.source.opens.at(-1)?.body, 'open');
      }
    },
  },
  {
    name: 'a body breaks off while its reader waits for a place',
    async leave(t, fixture) {
      await fixture.visit();
      fixture.source.put('key', picture);
      fixture.advance(FRESH_MS);
      let held: Promise<unknown> = Promise.resolve();
      await behindOthers(fixture, async () => {
        fixture.source.faults.breakAfter = 1;
        held = t.rejects(fixture.hold(), { code: 'source_broke_off' });
        await quiet();
        t.equal(fixture.source.opens.at(-1)?.body, 'destroyed');
      });
      await held;
    },
  },
  {
    name: 'the queue for a place is full',
    async leave(t, fixture) {
      const waiting = new AbortController();
      await behindOthers(fixture, async () => {
        const queued = ['a', 'b'].map((key) => fixture.hold(key, waiting.signal));
        await t.rejects(fixture.hold(), { code: 'overloaded' });
        waiting.abort(new Error('left'));
        await Promise.allSettled(queued);
      });
    },
  },
];

async function leaveMidway(
  t: Test,
  begin: (signal: AbortSignal) => Promise<unknown>,
  midway = () => {},
): Promise<void> {
  const controller = new AbortController();
  const begun = begin(controller.signal);
  t.equal(await stateOf(begun), 'pending');
  midway();
  controller.abort(new Error('left'));
  await t.rejects(begun, { message: 'left' });
  await quiet();
  t.same(getEventListeners(controller.signal, 'abort'), [], 'nobody listens any more');
}

/** Runs while every place is taken. */
async function behindOthers({ admission }: OriginalsFixture, run: () => Promise<unknown>): Promise<void> {
  const { signal } = new AbortController();
  const releases = await Promise.all([admission.enter(1, signal), admission.enter(1, signal)]);
  await run();
  for (const release of releases) release();
}

for (const { name, leave } of EXITS) {
  t.test(`all is given back when ${name}`, async (t) => {
    const fixture = setUpOriginals({ capacity: 2, queueLength: 2 });
    fixture.source.put('key', picture);
    await leave(t, fixture);
    t.same(await fixture.leftovers(), NOTHING_LEFT);
    Object.assign(fixture.source.faults, {
      error: undefined,
      opening: undefined,
      body: undefined,
      breakAfter: undefined,
    });
    fixture.source.put('key', picture);
    fixture.advance(FRESH_MS);
    const lease = await fixture.hold();
    t.ok((await lease.bytes()).equals(picture), 'and all is well again');
    lease.release();
    t.same(await fixture.leftovers(), NOTHING_LEFT);
  });
}

t.test('a place is not given back while a read that was just ended still holds bytes', async (t) => {
  const { source, reader, hold, visit, leftovers } = setUpOriginals();
  source.put('key', picture);
  await visit();
  const ending = deferred<Buffer>();
  t.intercept(reader, 'read', {
    value: async (...[, , place, signal]: Parameters<typeof reader.read>) => {
      await place.take(signal);
      return await ending.promise;
    },
  });
  const lease = await hold();
  const reading = lease.bytes();
  lease.release();
  t.equal((await leftovers()).active, 1);
  ending.resolve(picture);
  await reading;
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('unknown originals wait for a place before the source is asked', async (t) => {
  const { source, hold } = setUpOriginals({ capacity: 1 });
  source.put('one', picture);
  source.put('other', picture);
  const one = await hold('one');
  const waiting = hold('other');
  t.equal(await stateOf(waiting), 'pending');
  t.equal(source.opens.length, 1);
  one.release();
  (await waiting).release();
  t.equal(source.opens.length, 2);
});

t.test('to confirm a record needs no place', async (t) => {
  const { source, hold, visit, advance } = setUpOriginals({ capacity: 1 });
  source.put('known', picture);
  source.put('other', picture);
  await visit('known');
  await hold('other');
  advance(FRESH_MS);
  t.match((await hold('known')).record.content, { kind: 'image' });
  t.equal(source.opens.length, 3);
});

t.test('leaves no rejection unhandled', async (t) => {
  await quiet();
  t.same(unhandled, []);
});
