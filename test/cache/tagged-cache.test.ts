import fc from 'fast-check';
import t from 'tap';
import { createTaggedCache, type TaggedCache } from '../../src/cache/tagged-cache.ts';
import { EVERYTHING } from '../../src/cache/tags.ts';

interface Value {
  readonly tags: readonly string[];
  readonly bytes: number;
}

const tagged = (tags: readonly string[], bytes = 1): Value => ({ tags, bytes });

const tagsOf = (_name: string, { tags }: Value) => tags;

t.test('drops what has any of the tags, and nothing else', (t) => {
  const cache = createTaggedCache<Value>({ bound: { max: 10 }, tagsOf });
  cache.set('a/1', tagged(['1', 'a']));
  cache.set('a/2', tagged(['2', 'a']));
  cache.set('b/3', tagged(['3', 'b']));
  t.equal(cache.drop(['2', 'none']), 1);
  t.equal(cache.get('a/2'), undefined);
  t.same(cache.get('a/1'), tagged(['1', 'a']));
  t.equal(cache.drop(['a', '1', '3']), 2, 'each once');
  t.equal(cache.entries, 0);
  t.equal(cache.drop([]), 0);
  t.end();
});

t.test('drops everything where that is asked for', (t) => {
  const cache = createTaggedCache<Value>({ bound: { max: 10 }, tagsOf });
  cache.set('tagged', tagged(['a']));
  cache.set('untagged', tagged([]));
  t.equal(cache.drop(['a', EVERYTHING]), 2);
  t.equal(cache.entries, 0);
  t.end();
});

t.test('knows an entry by its last tags', (t) => {
  const cache = createTaggedCache<Value>({ bound: { max: 10 }, tagsOf });
  cache.set('x', tagged(['old']));
  cache.set('x', tagged(['new']));
  t.equal(cache.drop(['old']), 0);
  t.equal(cache.drop(['new']), 1);
  t.end();
});

t.test('keeps to its bound, says what it drops for it, and finds nothing that is gone', (t) => {
  let evicted = 0;
  const cache = createTaggedCache<Value>({
    bound: { maxSize: 100, maxEntrySize: 50, sizeCalculation: ({ bytes }) => bytes },
    tagsOf,
    onEvict: () => evicted++,
  });
  cache.set('first', tagged(['a'], 50));
  cache.set('second', tagged(['a'], 50));
  t.equal(cache.bytes, 100);
  cache.set('third', tagged(['a'], 50));
  t.equal(evicted, 1);
  cache.set('large', tagged(['a'], 51));
  t.equal(cache.get('large'), undefined);
  cache.delete('second');
  t.equal(evicted, 1, 'and not what is deleted');
  t.equal(cache.drop(['a']), 1);
  t.equal(cache.bytes, 0);
  t.end();
});

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

type Step =
  | { readonly do: 'set'; readonly name: string; readonly tags: readonly string[]; readonly bytes: number }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'drop'; readonly tags: readonly string[] };

const tagLists = fc.subarray(['1', '2', '3', '**']);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('set' as const),
      name: fc.constantFrom(...NAMES),
      tags: tagLists,
      bytes: fc.integer({ min: 1, max: 12 }),
    }),
    fc.record({ do: fc.constant('delete' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({ do: fc.constant('drop' as const), tags: tagLists }),
  ),
  { maxLength: 40 },
);

/** Whether a step did what it should. */
const DO = {
  set(cache: TaggedCache<Value>, { name, tags, bytes }: Extract<Step, { do: 'set' }>) {
    cache.set(name, tagged(tags, bytes));
    return (cache.get(name) !== undefined) === bytes <= 10;
  },
  delete(cache: TaggedCache<Value>, { name }: Extract<Step, { do: 'delete' }>) {
    cache.delete(name);
    return cache.get(name) === undefined;
  },
  drop(cache: TaggedCache<Value>, { tags }: Extract<Step, { do: 'drop' }>) {
    const present = NAMES.filter((name) => cache.get(name) !== undefined);
    const meant = present.filter((name) => cache.get(name)?.tags.some((tag) => tags.includes(tag)));
    const dropped = cache.drop(tags);
    const left = NAMES.filter((name) => cache.get(name) !== undefined);
    return dropped === meant.length && left.join() === present.filter((name) => !meant.includes(name)).join();
  },
};

t.test('finds by a tag just what is there, whatever was done before', (t) => {
  fc.assert(
    fc.property(steps, (steps) => {
      const bound = { maxSize: 30, maxEntrySize: 10, sizeCalculation: ({ bytes }: Value) => bytes };
      const cache = createTaggedCache<Value>({ bound, tagsOf });
      return steps.every((step) => DO[step.do](cache, step as never));
    }),
    { numRuns: 500 },
  );
  t.end();
});
