import t from 'tap';
import type { CacheEntry, Tier } from '../../src/cache/tier.ts';
import { ServiceError } from '../../src/errors.ts';
import { createRefusals } from '../../src/render/refusals.ts';
import { setUpRenderer } from '../support/renderer-fixture.ts';

const made = Buffer.from('made');

/** A store that tells what was asked of it. */
function createStore() {
  const entries = new Map<string, CacheEntry>();
  const calls: string[] = [];
  const store: Tier = {
    get(key) {
      calls.push('get');
      return Promise.resolve(entries.get(key));
    },
    set(key, entry) {
      calls.push('set');
      entries.set(key, entry);
      return Promise.resolve();
    },
  };
  return { store, entries, calls };
}

t.test('what is not in memory is looked for in the store, made if it is not there, and put into both', async (t) => {
  const { store, calls } = createStore();
  const first = setUpRenderer({ store });
  const { rendered } = first.request();
  (await first.transforming(0)).resolve(made);
  t.match(await rendered, { outcome: 'miss', entry: { body: made } });
  t.same(calls, ['get', 'set']);
  t.match(await first.request().rendered, { outcome: 'hit' });
  t.same(calls, ['get', 'set'], 'memory is asked first');

  const second = setUpRenderer({ store });
  t.match(await second.request().rendered, { outcome: 'stored', entry: { body: made }, timings: undefined });
  t.same(calls, ['get', 'set', 'get'], 'what came from it is not written again');
  t.match(await second.request().rendered, { outcome: 'hit' });
  t.same(calls, ['get', 'set', 'get']);
  t.equal(second.transforms.length, 0);
  t.equal(second.source.opens.length, 1, 'for the record alone');
});

t.test('who asks at once for what is in the store shares one look', async (t) => {
  const { store, calls } = createStore();
  const first = setUpRenderer({ store });
  const { rendered } = first.request();
  (await first.transforming(0)).resolve(made);
  await rendered;
  const second = setUpRenderer({ store });
  const answers = await Promise.all(Array.from({ length: 20 }, () => second.request().rendered));
  t.same(answers.map(({ outcome }) => outcome).sort(), [...Array(19).fill('collapsed'), 'stored']);
  t.equal(calls.filter((call) => call === 'get').length, 2);
});

t.test('what no cache may keep is neither looked for nor put there', async (t) => {
  const { store, calls } = createStore();
  const { request, transforming } = setUpRenderer({ store, cacheControl: 'private' });
  const { rendered } = request();
  (await transforming(0)).resolve(made);
  t.match(await rendered, { outcome: 'miss' });
  t.same(calls, []);
});

t.test('bytes that were refused are not worked on again, for a while', async (t) => {
  const { request, transforms, transforming, advance } = setUpRenderer();
  const fail = async (nth: number) => {
    const { rendered } = request();
    const failing = t.rejects(rendered, { code: 'corrupt_image' });
    (await transforming(nth)).reject(new ServiceError('corrupt_image'));
    await failing;
  };
  await fail(0);
  await t.rejects(request().rendered, { code: 'corrupt_image' });
  t.equal(transforms.length, 1);
  advance(60_000);
  await fail(1);
  t.equal(transforms.length, 2);
});

t.test('trouble that passes is not remembered', async (t) => {
  let time = 0;
  const refusals = createRefusals(() => time);
  const attempts: string[] = [];
  const attempt = (error: Error) =>
    refusals.of('id', () => {
      attempts.push(error.message);
      return Promise.reject(error);
    });
  for (const error of [new ServiceError('overloaded'), new ServiceError('source_failed'), new Error('mistake')]) {
    await t.rejects(attempt(error), error);
    await t.rejects(attempt(error), error);
  }
  t.equal(attempts.length, 6);
  await t.rejects(attempt(new ServiceError('too_complex')), { code: 'too_complex' });
  await t.rejects(attempt(new Error('not tried')), { code: 'too_complex' });
  t.equal(attempts.length, 7);
  t.equal(await refusals.of('other', () => Promise.resolve('done')), 'done');
  time += 60_000;
  t.equal(await refusals.of('id', () => Promise.resolve('done')), 'done');
});
