import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { entryName } from '../../src/cache/entry-codec.ts';
import { createFileStore, type FileStoreOptions } from '../../src/cache/file.ts';
import type { Tier } from '../../src/cache/tier.ts';
import {
  entryOf,
  fileOf,
  filesIn,
  kept,
  recorder,
  sameEntry,
  setAge,
  temporaryFolder,
} from '../support/cache-entries.ts';
import { PLAIN_NODE, ROOT } from '../support/process.ts';

const MINUTE = 60_000;

/** What an entry of 10,000 bytes takes: three blocks. */
const ENTRY_BYTES = 3 * 4096;

/** A store over the folder, with a clock that can be put forward, once it knows what is there. */
async function openStore(t: Test, folder: string, options: Partial<FileStoreOptions> = {}) {
  const { observe, take } = recorder();
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const store = createFileStore({ folder, maxBytes: 10 * ENTRY_BYTES, observe, now, ...options });
  t.teardown(() => store.close());
  await store.scan();
  const advance = (ms: number) => {
    ahead += ms;
  };
  return { store, take, advance };
}

async function setUp(t: Test, options: Partial<FileStoreOptions> = {}) {
  const folder = await temporaryFolder(t);
  return { folder, ...(await openStore(t, folder, options)) };
}

async function store(tier: Tier, keys: readonly string[], bytes = 10_000): Promise<void> {
  for (const key of keys) await tier.set(key, entryOf(bytes));
}

const keysOf = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

t.test('keeps no more bytes than it may, and drops what was not used for longest', async (t) => {
  const { folder, store: tier, take } = await setUp(t);
  await store(tier, keysOf(10));
  t.match(tier, { bytes: 10 * ENTRY_BYTES, entries: 10 });
  await tier.get('0');
  await tier.set('2', entryOf(10_000));
  take();
  await store(tier, ['new', 'newer']);
  t.same(take(), ['stored', 'evicted', 'stored', 'evicted']);
  t.equal((await filesIn(folder)).length, 10);
  t.same(await kept(tier, ['0', '1', '2', '3', '4', '9', 'new', 'newer']), ['0', '2', '4', '9', 'new', 'newer']);
  await tier.set('large', entryOf(9 * ENTRY_BYTES - 1000));
  t.same(await kept(tier, [...keysOf(10), 'new', 'newer', 'large']), ['newer', 'large']);
  t.equal((await filesIn(folder)).length, 2);
  t.match(tier, { bytes: 10 * ENTRY_BYTES, entries: 2 });
});

t.test('what is larger than all it may keep is not kept, and drives nothing out', async (t) => {
  const { store: tier, take } = await setUp(t);
  await store(tier, ['a', 'b']);
  await tier.set('huge', entryOf(10 * ENTRY_BYTES));
  t.same(take(), ['stored', 'stored', 'dropped']);
  t.same(await kept(tier, ['a', 'b', 'huge']), ['a', 'b']);
  const off = await setUp(t, { maxBytes: 0 });
  await store(off.store, ['a']);
  t.same(await kept(off.store, ['a']), []);
});

t.test('counts the smallest entry as the block it takes, and entries, too', async (t) => {
  const { store: tier } = await setUp(t);
  await store(tier, keysOf(100), 1);
  t.match(tier, { bytes: 30 * 4096, entries: 30 });
  const few = await setUp(t, { maxEntries: 3 });
  await store(few.store, keysOf(10));
  t.same(await kept(few.store, keysOf(10)), ['7', '8', '9']);
});

t.test('another process finds everything, knows what was used last, and keeps to its bound', async (t) => {
  const { folder, store: first } = await setUp(t);
  await store(first, keysOf(10));
  for (const [index, key] of keysOf(10).entries()) await setAge(fileOf(folder, key), (index + 1) * 20 * MINUTE);
  await first.get('9');
  const { store: second, take } = await openStore(t, folder, { maxBytes: 3 * ENTRY_BYTES });
  t.match(second, { bytes: 3 * ENTRY_BYTES, entries: 3 });
  t.same(take(), Array(7).fill('evicted'));
  t.same(await kept(second, keysOf(10)), ['0', '1', '9'], 'a hit is known to those who come later');
  await second.close();
  const { store: third } = await openStore(t, folder);
  await store(third, keysOf(8, 'new'));
  t.same(
    await kept(third, ['0', '1', '9']),
    ['0', '1'],
    'of three files, the one that was used last before the others',
  );
});

t.test('a hit is noted on the disk every few minutes, not each time', async (t) => {
  const { folder, store: tier, advance } = await setUp(t);
  await tier.set('a', entryOf(10));
  const usedAt = async () => (await stat(fileOf(folder, 'a'))).mtimeMs;
  await setAge(fileOf(folder, 'a'), 4 * MINUTE);
  const before = await usedAt();
  await tier.get('a');
  t.equal(await usedAt(), before);
  advance(2 * MINUTE);
  await tier.get('a');
  const after = await usedAt();
  t.ok(after > before + 5 * MINUTE, 'by the clock that it was given');
  await tier.get('a');
  t.equal(await usedAt(), after);
});

t.test('what another process used meanwhile is not dropped for being unused here', async (t) => {
  const { folder, store: one, advance } = await setUp(t);
  const other = await openStore(t, folder);
  await store(one, keysOf(10));
  other.advance(10 * MINUTE);
  await other.store.get('0');
  advance(20 * MINUTE);
  await store(one, ['new']);
  t.same(await kept(one, ['0', '1', 'new']), ['0', 'new']);
});

t.test('a file from the future is dropped like any other', async (t) => {
  const { folder, store: tier } = await setUp(t);
  await store(tier, keysOf(10));
  for (const key of keysOf(10)) await setAge(fileOf(folder, key), -60 * MINUTE);
  await store(tier, ['new']);
  t.same(await kept(tier, ['0', '1', 'new']), ['1', 'new']);
  const { store: later } = await openStore(t, folder);
  await store(later, keysOf(10, 'later'));
  t.same(await kept(later, ['1', 'new', 'later0']), ['later0']);
});

t.test('several processes share a folder', async (t) => {
  const { folder, store: one } = await setUp(t);
  const { store: other, take } = await openStore(t, folder);
  await one.set('a', entryOf(10_000));
  sameEntry(t, await other.get('a'), entryOf(10_000), 'found, though not in the index');
  t.match(other, { bytes: ENTRY_BYTES, entries: 1 }, 'and in it from then on');
  await rm(fileOf(folder, 'a'));
  take();
  t.equal(await other.get('a'), undefined);
  t.same(take(), ['miss']);
  t.match(other, { bytes: 0, entries: 0 });
  await store(one, keysOf(5));
  await store(other, keysOf(9, 'other'));
  t.equal((await filesIn(folder)).length, 14, 'each knows what it wrote itself');
  await other.scan();
  t.equal((await filesIn(folder)).length, 10);
  t.match(other, { bytes: 10 * ENTRY_BYTES, entries: 10 });
  await one.scan();
  t.match(one, { bytes: 10 * ENTRY_BYTES, entries: 10 });
  await rm(folder, { recursive: true });
  await one.scan();
  t.match(one, { bytes: 0, entries: 0 }, 'and what others removed');
  take();
  await store(other, keysOf(3, 'again'));
  t.same(
    take(),
    ['stored', 'stored', 'stored'],
    'a folder that is gone is made again; what is gone from it is not evicted',
  );
});

t.test('removes what is corrupt, and what is too large to be an entry without reading it', async (t) => {
  const { folder, store: tier, take } = await setUp(t, { maxBytes: 2 ** 40 });
  await store(tier, ['a', 'b']);
  await writeFile(fileOf(folder, 'a'), 'no entry');
  await writeFile(fileOf(folder, 'b'), Buffer.alloc(64 * 1024 * 1024 + 1));
  take();
  t.same(await kept(tier, ['a', 'b']), []);
  t.same(take(), ['corrupt', 'corrupt']);
  t.same(await filesIn(folder), []);
  t.match(tier, { bytes: 0, entries: 0 });
});

t.test('sweeps what was begun long ago and never ended, and nothing else that is not its own', async (t) => {
  const folder = await temporaryFolder(t);
  const [old, young] = [`${entryName('old')}.0123456789abcdef`, `${entryName('young')}.0123456789abcdef`];
  const foreign = [
    'tmp/notes',
    'a',
    'notes.txt',
    '0/00/notes',
    `0/00/f${'0'.repeat(31)}`,
    'x/00/y',
    `0/0/${'0'.repeat(32)}`,
  ];
  for (const name of [`tmp/${old}`, `tmp/${young}`, ...foreign]) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), '');
    if (!name.endsWith(young)) await setAge(path.join(folder, name), 16 * MINUTE);
  }
  const { store: tier, advance, take } = await openStore(t, folder, { maxBytes: 0 });
  t.same((await filesIn(folder)).sort(), [`tmp/${young}`, ...foreign].sort());
  advance(16 * MINUTE);
  await tier.scan();
  t.same((await filesIn(folder)).sort(), [...foreign].sort());
  t.same(take(), []);
});

t.test('is for its owner only, wherever it makes a folder', async (t) => {
  const root = await temporaryFolder(t);
  const folder = path.join(root, 'deep', 'cache');
  const { store: tier } = await openStore(t, folder);
  await tier.set('a', entryOf(10));
  const modes = new Set<string>();
  for (let at = fileOf(folder, 'a'); at !== root; at = path.dirname(at)) {
    modes.add(((await stat(at)).mode & 0o777).toString(8));
  }
  t.same([...modes], ['600', '700']);
  t.equal((await stat(path.join(folder, 'tmp'))).mode & 0o777, 0o700);
  t.same(await readdir(path.join(folder, 'tmp')), []);
});

t.test('follows no link, and waits for no pipe', async (t) => {
  const { folder, store: tier, take } = await setUp(t);
  await store(tier, ['a', 'b', 'c']);
  await writeFile(path.join(folder, 'theirs'), await readFile(fileOf(folder, 'a')));
  for (const key of ['a', 'b', 'c']) await rm(fileOf(folder, key));
  await symlink(path.join(folder, 'theirs'), fileOf(folder, 'a'));
  await promisify(execFile)('mkfifo', [fileOf(folder, 'b')]);
  await mkdir(fileOf(folder, 'c'));
  take();
  t.same(await kept(tier, ['a', 'b', 'c']), []);
  t.same(take(), ['read_failed', 'corrupt', 'read_failed']);
});

t.test('where it can neither read nor write, it misses and says so', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'file');
  const loop = path.join(folder, 'loop');
  await writeFile(file, '');
  await symlink(loop, loop);
  for (const [place, scanned] of [
    [file, []],
    [path.join(file, 'below'), []],
    [loop, ['read_failed']],
    ['/proc/lambent', []],
    ['/sys/lambent', []],
    [path.join(folder, 'n'.repeat(300)), ['read_failed']],
  ] as const) {
    const { store: tier, take } = await openStore(t, place);
    t.same(take(), scanned, place);
    await tier.set('a', entryOf(10));
    t.equal(await tier.get('a'), undefined);
    t.match(take().join(), /^store_failed,(miss|read_failed)$/, place);
    t.match(tier, { bytes: 0, entries: 0 });
  }
  t.same((await filesIn(folder)).sort(), ['file']);
});

t.test('a write that fails leaves what was there, and nothing begun', async (t) => {
  const { folder, store: tier, take } = await setUp(t);
  await tier.set('a', entryOf(10));
  await rm(fileOf(folder, 'b'), { force: true });
  await mkdir(path.join(fileOf(folder, 'b'), 'in the way'), { recursive: true });
  take();
  await tier.set('b', entryOf(10));
  t.same(take(), ['store_failed']);
  t.same(await readdir(path.join(folder, 'tmp')), []);
  sameEntry(t, await tier.get('a'), entryOf(10), 'a');
});

t.test('a closed store reads no more folders', async (t) => {
  const { folder, store: tier } = await setUp(t);
  await store(tier, keysOf(5));
  const { observe, take } = recorder();
  const closing = createFileStore({ folder, maxBytes: 1, observe });
  await closing.close();
  await closing.scan();
  t.same(take(), []);
  t.equal((await filesIn(folder)).length, 5);
});

/** A disk of 256 KB, where this process may mount one. */
async function mountSmallDisk(t: Test): Promise<string | undefined> {
  const folder = await temporaryFolder(t);
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder]);
  } catch {
    return undefined;
  }
  t.teardown(() => run('umount', [folder]));
  return folder;
}

t.test('a full disk, then a read-only one: what is there is read, nothing else happens', async (t) => {
  const folder = await mountSmallDisk(t);
  if (folder === undefined) {
    t.comment('may not mount a disk: not tested here');
    return;
  }
  const { store: tier, take, advance } = await openStore(t, folder, { maxBytes: 2 ** 30 });
  await store(tier, keysOf(5), 40_000);
  take();
  await store(tier, keysOf(5, 'more'), 40_000);
  const outcomes = take();
  t.equal(outcomes.at(-1), 'store_failed');
  t.same(await readdir(path.join(folder, 'tmp')), [], 'nothing begun is left');
  t.same(await kept(tier, keysOf(5)), keysOf(5));
  await writeFile(fileOf(folder, '0'), 'corrupt');
  await promisify(execFile)('mount', ['-o', 'remount,ro', folder]);
  advance(10 * MINUTE);
  take();
  t.same(await kept(tier, keysOf(3)), ['1', '2']);
  await tier.set('1', entryOf(1));
  t.same(take(), ['corrupt', 'hit', 'hit', 'store_failed']);
});

t.test('a folder without permission is a miss', async (t) => {
  if (process.getuid?.() === 0) {
    t.comment('root may do anything: not tested here');
    return;
  }
  const { folder, store: tier, take } = await setUp(t);
  await tier.set('a', entryOf(10));
  await chmod(folder, 0);
  t.teardown(() => chmod(folder, 0o700));
  take();
  await tier.scan();
  t.equal(await tier.get('a'), undefined);
  await tier.set('b', entryOf(10));
  t.same(take(), ['read_failed', 'read_failed', 'store_failed']);
});

const STORE_MODULE = JSON.stringify(path.join(ROOT, 'dist/cache/file.js'));

/** Starts a module's text as a program of its own, without tap's loaders; `before` is what starts Node.js, if not the test. */
async function programOf(t: Test, script: string) {
  const program = path.join(await temporaryFolder(t), 'program.mjs');
  await writeFile(program, script);
  return (folder: string, before: readonly string[] = []) => {
    const [file = '', ...args] = [...before, ...PLAIN_NODE, program, folder];
    return spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };
}

t.test('without a free file descriptor it misses, and works again later', async (t) => {
  const script = `
    import { closeSync, openSync } from 'node:fs';
    import { createFileStore } from ${STORE_MODULE};
    const told = [];
    const store = createFileStore({ folder: process.argv[2], maxBytes: 1e6, observe: (outcome) => told.push(outcome) });
    const entry = { body: Buffer.from('body'), format: 'png', etag: '"e"', storedAt: 1, tags: [] };
    await store.scan();
    await store.set('a', entry);
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    await store.get('a');
    await store.set('b', entry);
    await store.scan();
    taken.forEach(closeSync);
    await store.get('a');
    await store.get('b');
    console.log(told.join());
  `;
  const start = await programOf(t, script);
  const child = start(await temporaryFolder(t), ['sh', '-c', 'ulimit -n 100 && exec "$@"', 'sh']);
  t.equal(await text(child.stdout), 'stored,read_failed,store_failed,read_failed,hit,miss\n');
});

/** A body that follows from a number, so that one can tell whether it is whole. */
function bodyOf(n: number): Buffer {
  return Buffer.alloc(1 + ((n * 7919) % 150_000), `${n},`);
}

const ROUNDS = 200;

/** Writes entries over and over. */
const WRITER = `
  import { createFileStore } from ${STORE_MODULE};
  const bodyOf = ${bodyOf};
  const store = createFileStore({ folder: process.argv[2], maxBytes: 1e9, observe() {} });
  const write = (n) => store.set('key' + (n % 40), { body: bodyOf(n), format: 'png', etag: '"e"', storedAt: n, tags: [] });
  process.stdout.write('.');
  for (let n = process.pid; ; n += 4) await Promise.all([write(n), write(n + 1), write(n + 2), write(n + 3)]);
`;

t.test('killed at any moment, processes leave nothing but whole entries', async (t) => {
  const folder = await temporaryFolder(t);
  const start = await programOf(t, WRITER);
  let rounds = 0;
  const killWriters = async () => {
    while (rounds++ < ROUNDS) {
      const child = start(folder);
      const exit = once(child, 'exit');
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 5);
      await exit;
    }
  };
  await Promise.all([killWriters(), killWriters()]);
  const { store: tier, take, advance } = await openStore(t, folder, { maxBytes: 2 ** 30 });
  let found = 0;
  for (const key of keysOf(40, 'key')) {
    const entry = await tier.get(key);
    if (!entry) continue;
    found++;
    t.ok(entry.body.equals(bodyOf(entry.storedAt)), `${key} is whole`);
  }
  t.ok(found > 0, `${found} entries`);
  t.notOk(take().includes('corrupt'), 'and none had to be thrown away');
  t.comment(`${(await readdir(path.join(folder, 'tmp'))).length} begun`);
  advance(16 * MINUTE);
  await tier.scan();
  t.same(await readdir(path.join(folder, 'tmp')), []);
});

t.test('what it may not remove, it does not say it has', async (t) => {
  const { folder, store } = await setUp(t);
  const key = `${'a'.repeat(16)}-1`;
  await store.set(key, entryOf(10));
  const file = fileOf(folder, key);
  await rm(file);
  await mkdir(file);
  await t.rejects(store.drop(['a'.repeat(16)], new AbortController().signal), { code: /^E(ISDIR|PERM)$/ });
  await rmdir(file);
  await store.drop(['a'.repeat(16)], new AbortController().signal);
});

t.test('a note is for its owner only, is never read half, and none that is too long is read', async (t) => {
  const { folder, store } = await setUp(t);
  const signal = new AbortController().signal;
  await store.note.write('one', undefined, signal);
  const file = path.join(folder, 'purges-1.json');
  t.equal((await stat(file)).mode & 0o777, 0o600);
  t.same(await filesIn(folder), ['purges-1.json'], 'nothing begun is left');
  await writeFile(file, Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
  t.match(await store.note.read(undefined, signal), { text: '' }, 'and will be replaced');
  await rm(file);
  await mkdir(file);
  await t.rejects(store.note.read(undefined, signal), { code: 'EISDIR' });
  await rmdir(file);
  await rm(path.join(folder, 'tmp'), { recursive: true });
  await writeFile(path.join(folder, 'tmp'), 'in the way');
  await t.rejects(store.note.write('two', undefined, signal), { code: 'ENOTDIR' });
});
