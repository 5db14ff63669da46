import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { type Admission, createAdmission, observeAdmission, type Release } from '../../src/render/admission.ts';
import { quiet, stateOf } from '../support/waiting.ts';

interface Visitor {
  readonly id: number;
  readonly cost: number;
  readonly controller: AbortController;
  readonly entered: Promise<Release>;
  /** How it stands: waiting, then admitted with its release, gone, or refused. */
  state: 'waiting' | 'admitted' | 'gone' | Error;
  release: Release;
}

/** Somebody who wants in, watched. */
function visit(admission: Admission, cost = 1, id = 0): Visitor {
  const controller = new AbortController();
  const entered = admission.enter(cost, controller.signal);
  const visitor: Visitor = { id, cost, controller, entered, state: 'waiting', release: () => {} };
  entered.then(
    (release) => Object.assign(visitor, { release, state: 'admitted' }),
    (error) => Object.assign(visitor, { state: error === 'left' ? 'gone' : error }),
  );
  return visitor;
}
t.test('admits up to its capacity, and the next when a place is given back', async (t) => {
  const admission = createAdmission({ capacity: 2, queueLength: 10 });
  const [first, second, third] = [visit(admission), visit(admission), visit(admission)];
  await quiet();
  t.same([first.state, second.state, third.state], ['admitted', 'admitted', 'waiting']);
  t.match(admission, { active: 2, waiting: 1 });
  second.release();
  await quiet();
  t.equal(third.state, 'admitted');
  t.match(admission, { active: 2, waiting: 0 });
  first.release();
  third.release();
  t.match(admission, { active: 0, waiting: 0 });
});

t.test('counts what each one costs', async (t) => {
  const admission = createAdmission({ capacity: 5, queueLength: 10 });
  const [three, two, one] = [visit(admission, 3), visit(admission, 2), visit(admission, 1)];
  await quiet();
  t.same([three.state, two.state, one.state], ['admitted', 'admitted', 'waiting']);
  t.equal(admission.active, 5);
  three.release();
  await quiet();
  t.equal(one.state, 'admitted');
  t.equal(admission.active, 3);
});

t.test('who costs more than there is gets all of it, alone', async (t) => {
  const admission = createAdmission({ capacity: 3, queueLength: 10 });
  const small = visit(admission, 1);
  const huge = visit(admission, 1000);
  await quiet();
  t.equal(huge.state, 'waiting');
  small.release();
  await quiet();
  t.equal(huge.state, 'admitted');
  t.equal(admission.active, 3);
  huge.release();
  t.equal(admission.active, 0);
});

t.test('is first come, first served: small ones do not slip past a costly one', async (t) => {
  const admission = createAdmission({ capacity: 4, queueLength: 10 });
  const [inside, other] = [visit(admission, 2), visit(admission, 1)];
  const costly = visit(admission, 4);
  const small = visit(admission, 1);
  await quiet();
  t.same([costly.state, small.state], ['waiting', 'waiting'], 'though the small one would fit');
  inside.release();
  await quiet();
  t.same([costly.state, small.state], ['waiting', 'waiting']);
  other.release();
  await quiet();
  t.same([costly.state, small.state], ['admitted', 'waiting']);
  costly.release();
  await quiet();
  t.equal(small.state, 'admitted');
});

t.test('refuses at once when the queue is full', async (t) => {
  const admission = createAdmission({ capacity: 1, queueLength: 2 });
  const inside = visit(admission);
  const waiting = [visit(admission), visit(admission)];
  const refused = visit(admission);
  t.equal(await stateOf(refused.entered), 'rejected');
  t.match(refused.state, { name: 'ServiceError', code: 'overloaded' });
  t.match(admission, { active: 1, waiting: 2 });
  t.same(getEventListeners(refused.controller.signal, 'abort'), []);
  inside.release();
  await quiet();
  t.equal(waiting[0]?.state, 'admitted', 'who waits is served all the same');
  t.equal(await stateOf(visit(admission).entered), 'pending', 'and there is room to wait again');
});

t.test('a queue of no length refuses whom it cannot admit', async (t) => {
  const admission = createAdmission({ capacity: 1, queueLength: 0 });
  const inside = visit(admission);
  const refused = visit(admission);
  await quiet();
  t.equal(inside.state, 'admitted');
  t.match(refused.state, { code: 'overloaded' });
});

t.test('who leaves the queue gets its reason and lets in those behind', async (t) => {
  const admission = createAdmission({ capacity: 3, queueLength: 10 });
  visit(admission, 2);
  const costly = visit(admission, 2);
  const [small, later] = [visit(admission, 1), visit(admission, 1)];
  await quiet();
  t.same([costly.state, small.state, later.state], ['waiting', 'waiting', 'waiting']);
  const reason = new Error('gone');
  costly.controller.abort(reason);
  await quiet();
  t.equal(costly.state, reason);
  t.same([small.state, later.state], ['admitted', 'waiting']);
  t.match(admission, { active: 3, waiting: 1 });
});

t.test('who has left already takes no place', async (t) => {
  const admission = createAdmission({ capacity: 1, queueLength: 10 });
  await t.rejects(admission.enter(1, AbortSignal.abort(new Error('gone'))), { message: 'gone' });
  t.match(admission, { active: 0, waiting: 0 });
});

t.test('a place given back twice was one place', async (t) => {
  const admission = createAdmission({ capacity: 2, queueLength: 10 });
  const [first] = [visit(admission), visit(admission)];
  await quiet();
  first.release();
  first.release();
  t.equal(admission.active, 1);
  const [next, last] = [visit(admission), visit(admission)];
  await quiet();
  t.same([next.state, last.state], ['admitted', 'waiting']);
});

t.test('a signal that outlives its place is not listened to', async (t) => {
  const admission = createAdmission({ capacity: 1, queueLength: 10 });
  const [inside, waited] = [visit(admission), visit(admission)];
  await quiet();
  inside.release();
  await quiet();
  t.same(getEventListeners(waited.controller.signal, 'abort'), []);
  waited.controller.abort('afterwards');
  await quiet();
  t.equal(admission.active, 1, 'the place is given back by its release alone');
});

t.test('an observer is told who waited how long, and who was turned away', async (t) => {
  let milliseconds = 1000;
  t.intercept(performance, 'now', { value: () => milliseconds });
  const waits: number[] = [];
  let refusals = 0;
  const admission = observeAdmission(createAdmission({ capacity: 1, queueLength: 1 }), {
    waited: (seconds) => void waits.push(seconds),
    refused: () => void refusals++,
  });
  const [inside, waiting, refused] = [visit(admission), visit(admission), visit(admission)];
  await quiet();
  t.same([inside.state, waiting.state], ['admitted', 'waiting']);
  t.match(refused.state, { code: 'overloaded' });
  t.match(admission, { active: 1, waiting: 1 });
  t.same([waits, refusals], [[0], 1]);
  milliseconds = 2500;
  inside.release();
  await quiet();
  t.equal(waiting.state, 'admitted');
  t.same(waits, [0, 1.5], 'in seconds');
  const gone = visit(admission);
  // A deadline carries an error of ours, and is no full queue all the same.
  const deadline = new ServiceError('deadline_exceeded');
  gone.controller.abort(deadline);
  await quiet();
  t.equal(gone.state, deadline);
  t.same([waits, refusals], [[0, 1.5], 1]);
});

interface Move {
  readonly kind: 'enter' | 'abort' | 'release';
  readonly cost: number;
  /** Which one of those it could be. */
  readonly pick: number;
}

const MOVES = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom('enter', 'enter', 'abort', 'release'),
    cost: fc.integer({ min: 1, max: 12 }),
    pick: fc.nat(50),
  }),
  { minLength: 1, maxLength: 40 },
);

function play(admission: Admission, visitors: Visitor[], { kind, cost, pick }: Move): void {
  if (kind === 'enter') {
    visitors.push(visit(admission, cost, visitors.length));
    return;
  }
  const wanted = kind === 'abort' ? 'waiting' : 'admitted';
  const candidates = visitors.filter(({ state }) => state === wanted);
  const chosen = candidates[pick % candidates.length];
  if (kind === 'abort') chosen?.controller.abort('left');
  else if (chosen) leave(chosen);
}

function leave(visitor: Visitor): void {
  visitor.state = 'gone';
  visitor.release();
}

const inState = (visitors: readonly Visitor[], wanted: Visitor['state']) =>
  visitors.filter(({ state }) => state === wanted);

/** What is wrong with how things stand, by a count of its own; undefined when nothing is. */
function complaint(admission: Admission, visitors: readonly Visitor[], capacity: number): string | undefined {
  const share = ({ cost }: Visitor) => Math.min(cost, capacity);
  const active = inState(visitors, 'admitted').reduce((sum, visitor) => sum + share(visitor), 0);
  const [head, ...others] = inState(visitors, 'waiting');
  if (active > capacity) return `${active} are at work`;
  if (admission.active !== active) return `${admission.active} are said to be at work, ${active} are`;
  if (admission.waiting !== (head ? 1 + others.length : 0)) return `${admission.waiting} are said to wait`;
  if (head && active + share(head) <= capacity) return 'a place is free and somebody waits';
  const late = inState(visitors, 'admitted').find(({ id }) => head && id > head.id);
  return late && `${late.id} slipped past ${head?.id}`;
}

t.test('any order of coming, leaving and giving back keeps the bounds and loses no place', async (t) => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 8 }),
    fc.nat(6),
    MOVES,
    async (capacity, length, moves) => {
      const admission = createAdmission({ capacity, queueLength: length });
      const visitors: Visitor[] = [];
      const problems: (string | undefined)[] = [];
      for (const move of moves) {
        play(admission, visitors, move);
        await quiet();
        problems.push(complaint(admission, visitors, capacity));
      }
      while (inState(visitors, 'admitted').length > 0) {
        for (const visitor of inState(visitors, 'admitted')) leave(visitor);
        await quiet();
      }
      return problems.every((problem) => problem === undefined) && admission.active === 0 && admission.waiting === 0;
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 100, seed: 42 }));
});
