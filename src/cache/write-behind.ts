import { hasAny } from './tags.ts';
import type { CacheEntry, ObserveStore, Store } from './tier.ts';

export interface WriteBehindOptions {
  /** What may wait or be written at a time; what comes beyond that is dropped. */
  readonly maxPending: { readonly entries: number; readonly bytes: number };
  /** Writes at once. */
  readonly maxWrites?: number;
  readonly observe: ObserveStore;
}

export interface WriteBehind extends Store {
  /** Entries that are not written yet. */
  readonly pending: number;
  /** Waits until nothing is pending, but no longer than so many milliseconds; says how many entries still were then. */
  flush(limitMs?: number): Promise<number>;
  /** Does not write what has any of these tags and waits. */
  forget(tags: readonly string[]): void;
}

// At 50 ms a write, a bucket takes 80 entries a second so, more than a process makes; more at once would crowd its reads.
const MAX_WRITES = 4;

const FLUSH_LIMIT_MS = 5_000;

/** A store whose `set` returns at once and is carried out later, in order; what waits is found by `get` already. */
export function createWriteBehind(store: Store, options: WriteBehindOptions): WriteBehind {
  const { maxPending, maxWrites = MAX_WRITES, observe } = options;
  const waiting = new Map<string, CacheEntry>();
  const writing = new Map<string, { readonly entry: CacheEntry; readonly written: Promise<void> }>();
  let bytes = 0;
  const onIdle: (() => void)[] = [];

  const pending = () => waiting.size + writing.size;

  function fits(entry: CacheEntry): boolean {
    return pending() < maxPending.entries && bytes + entry.body.length <= maxPending.bytes;
  }

  async function write(key: string, entry: CacheEntry): Promise<void> {
    waiting.delete(key);
    const written = store.set(key, entry).catch(() => observe('store_failed'));
    writing.set(key, { entry, written });
    await written;
    writing.delete(key);
    bytes -= entry.body.length;
    writeNext();
  }

  /** Two writes of one key at once could end in either order: the later waits. */
  function next(): readonly [string, CacheEntry] | undefined {
    if (writing.size >= maxWrites) return undefined;
    for (const one of waiting) if (!writing.has(one[0])) return one;
    return undefined;
  }

  function writeNext(): void {
    for (let one = next(); one; one = next()) write(...one);
    if (pending() === 0) for (const tell of onIdle.splice(0)) tell();
  }

  function forgetOne(key: string): void {
    bytes -= waiting.get(key)?.body.length ?? 0;
    waiting.delete(key);
  }

  function forget(tags: readonly string[]): void {
    for (const [key, entry] of waiting) if (hasAny(entry.tags, tags)) forgetOne(key);
  }

  function enqueue(key: string, entry: CacheEntry): void {
    forgetOne(key);
    if (!fits(entry)) {
      observe('dropped');
      return;
    }
    waiting.set(key, entry);
    bytes += entry.body.length;
    // After the answer, which is sent before the event loop's next turn.
    setImmediate(writeNext);
  }

  async function flush(limitMs = FLUSH_LIMIT_MS): Promise<number> {
    if (pending() === 0) return 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      onIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return pending();
  }

  return {
    get pending() {
      return pending();
    },
    get bytes() {
      return store.bytes;
    },
    get entries() {
      return store.entries;
    },
    get(key) {
      const entry = waiting.get(key) ?? writing.get(key)?.entry;
      return entry ? Promise.resolve(entry) : store.get(key);
    },
    set(key, entry) {
      enqueue(key, entry);
      return Promise.resolve();
    },
    forget,
    async drop(objectTags, signal) {
      forget(objectTags);
      // What is being written would come after what is deleted. A store's writes have a limit of their own.
      await Promise.all(
        Array.from(writing.values(), ({ entry, written }) => hasAny(entry.tags, objectTags) && written),
      );
      await store.drop(objectTags, signal);
    },
    note: store.note,
    flush,
    async close() {
      await flush();
      await store.close();
    },
  };
}
