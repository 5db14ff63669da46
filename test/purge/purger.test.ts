import t from 'tap';
import { EVERYTHING, folderTag, objectTag } from '../../src/cache/tags.ts';
import type { PurgeOrder } from '../../src/purge/purge-order.ts';
import { createPurger, type PurgerOptions } from '../../src/purge/purger.ts';
import { deferred, until } from '../support/waiting.ts';

const SIGNAL = new AbortController().signal;
const ORDER: PurgeOrder = { keys: [], prefixes: [], tags: [] };

interface Fakes {
  drop?: (tags: readonly string[], signal: AbortSignal) => Promise<void>;
  tell?: (tags: readonly string[], lasting: readonly string[], signal: AbortSignal) => Promise<void>;
  invalidate?: (order: PurgeOrder) => Promise<void>;
}

function setUp({ drop, tell, invalidate }: Fakes = {}, options: Partial<PurgerOptions> = {}) {
  const forgotten: string[][] = [];
  const dropped: string[] = [];
  const told: [tags: string[], lasting: string[]][] = [];
  const steps: string[] = [];
  const purger = createPurger({
    forget(tags) {
      forgotten.push([...tags]);
      return 3;
    },
    shared: {
      store: {
        async drop(tags, signal) {
          await drop?.(tags, signal);
          dropped.push(...tags);
        },
      },
      journal: {
        async tell(tags, lasting, signal) {
          await tell?.(tags, lasting, signal);
          told.push([[...tags], [...lasting]]);
        },
      },
    },
    cdn: invalidate && { invalidate },
    observe: (step, outcome) => void steps.push(`${step} ${outcome}`),
    logger: { warn: () => {} } as never,
    limitMs: 5_000,
    ending: SIGNAL,
    ...options,
  });
  return { purger, forgotten, dropped, told, steps };
}

t.test('an object is dropped from memory, from the store, and everywhere else', async (t) => {
  const { purger, forgotten, dropped, told, steps } = setUp();
  const tags = [objectTag('a/b.jpg'), objectTag('c.jpg')];
  const report = await purger.purge({ ...ORDER, keys: ['a/b.jpg', 'c.jpg', 'a/b.jpg'] }, SIGNAL);
  t.match(report, { variants: 3, store: 'done', replicas: 'done' });
  t.equal(await report.cdn, 'none');
  t.same(forgotten, [tags, tags], 'once more for what came back from the store meanwhile');
  t.same(new Set(dropped), new Set(tags));
  t.same(told, [[tags, []]]);
  t.same(steps.sort(), ['memory done', 'replicas done', 'store done']);
});

t.test('folders and tags last, since a store cannot find what has them', async (t) => {
  const { purger, dropped, told } = setUp();
  const given = '0123456789abcdef';
  await purger.purge({ keys: ['x.jpg'], prefixes: ['a/', '/'], tags: [given] }, SIGNAL);
  t.same(dropped.sort(), [given, objectTag('x.jpg')].sort(), 'a tag may be an object’s');
  t.same(told, [
    [
      [objectTag('x.jpg'), folderTag('a/'), EVERYTHING, given],
      [folderTag('a/'), EVERYTHING, given],
    ],
  ]);
});

t.test('the mark of a folder is no object, and purges nothing', async (t) => {
  const { purger, forgotten, told } = setUp();
  await purger.purge({ ...ORDER, keys: ['folder/'] }, SIGNAL);
  t.same(forgotten, [[], []], 'its tag would be that of all that is in it');
  t.same(told, [], 'and nobody is told nothing');
});

t.test('a thousand objects are dropped, some at once', async (t) => {
  let running = 0;
  let most = 0;
  const { purger, dropped } = setUp({
    async drop() {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    },
  });
  const keys = Array.from({ length: 1000 }, (_, index) => `${index}.jpg`);
  await purger.purge({ ...ORDER, keys }, SIGNAL);
  t.same([...dropped].sort(), keys.map(objectTag).sort());
  t.equal(most, 24);
});

t.test('the store is tried again until it works', async (t) => {
  let failures = 2;
  const { purger, steps, dropped } = setUp({
    drop: () => (failures-- > 0 ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve()),
  });
  t.match(await purger.purge({ ...ORDER, keys: ['a'] }, SIGNAL), { store: 'done', replicas: 'done' });
  t.ok(dropped.includes(objectTag('a')));
  t.ok(steps.includes('store failed'));
});

t.test('what does not answer is reported when time is over, and memory was dropped all the same', async (t) => {
  const hang = () => new Promise<void>(() => {});
  const { purger, forgotten, steps } = setUp({ drop: hang, tell: hang, invalidate: hang }, { limitMs: 20 });
  const report = await purger.purge({ ...ORDER, keys: ['a'] }, SIGNAL);
  t.match(report, { variants: 3, store: 'failed', replicas: 'failed' });
  t.equal(await report.cdn, 'none', 'the CDN would fetch the old one again');
  t.equal(forgotten.length, 2);
  t.same(steps.sort(), ['memory done', 'replicas failed', 'store failed']);
});

t.test('the CDN is told what was ordered, and what it refuses is reported', async (t) => {
  const orders: PurgeOrder[] = [];
  const accepting = setUp({ invalidate: async (order) => void orders.push(order) });
  const order = { keys: ['a'], prefixes: ['b/'], tags: [] };
  t.equal(await (await accepting.purger.purge(order, SIGNAL)).cdn, 'done');
  t.same(orders, [order]);
  const refusing = setUp({ invalidate: () => Promise.reject(new Error('AccessDenied')) });
  const report = await refusing.purger.purge(order, SIGNAL);
  t.match(report, { store: 'done', replicas: 'done' });
  t.equal(await report.cdn, 'failed');
  const slow = setUp({ invalidate: () => new Promise(() => {}) });
  t.match(await slow.purger.purge(order, SIGNAL), { store: 'done' }, 'and not waited for');
});

t.test('without a store and a CDN there is memory', async (t) => {
  const { purger } = setUp({}, { shared: undefined });
  const report = await purger.purge({ ...ORDER, keys: ['a'] }, SIGNAL);
  t.match(report, { variants: 3, store: 'none', replicas: 'none' });
  t.equal(await report.cdn, 'none');
});

t.test('who ends meanwhile ends the wait', async (t) => {
  const ending = new AbortController();
  const { purger } = setUp({ drop: () => new Promise(() => {}) });
  const purging = purger.purge({ ...ORDER, keys: ['a'] }, ending.signal);
  ending.abort(new Error('the process ends'));
  t.match(await purging, { store: 'failed' });
});

t.test('what is heard is dropped, and deleted once more by who had variants of it', async (t) => {
  let had = 0;
  const { purger, dropped, told, steps } = setUp({}, { forget: () => had });
  purger.hear(['a']);
  had = 2;
  purger.hear([EVERYTHING]);
  purger.hear(['b', 'c']);
  await until(() => dropped.length === 2);
  t.same(dropped.sort(), ['b', 'c']);
  t.same(told, [], 'and not told again');
  await until(() => steps.length === 3);
  t.same(steps, ['heard done', 'heard done', 'heard done']);
  const failing = deferred();
  const broken = setUp({ drop: () => failing.promise });
  broken.purger.hear(['a']);
  failing.reject(new Error('denied'));
  await until(() => broken.steps.includes('heard failed'));
  setUp({}, { shared: undefined }).purger.hear(['a']);
  const ended = setUp({}, { ending: AbortSignal.abort(new Error('ended')) });
  ended.purger.hear(['a']);
  await until(() => ended.steps.includes('heard failed'));
});
