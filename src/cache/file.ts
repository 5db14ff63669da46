import { decodeEntry, encodeEntry, entryName, lengthOf, MAX_ENTRY_BYTES } from './entry-codec.ts';
import { createEntryFolder, diskBytes, isMissing } from './entry-folder.ts';
import { createRecencyIndex } from './recency-index.ts';
import type { CacheEntry, ObserveStore, Store } from './tier.ts';

export interface FileStoreOptions {
  /** Made when it is missing, for its owner only. Nothing in it is touched that does not have the name of an entry. */
  readonly folder: string;
  /** Bytes of the disk for all entries, whoever wrote them; the rest of the folder is small and not counted. */
  readonly maxBytes: number;
  readonly observe: ObserveStore;
  /** Milliseconds since the epoch, to compare with the times of files. */
  readonly now?: () => number;
  /** Entries at most, since each takes memory. */
  readonly maxEntries?: number;
}

export interface FileStore extends Store {
  readonly bytes: number;
  readonly entries: number;
  /** Reads the whole folder for what others wrote and removed. It does so by itself at the start and from time to time. */
  scan(): Promise<void>;
}

// The index takes 180 bytes of memory for each.
const MAX_ENTRIES = 1_000_000;

// How far above its bound a folder may grow by what others write, who keep to the bound themselves.
const SCAN_EVERY_MS = 10 * 60_000;

// No write takes that long: who began it was killed.
const ABANDONED_AFTER_MS = 15 * 60_000;

/** Variants in a folder, the least recently used ones removed when they take more than `maxBytes`. */
export function createFileStore(options: FileStoreOptions): FileStore {
  const { maxBytes, observe, now = Date.now, maxEntries = MAX_ENTRIES } = options;
  const folder = createEntryFolder(options.folder, now);
  const index = createRecencyIndex({ maxBytes, maxEntries });
  const maxEntryBytes = Math.min(maxBytes, MAX_ENTRY_BYTES);
  let closed = false;

  /** Notes what is on the disk under a name, if anything is and was used since. */
  async function noteFile(name: string, since: number): Promise<boolean> {
    const file = await folder.look(name);
    // A time to come is a clock's mistake, and no reason to keep an entry for ever.
    if (!file || file.usedAt <= since || file.usedAt > now()) return false;
    index.note(name, file.bytes, file.usedAt);
    return true;
  }

  const trim = oneAtATime(async () => {
    for (let oldest = index.takeExcess(); oldest; oldest = index.takeExcess()) {
      // Another process may have used it later: that is known only by the file's time.
      if (await noteFile(oldest.name, oldest.usedAt)) continue;
      if (await folder.remove(oldest.name)) observe('evicted');
    }
  });

  async function forgetRemoved(): Promise<void> {
    index.beginScan();
    for await (const names of folder.names()) for (const name of names) index.see(name);
    index.endScan();
  }

  async function noteUnknown(): Promise<void> {
    for await (const names of folder.names()) {
      if (closed) return;
      await noteNew(names.filter((name) => !index.has(name)));
      await trim();
    }
  }

  async function scanFolder(): Promise<void> {
    await folder.sweep(now() - ABANDONED_AFTER_MS);
    // First of all: what is counted and gone would drive out what is there.
    if (index.entries > 0) await forgetRemoved();
    await noteUnknown();
  }

  const scan = oneAtATime(async () => {
    if (closed) return;
    // What cannot be listed now is listed the next time; until then the index stays as it is.
    await scanFolder().catch(() => observe('read_failed'));
  });

  async function noteNew(names: readonly string[]): Promise<void> {
    // One after the other, so that requests find a thread of the pool free.
    for (const name of names) {
      const file = await folder.look(name);
      if (file) index.note(name, file.bytes, Math.min(file.usedAt, now()));
    }
  }

  async function discard(name: string): Promise<undefined> {
    observe('corrupt');
    index.forget(name);
    await folder.remove(name);
  }

  async function read(key: string, name: string): Promise<CacheEntry | undefined> {
    const bytes = await folder.read(name);
    const entry = decodeEntry(key, bytes);
    if (!entry) return discard(name);
    observe('hit');
    index.note(name, diskBytes(bytes.length), now());
    return entry;
  }

  async function write(key: string, entry: CacheEntry): Promise<void> {
    const parts = encodeEntry(key, entry);
    const bytes = lengthOf(parts);
    if (diskBytes(bytes) > maxEntryBytes) return observe('dropped');
    const name = entryName(key);
    await folder.write(name, parts);
    observe('stored');
    index.note(name, diskBytes(bytes), now());
    await trim();
  }

  const timer = setInterval(scan, SCAN_EVERY_MS).unref();
  scan();

  return {
    get bytes() {
      return index.bytes;
    },
    get entries() {
      return index.entries;
    },
    async get(key) {
      const name = entryName(key);
      try {
        return await read(key, name);
      } catch (error) {
        observe(isMissing(error) ? 'miss' : 'read_failed');
        if (isMissing(error)) index.forget(name);
        return undefined;
      }
    },
    async set(key, entry) {
      await write(key, entry).catch(() => observe('store_failed'));
    },
    scan,
    async close() {
      closed = true;
      clearInterval(timer);
      await scan();
      await trim();
    },
  };
}

/** Whoever calls while it runs waits for the same end. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
