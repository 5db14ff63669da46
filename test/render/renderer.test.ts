import t from 'tap';
import { objectTag } from '../../src/cache/tags.ts';
import type { Tier } from '../../src/cache/tier.ts';
import { FRESH_MS, NOTHING_LEFT } from '../support/originals-fixture.ts';
import { picture, setUpRenderer as setUp } from '../support/renderer-fixture.ts';
import { deferred, quiet, unhandledRejections } from '../support/waiting.ts';

const made = Buffer.from('a picture');
const unhandled = unhandledRejections(t);

t.test('makes a variant once and keeps it', async (t) => {
  const { source, workers, transforms, variant, visit, request, transforming, leftovers } = setUp();
  await visit();
  const before = Date.now();
  const { rendered } = request();
  const { original, plan, resolve } = await transforming(0);
  t.ok(picture.equals(original));
  t.match(plan, { format: 'webp', output: { width: 8, height: 6 } });
  t.equal(workers.active, 1);
  resolve(made);
  const { entry, outcome, timings } = await rendered;
  t.equal(outcome, 'miss');
  t.match(entry, { body: made, format: 'webp', etag: variant().etag, tags: [/^[0-9a-f]+$/] });
  t.ok(entry.storedAt >= before && entry.storedAt <= Date.now());
  t.same(Object.keys(timings ?? {}).sort(), ['queue', 'source', 'transform']);
  t.ok(Object.values(timings ?? {}).every((ms) => ms >= 0));
  const again = await request().rendered;
  t.equal(again.outcome, 'hit');
  t.ok(again.entry.body.equals(made));
  t.equal(again.timings, undefined);
  t.equal(transforms.length, 1);
  t.equal(source.opens.length, 2, 'the record and the bytes');
  t.same(await leftovers(), NOTHING_LEFT);
  t.equal(workers.active, 0);
});

t.test('what is made of an original that is purged meanwhile is for who waits for it, and not kept', async (t) => {
  const stored: string[] = [];
  const store: Tier = { get: async () => undefined, set: async (key) => void stored.push(key) };
  const { originals, transforms, variant, visit, request, transforming } = setUp({ store });
  await visit();
  const { rendered } = request();
  const { resolve } = await transforming(0);
  originals.drop([objectTag('key')]);
  resolve(made);
  t.match(await rendered, { outcome: 'miss', entry: { body: made } });
  t.same(stored, []);
  const again = request();
  (await transforming(1)).resolve(made);
  t.match(await again.rendered, { outcome: 'miss' });
  t.same(stored, [variant().id]);
  t.match(await request().rendered, { outcome: 'hit' });
  t.equal(transforms.length, 2);
});

t.test('200 at once are one read and one transform', async (t) => {
  const { source, transforms, hold, request, transforming, leftovers } = setUp();
  const leases = await Promise.all(Array.from({ length: 200 }, () => hold()));
  const requests = leases.map(() => request());
  (await transforming(0)).resolve(made);
  const rendered = await Promise.all(requests.map((one) => one.rendered));
  t.equal(source.opens.length, 1);
  t.equal(transforms.length, 1);
  t.ok(rendered.every(({ entry }) => entry.body.equals(made)));
  t.same(
    rendered.map(({ outcome }) => outcome),
    ['miss', ...Array(199).fill('collapsed')],
  );
  for (const { release } of leases) release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('variants of one original at the same time share its bytes', async (t) => {
  const { source, variant, visit, request, transforming } = setUp();
  await visit();
  const [small, large] = [request(), request(variant({ output: { width: 80, height: 60 } }))];
  const [first, second] = [await transforming(0), await transforming(1)];
  t.equal(first.original, second.original);
  t.equal(source.opens.length, 2);
  second.resolve(Buffer.from('large'));
  first.resolve(Buffer.from('small'));
  t.equal(String((await small.rendered).entry.body), 'small');
  t.equal(String((await large.rendered).entry.body), 'large');
});

t.test('a failed transform reaches all who wait, is not kept, and gives everything back', async (t) => {
  const { workers, visit, request, transforming, leftovers } = setUp();
  await visit();
  const requests = [request(), request()];
  const failure = new Error('broken');
  (await transforming(0)).reject(failure);
  for (const { rendered } of requests) t.equal(await rendered.catch((error) => error), failure);
  t.equal(workers.active, 0);
  t.same(await leftovers(), NOTHING_LEFT);
  const { rendered } = request();
  (await transforming(1)).resolve(made);
  t.match(await rendered, { outcome: 'miss' });
});

for (const cacheControl of ['private', 'no-store']) {
  t.test(`a variant of an original that is ${cacheControl} is not kept`, async (t) => {
    const { transforms, visit, request, transforming } = setUp({ cacheControl });
    await visit();
    for (const index of [0, 1]) {
      const { rendered } = request();
      (await transforming(index)).resolve(made);
      t.match(await rendered, { outcome: 'miss', entry: { body: made } });
    }
    t.equal(transforms.length, 2);
  });
}

t.test('a variant whose client left while it was made is there for the next one', async (t) => {
  const { workers, transforms, visit, request, transforming, leftovers } = setUp();
  await visit();
  const { rendered, leave } = request();
  const { resolve } = await transforming(0);
  leave();
  await t.rejects(rendered, { message: 'left' }, 'at once');
  t.equal(workers.active, 1, 'a picture at work takes its worker until its end');
  resolve(made);
  t.same(await leftovers(), NOTHING_LEFT);
  t.equal(workers.active, 0);
  t.match(await request().rendered, { outcome: 'hit', entry: { body: made } });
  t.equal(transforms.length, 1);
});

t.test('who leaves the queue for a worker costs nothing more', async (t) => {
  const { workers, transforms, variant, visit, request, transforming, leftovers } = setUp({ capacity: 1 });
  await visit();
  const busy = request(variant({ output: { width: 80, height: 60 } }));
  const [first, last] = [request(), request()];
  await quiet();
  t.match(workers, { active: 1, waiting: 1 });
  first.leave();
  await t.rejects(first.rendered, { message: 'left' });
  t.equal(workers.waiting, 1, 'somebody still waits');
  last.leave();
  await t.rejects(last.rendered, { message: 'left' });
  t.equal(workers.waiting, 0);
  (await transforming(0)).resolve(made);
  await busy.rendered;
  t.same(await leftovers(), NOTHING_LEFT);
  t.equal(transforms.length, 1);
});

t.test('the last one to leave while the original is read ends the read', async (t) => {
  const { source, transforms, visit, request, leftovers } = setUp();
  await visit();
  source.faults.body = deferred().promise;
  const { rendered, leave } = request();
  await quiet();
  leave();
  await t.rejects(rendered, { message: 'left' });
  t.same(await leftovers(), NOTHING_LEFT);
  t.equal(source.opens[1]?.body, 'destroyed');
  t.equal(transforms.length, 0);
});

t.test('who has left already starts nothing', async (t) => {
  const { source, visit, request } = setUp();
  await visit();
  const { rendered, leave } = request();
  leave();
  await t.rejects(rendered, { message: 'left' });
  t.equal(source.opens.length, 1, 'that of the visit');
});

t.test('takes of the workers what the plan costs', async (t) => {
  const { workers, transforms, variant, visit, request, transforming } = setUp({ capacity: 3 });
  await visit();
  const costly = request(variant({ cost: 2, output: { width: 80, height: 60 } }));
  const other = request(variant({ cost: 2 }));
  const { resolve } = await transforming(0);
  t.match(workers, { active: 2, waiting: 1 });
  t.equal(transforms.length, 1);
  resolve(made);
  (await transforming(1)).resolve(made);
  await Promise.all([costly.rendered, other.rendered]);
  t.equal(workers.active, 0);
});

t.test('a full queue is said at once, and gives the original back', async (t) => {
  const { variant, visit, request, transforming, leftovers } = setUp({ capacity: 1, queueLength: 0 });
  await visit();
  const busy = request();
  await quiet();
  await t.rejects(request(variant({ output: { width: 80, height: 60 } })).rendered, { code: 'overloaded' });
  (await transforming(0)).resolve(made);
  await busy.rendered;
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('a request that holds its original does not wait for a second place for it', async (t) => {
  const { source, transforms, variant, hold, advance, request, transforming, leftovers } = setUp({ places: 1 });
  const lease = await hold();
  advance(FRESH_MS);
  const { rendered, leave } = request(variant(), lease);
  await quiet();
  t.equal(transforms.length, 1);
  t.same(
    source.opens.filter(({ conditions }) => conditions.ifMatch),
    [],
    'bytes that are there are not read again',
  );
  if (transforms.length === 1) (await transforming(0)).resolve(made);
  else leave();
  await t.resolves(rendered);
  lease.release();
  t.same(await leftovers(), NOTHING_LEFT);
});

t.test('leaves no rejection unhandled', async (t) => {
  await quiet();
  t.same(unhandled, []);
});
