import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { bucketPlace } from '../../src/bucket-url.ts';
import { encodeEntry, entryName } from '../../src/cache/entry-codec.ts';
import { createMemoryTier } from '../../src/cache/memory.ts';
import { openStore } from '../../src/cache/open-store.ts';
import { createS3Store } from '../../src/cache/s3.ts';
import type { CacheEntry, Store, StoreOutcome, Tier } from '../../src/cache/tier.ts';
import { createWriteBehind } from '../../src/cache/write-behind.ts';
import { entryOf, fileOf, kept, recorder, sameEntry, temporaryFolder } from '../support/cache-entries.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';

interface OpenTier {
  readonly tier: Tier;
}

const SIGNAL = new AbortController().signal;

/** A tier that outlives the process, so that anything may be found in it. */
interface OpenStore {
  readonly tier: Store;
  /** What was observed since the last time. */
  take(): StoreOutcome[];
  bytesAt(key: string): Promise<Buffer>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

const MAX_BYTES = 64 * 1024 * 1024;

const STORES: Readonly<Record<string, (t: Test) => Promise<OpenStore>>> = {
  async file(t) {
    const folder = await temporaryFolder(t);
    const { observe, take } = recorder();
    const url = pathToFileURL(folder).href;
    const tier = await openStore({ url, maxBytes: MAX_BYTES, forcePathStyle: false, observe });
    t.teardown(() => tier.close());
    return {
      tier,
      take,
      bytesAt: (key) => readFile(fileOf(folder, key)),
      async put(key, bytes) {
        await mkdir(path.dirname(fileOf(folder, key)), { recursive: true });
        await writeFile(fileOf(folder, key), bytes);
      },
    };
  },

  async s3(t) {
    const s3 = await startS3Server();
    t.teardown(() => s3.close());
    t.comment(`S3 is ${s3.label}`);
    const { SOURCE: url = '' } = useS3(t, s3, 'variants/of%20ours/');
    const { observe, take } = recorder();
    // On a busy machine a read may take longer than half a second, which would be a miss.
    const limits = { readMs: 60_000, writeMs: 60_000 };
    const tier = createS3Store({ ...bucketPlace(new URL(url)), forcePathStyle: true, observe, limits });
    t.teardown(() => tier.close());
    const address = (key: string) => `variants/of ours/${entryName(key)}`;
    return {
      tier,
      take,
      async bytesAt(key) {
        const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: address(key) }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      },
      put: async (key, bytes) => void (await s3.put(address(key), bytes)),
    };
  },
};

const TIERS: Readonly<Record<string, (t: Test) => OpenTier | Promise<OpenTier>>> = {
  memory: () => ({ tier: createMemoryTier({ maxBytes: MAX_BYTES }) }),
  ...STORES,
  async 'file, written behind'(t) {
    const url = pathToFileURL(await temporaryFolder(t)).href;
    const { observe } = recorder();
    const store = await openStore({ url, maxBytes: MAX_BYTES, forcePathStyle: false, observe });
    const tier = createWriteBehind(store, { maxPending: { entries: 1000, bytes: MAX_BYTES }, observe });
    t.teardown(() => tier.close());
    return { tier };
  },
};

const KEYS = ['', 'key', '__proto__', '../../up', '/etc/passwd', 'a/b', '\0', 'ä €', '\ud800', 'k'.repeat(3000)];

const EVERY_TIER: Readonly<Record<string, (t: Test, tier: Tier) => Promise<void>>> = {
  async 'gives back every field of what was stored, under its own key'(t, tier) {
    const entries: readonly CacheEntry[] = (['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const).map(
      (format, index) =>
        entryOf(index + 1, { format, etag: `W/"${format}-!#$%&'()"`, storedAt: index, tags: [format] }),
    );
    for (const entry of entries) await tier.set(entry.format, entry);
    for (const entry of entries) sameEntry(t, await tier.get(entry.format), entry, entry.format);
  },
  async 'keeps bodies of any length, and tags of any number'(t, tier) {
    for (const bytes of [0, 1, 4095, 4096, 65_536, 200_000, 3_000_000]) {
      const entry = entryOf(bytes, { tags: Array.from({ length: bytes % 512 }, (_, index) => `${index}`) });
      await tier.set(`${bytes}`, entry);
      sameEntry(t, await tier.get(`${bytes}`), entry, `${bytes} bytes`);
    }
  },
  async 'has nothing under a key that was never stored'(t, tier) {
    for (const key of KEYS) t.equal(await tier.get(`never ${key}`), undefined);
  },
  async 'takes any text for a key'(t, tier) {
    for (const key of KEYS) await tier.set(key, entryOf(10, { etag: `"${KEYS.indexOf(key)}"` }));
    for (const key of KEYS) t.match(await tier.get(key), { etag: `"${KEYS.indexOf(key)}"` }, JSON.stringify(key));
  },
  async 'has the later of two entries'(t, tier) {
    for (const bytes of [1000, 10, 100_000]) {
      await tier.set('again', entryOf(bytes));
      sameEntry(t, await tier.get('again'), entryOf(bytes), `${bytes} bytes`);
    }
  },
  async 'read and written at the same time, a key has one of the entries, whole'(t, tier) {
    const entries = Array.from({ length: 20 }, (_, index) =>
      entryOf(30_000 + index, { body: Buffer.alloc(30_000, index) }),
    );
    const found = await Promise.all(
      entries.flatMap((entry) => [tier.set('same', entry).then(() => tier.get('same')), tier.get('same')]),
    );
    for (const entry of found) {
      t.ok(entry === undefined || entries.some(({ body }) => body.equals(entry.body)));
    }
    const last = await tier.get('same');
    t.ok(entries.some(({ body }) => last?.body.equals(body)));
  },
};

const EVERY_STORE: Readonly<Record<string, (t: Test, store: OpenStore) => Promise<void>>> = {
  async 'says what became of each call'(t, { tier, take }) {
    await tier.get('a');
    await tier.set('a', entryOf(10));
    await tier.get('a');
    await tier.set('k'.repeat(70_000), entryOf(10));
    t.same(take(), ['miss', 'stored', 'hit', 'store_failed']);
    await tier.set('huge', entryOf(MAX_BYTES));
    t.equal(await tier.get('huge'), undefined);
    t.same(take(), ['dropped', 'miss']);
  },
  async 'never gives what is no entry of that key, counts it, and replaces it'(t, { tier, take, bytesAt, put }) {
    await tier.set('whole', entryOf(5000));
    const whole = await bytesAt('whole');
    const flipped = Buffer.from(whole);
    flipped[3000] = (whole[3000] ?? 0) ^ 1;
    const bad: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      short: Buffer.from('lamb'),
      'a picture': Buffer.from('\x89PNG\r\n\x1a\n'.repeat(200), 'latin1'),
      'another key': Buffer.concat(encodeEntry('other', entryOf(5000))),
      zeros: Buffer.alloc(whole.length),
      truncated: whole.subarray(0, 4000),
      'cut by a byte': whole.subarray(0, -1),
      'too long': Buffer.concat([whole, Buffer.from('\n')]),
      flipped,
    };
    await tier.get('whole');
    take();
    for (const [name, bytes] of Object.entries(bad)) {
      await put('whole', bytes);
      t.equal(await tier.get('whole'), undefined, name);
      t.same(take(), ['corrupt'], name);
      await tier.set('whole', entryOf(5000));
      sameEntry(t, await tier.get('whole'), entryOf(5000), name);
      t.same(take(), ['stored', 'hit'], name);
    }
  },
  async 'deletes all it has of some objects, whoever stored it, and nothing else'(t, { tier, put, bytesAt }) {
    const [one, two, other] = ['a', 'b', 'c'].map((letter) => letter.repeat(16)) as [string, string, string];
    const keys = [one, two, other].flatMap((tag) => [`${tag}-1`, `${tag}-2`, `${tag}-3`]);
    for (const key of keys) await tier.set(key, entryOf(10));
    await put(`${one}-theirs`, Buffer.concat(encodeEntry(`${one}-theirs`, entryOf(10))));
    await tier.drop([one, two, 'd'.repeat(16)], SIGNAL);
    t.same(await kept(tier, [...keys, `${one}-theirs`]), keys.slice(6));
    await t.rejects(bytesAt(`${one}-theirs`), 'nothing is left of it');
    await tier.drop([], SIGNAL);
    await t.rejects(tier.drop([other], AbortSignal.abort(new Error('too late'))), /too late|abort/i);
    t.same(await kept(tier, keys), keys.slice(6));
  },
  async 'has one note, which is replaced when it is what the writer thinks'(t, { tier: { note } }) {
    t.equal(await note.read(undefined, SIGNAL), undefined);
    t.equal(await note.write('one', '"other"', SIGNAL), 'conflict', 'there is none yet');
    const first = await note.write('one', undefined, SIGNAL);
    t.same(await note.read(undefined, SIGNAL), { text: 'one', version: first });
    t.equal(await note.read(first, SIGNAL), 'unchanged');
    t.equal(await note.write('two', undefined, SIGNAL), 'conflict', 'there is one by now');
    const second = await note.write('two', first, SIGNAL);
    t.not(second, first);
    t.same(await note.read(first, SIGNAL), { text: 'two', version: second });
    t.equal(await note.write('three', first, SIGNAL), 'conflict');
    t.same(await note.read(undefined, SIGNAL), { text: 'two', version: second }, 'as it was');
  },
  async 'finds what another process stored'(t, { tier, take, put }) {
    take();
    await put('theirs', Buffer.concat(encodeEntry('theirs', entryOf(700))));
    sameEntry(t, await tier.get('theirs'), entryOf(700), 'theirs');
    t.same(take(), ['hit']);
  },
};

for (const [name, open] of Object.entries(TIERS)) {
  t.test(`the tier: ${name}`, async (t) => {
    const { tier } = await open(t);
    for (const [what, holds] of Object.entries(EVERY_TIER)) await t.test(what, (t) => holds(t, tier));
  });
}

for (const [name, open] of Object.entries(STORES)) {
  t.test(`the store: ${name}`, async (t) => {
    const store = await open(t);
    for (const [what, holds] of Object.entries(EVERY_STORE)) await t.test(what, (t) => holds(t, store));
  });
}

t.test('a bucket is opened by its URL', async (t) => {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const { SOURCE: url = '' } = useS3(t, s3, 'variants/of%20ours/');
  const { observe, take } = recorder();
  const store = await openStore({ url, maxBytes: MAX_BYTES, forcePathStyle: true, observe });
  t.teardown(() => store.close());
  await store.set('a', entryOf(10));
  t.same(take(), ['stored']);
  t.equal(s3.requests.at(-1)?.key, `variants/of ours/${entryName('a')}`);
});

t.test('knows its schemes', async (t) => {
  const { observe } = recorder();
  await t.rejects(
    openStore({ url: 'ftp://host/', maxBytes: 1, forcePathStyle: false, observe }),
    /begins with file: or s3:, not ftp:/,
  );
});
