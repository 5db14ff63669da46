import type { EntryFolder } from './entry-folder.ts';
import { createRecencyIndex } from './recency-index.ts';
import type { ObserveStore } from './tier.ts';

export interface FolderBoundOptions {
  readonly folder: EntryFolder;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly observe: ObserveStore;
  readonly now: () => number;
}

/** What a process knows of a folder it shares, and what it removes from it; none of the promises rejects. */
export interface FolderBound {
  readonly bytes: number;
  readonly entries: number;
  /** An entry of so many bytes of the disk was read or written just now. */
  used(name: string, bytes: number): void;
  gone(name: string): void;
  /** Removes the entries used longest ago, as long as there is too much. */
  trim(): Promise<void>;
  /** Reads the whole folder for what others wrote and removed. Who calls while it runs waits for the same end. */
  scan(): Promise<void>;
  /** Waits for what is running, which ends soon. */
  close(): Promise<void>;
}

// How far above its bound a folder may grow by what others write, who keep to the bound themselves.
const SCAN_EVERY_MS = 10 * 60_000;

// No write takes that long: who began it was killed.
const ABANDONED_AFTER_MS = 15 * 60_000;

/** Keeps a folder within its bound, with what was in it before: reads it at the start, and again from time to time. */
export function createFolderBound({ folder, observe, now, ...limits }: FolderBoundOptions): FolderBound {
  const index = createRecencyIndex(limits);
  let closed = false;
  const trim = oneAtATime(() => removeExcess());
  const scan = oneAtATime(async () => {
    if (closed) return;
    // What cannot be listed now is listed the next time; until then the index stays as it is.
    await readFolder().catch(() => observe('read_failed'));
  });

  async function removeExcess(): Promise<void> {
    for (let oldest = index.takeExcess(); oldest; oldest = index.takeExcess()) {
      if (await wasUsedSince(oldest)) continue;
      if (await folder.remove(oldest.name)) observe('evicted');
    }
  }

  /** By another process, which only the file's time tells; then it is noted again. */
  async function wasUsedSince({ name, usedAt }: { readonly name: string; readonly usedAt: number }): Promise<boolean> {
    const file = await folder.look(name);
    // A time to come is a clock's mistake, and no reason to keep an entry for ever.
    if (!file || file.usedAt <= usedAt || file.usedAt > now()) return false;
    index.note(name, file.bytes, file.usedAt);
    return true;
  }

  async function readFolder(): Promise<void> {
    await folder.sweep(now() - ABANDONED_AFTER_MS);
    // First of all: what is counted and gone would drive out what is there.
    if (index.entries > 0) await forgetRemoved();
    for await (const names of folder.names()) {
      if (closed) return;
      await noteUnknown(names.filter((name) => !index.has(name)));
      await trim();
    }
  }

  async function forgetRemoved(): Promise<void> {
    index.beginScan();
    for await (const names of folder.names()) for (const name of names) index.see(name);
    index.endScan();
  }

  async function noteUnknown(names: readonly string[]): Promise<void> {
    // One after the other, so that requests find a thread of the pool free.
    for (const name of names) {
      const file = await folder.look(name);
      if (file) index.note(name, file.bytes, Math.min(file.usedAt, now()));
    }
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
    used: (name, bytes) => index.note(name, bytes, now()),
    gone: (name) => index.forget(name),
    trim,
    scan,
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.all([scan(), trim()]);
    },
  };
}

/** Who calls while it runs waits for the same end. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
