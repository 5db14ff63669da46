import t, { type Test } from 'tap';
import { createMemoryTier } from '../../src/cache/memory.ts';
import { EVERYTHING, folderTag, isTagged, objectTag, tagsOf } from '../../src/cache/tags.ts';
import type { CacheEntry, Tier } from '../../src/cache/tier.ts';

/** Every tier, by how one is opened that keeps so many bytes. */
const TIERS: Readonly<Record<string, (maxBytes: number) => Tier>> = {
  memory: (maxBytes) => createMemoryTier({ maxBytes }),
};

const MAX_BYTES = 100_000;

function entryOf(bytes: number, fill = 'x'): CacheEntry {
  return {
    body: Buffer.alloc(bytes, fill),
    format: 'webp',
    etag: 'W/"etag"',
    storedAt: 1_700_000_000_000,
    tags: ['ab', 'cd'],
  };
}

async function store(tier: Tier, keys: readonly string[], bytes: number): Promise<void> {
  for (const key of keys) await tier.set(key, entryOf(bytes));
}

async function kept(tier: Tier, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) if (await tier.get(key)) found.push(key);
  return found;
}

const keysOf = (count: number, pad = 0) => Array.from({ length: count }, (_, index) => `${index}`.padEnd(pad, '-'));

const CONTRACT: Readonly<Record<string, (t: Test, open: (maxBytes: number) => Tier) => Promise<void>>> = {
  async 'gives back what was stored, under its own key'(t, open) {
    const tier = open(MAX_BYTES);
    const [one, other] = [entryOf(10, 'a'), entryOf(20, 'b')];
    await tier.set('one', one);
    await tier.set('other', other);
    t.same(await tier.get('one'), one);
    t.same(await tier.get('other'), other);
    t.equal(await tier.get('missing'), undefined);
  },
  async 'is asynchronous, as its slowest kind is'(t, open) {
    const tier = open(MAX_BYTES);
    t.type(tier.set('key', entryOf(1)), Promise);
    t.type(tier.get('key'), Promise);
    await tier.get('key');
  },
  async 'takes any text for a key'(t, open) {
    const tier = open(MAX_BYTES);
    const keys = ['__proto__', 'constructor', '../up', 'a/b', 'ä €', ''.padEnd(300, 'k')];
    await store(tier, keys, 10);
    t.same(await kept(tier, keys), keys);
  },
  async 'keeps no more bytes than it may'(t, open) {
    const tier = open(MAX_BYTES);
    const keys = keysOf(50);
    await store(tier, keys, 10_000);
    const found = await kept(tier, keys);
    t.ok(found.length <= 10, 'ten of these bodies fill it');
    t.ok(found.length >= 9, 'and what is beside the bodies is small');
  },
  async 'counts keys, too'(t, open) {
    const tier = open(MAX_BYTES);
    const keys = keysOf(50, 10_000);
    await store(tier, keys, 1);
    const found = await kept(tier, keys);
    t.ok(found.length >= 1 && found.length <= 10);
  },
  async 'counts what the smallest entry costs beside its bytes'(t, open) {
    const tier = open(MAX_BYTES);
    const keys = keysOf(5000);
    await store(tier, keys, 1);
    const found = await kept(tier, keys);
    t.ok(found.length > 50 && found.length < 1000, 'at least 100 bytes each');
  },
  async 'drops what was not used for longest'(t, open) {
    const tier = open(MAX_BYTES);
    const keys = keysOf(9);
    await store(tier, keys, 10_000);
    await tier.get('0');
    await store(tier, ['new'], 10_000);
    await store(tier, ['newer'], 10_000);
    t.same(await kept(tier, ['0', '1', '8', 'new', 'newer']), ['0', '8', 'new', 'newer']);
  },
  async 'stored again under its key, an entry takes its room once'(t, open) {
    const tier = open(MAX_BYTES);
    await store(tier, ['a', 'b'], 10_000);
    await store(tier, Array(50).fill('b'), 10_000);
    t.same(await kept(tier, ['a', 'b']), ['a', 'b']);
  },
  async 'an entry larger than all it may keep is not kept, and drives nothing out'(t, open) {
    const tier = open(MAX_BYTES);
    await store(tier, ['a', 'b'], 10_000);
    await tier.set('huge', entryOf(MAX_BYTES));
    t.same(await kept(tier, ['a', 'b', 'huge']), ['a', 'b']);
  },
  async 'with no bytes it keeps nothing'(t, open) {
    const tier = open(0);
    await store(tier, ['a', 'b'], 1);
    await tier.set('empty', entryOf(0));
    t.same(await kept(tier, ['a', 'b', 'empty']), []);
  },
};

for (const [name, open] of Object.entries(TIERS)) {
  t.test(`the ${name} tier`, async (t) => {
    for (const [what, holds] of Object.entries(CONTRACT)) await t.test(what, (t) => holds(t, open));
  });
}

t.test('the memory tier says how full it is, and when it drops something', async (t) => {
  let evictions = 0;
  const tier = createMemoryTier({ maxBytes: MAX_BYTES, onEvict: () => void evictions++ });
  t.match(tier, { bytes: 0, entries: 0 });
  await store(tier, keysOf(3), 10_000);
  t.equal(tier.entries, 3);
  t.ok(tier.bytes > 30_000 && tier.bytes < 35_000);
  await store(tier, keysOf(3), 10_000);
  await tier.set('huge', entryOf(MAX_BYTES));
  t.equal(evictions, 0, 'what is replaced or never kept is not dropped for want of room');
  await store(tier, keysOf(12), 10_000);
  t.ok(tier.bytes <= MAX_BYTES);
  t.equal(evictions, 12 - tier.entries);
  const off = createMemoryTier({ maxBytes: 0 });
  await store(off, ['a'], 1);
  t.match(off, { bytes: 0, entries: 0 });
});

// printf %s a/b/photo.jpg | sha256sum, the same for a/b/ and a/
const TAGS = ['69951fdf812773e1', 'ff3b4c420a398ea4', 'b3dda5b674f9ce73'];

const folders = (key: string) => tagsOf(key).slice(1);

t.test('the memory tier drops what has a tag, and counts tags as what they take', async (t) => {
  const tier = createMemoryTier({ maxBytes: MAX_BYTES });
  await tier.set('one', { ...entryOf(10), tags: ['1', 'both'] });
  await tier.set('other', { ...entryOf(10), tags: ['2', 'both'] });
  t.equal(tier.drop(['1']), 1);
  t.same(await kept(tier, ['one', 'other']), ['other']);
  t.equal(tier.drop(['both']), 1);
  t.equal(tier.bytes, 0);
  await tier.set('few', { ...entryOf(10), tags: [] });
  const { bytes } = tier;
  await tier.set('few', { ...entryOf(10), tags: Array.from({ length: 50 }, (_, index) => `${index}`) });
  t.ok(tier.bytes - bytes > 50 * 100);
  t.equal(createMemoryTier({ maxBytes: 0 }).drop(['1']), 0);
});

t.test('an object has a tag of its own, then one of each folder above it, nearest first', (t) => {
  t.equal(tagsOf('photo.jpg').length, 1);
  t.equal(tagsOf('a/photo.jpg').length, 2);
  t.equal(tagsOf('a/b/c/photo.jpg').length, 4);
  t.same(folders('a/b/c/photo.jpg').slice(1), folders('a/b/photo.jpg'));
  t.same(folders('a/b/photo.jpg').slice(1), folders('a/photo.jpg'));
  t.same(folders('a/b/photo.jpg'), folders('a/b/other.png'));
  t.not(tagsOf('a/photo.jpg')[0], tagsOf('b/photo.jpg')[0]);
  t.end();
});

t.test('tags are short lower-case hex, whatever the key', (t) => {
  for (const key of ['a', 'Ä/€ 1,2.jpg', `${'deep/'.repeat(200)}x`]) {
    t.ok(tagsOf(key).every((tag) => /^[0-9a-f]{16}$/.test(tag)));
  }
  t.end();
});

t.test('what is not the same has not the same tag', (t) => {
  const keys = ['a', 'A', 'a/a', 'a/a/a', 'ab/a', 'a/ab', 'b', 'a a', 'a%20a'];
  const objects = keys.map((key) => tagsOf(key)[0]);
  t.equal(new Set(objects).size, keys.length);
  for (const key of keys) t.equal(new Set(tagsOf(key)).size, tagsOf(key).length, `no tag twice: ${key}`);
  t.not(tagsOf('a')[0], folders('a/photo.jpg')[0], 'an object is not the folder of its name');
  t.notOk(
    folders('ab/photo.jpg').includes(folders('a/photo.jpg')[0] ?? ''),
    'nor is a folder whose name begins the same',
  );
  t.end();
});

t.test('no answer has more tags than CloudFront reads, and every folder can be purged all the same', (t) => {
  const folders = Array.from({ length: 60 }, (_, index) => `${index}`);
  const key = [...folders, 'photo.jpg'].join('/');
  const tags = tagsOf(key);
  t.equal(tags.length, 49, 'and one for a watermark');
  t.equal(tags[0], objectTag(key));
  for (let depth = 1; depth <= 60; depth++) {
    const tag = folderTag(`${folders.slice(0, depth).join('/')}/`);
    t.ok(tags.includes(tag), `${depth} deep`);
    if (depth <= 48) t.equal(tags.at(-depth), tag);
  }
  t.end();
});

t.test('a folder is what its objects say it is', (t) => {
  t.equal(folderTag('a/b/'), TAGS[1]);
  t.equal(folderTag('a/'), TAGS[2]);
  t.equal(folderTag('/'), EVERYTHING);
  t.ok(isTagged('a/b/photo.jpg', ['none', folderTag('a/')]));
  t.ok(isTagged('a/b/photo.jpg', [objectTag('a/b/photo.jpg')]));
  t.ok(isTagged('a/b/photo.jpg', [EVERYTHING]));
  t.notOk(isTagged('a/b/photo.jpg', [objectTag('a/b/other.jpg'), folderTag('b/')]));
  t.end();
});

t.test('a plus sign is as good as a space, as in the source', (t) => {
  t.same(tagsOf('a b/c+d.jpg'), tagsOf('a+b/c d.jpg'));
  t.equal(folderTag('a+b/'), folderTag('a b/'));
  t.not(objectTag('a%2Bb'), objectTag('a b'));
  t.end();
});

t.test('tags stay the same from one version to the next, since a purge may come from another one', (t) => {
  t.same(tagsOf('a/b/photo.jpg'), TAGS);
  t.end();
});
