import { decodeEntry, encodeEntry, entryName, lengthOf, MAX_ENTRY_BYTES } from './entry-codec.ts';
import { createEntryFolder, diskBytes } from './entry-folder.ts';
import { createFileNote } from './file-note.ts';
import { isMissing } from './files.ts';
import { createFolderBound } from './folder-bound.ts';
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

/** Variants in a folder, the least recently used ones removed when they take more than `maxBytes`. */
export function createFileStore(options: FileStoreOptions): FileStore {
  const { maxBytes, observe, now = Date.now, maxEntries = MAX_ENTRIES } = options;
  const folder = createEntryFolder(options.folder, now);
  const bound = createFolderBound({ folder, maxBytes, maxEntries, observe, now });
  const maxEntryBytes = Math.min(maxBytes, MAX_ENTRY_BYTES);

  async function read(key: string, name: string): Promise<CacheEntry | undefined> {
    const bytes = await folder.read(name);
    const entry = decodeEntry(key, bytes);
    observe(entry ? 'hit' : 'corrupt');
    if (entry) {
      bound.used(name, diskBytes(bytes.length));
    } else {
      bound.gone(name);
      await folder.remove(name);
    }
    return entry;
  }

  async function write(key: string, entry: CacheEntry): Promise<void> {
    const parts = encodeEntry(key, entry);
    const bytes = diskBytes(lengthOf(parts));
    if (bytes > maxEntryBytes) return observe('dropped');
    const name = entryName(key);
    await folder.write(name, parts);
    observe('stored');
    bound.used(name, bytes);
    await bound.trim();
  }

  return {
    get bytes() {
      return bound.bytes;
    },
    get entries() {
      return bound.entries;
    },
    async get(key) {
      const name = entryName(key);
      try {
        return await read(key, name);
      } catch (error) {
        if (isMissing(error)) bound.gone(name);
        observe(isMissing(error) ? 'miss' : 'read_failed');
        return undefined;
      }
    },
    async set(key, entry) {
      await write(key, entry).catch(() => observe('store_failed'));
    },
    async drop(objectTags, signal) {
      for (const tag of objectTags) {
        for (const name of await folder.namesFrom(tag)) {
          signal.throwIfAborted();
          await folder.delete(name);
          bound.gone(name);
        }
      }
    },
    note: createFileNote(options.folder),
    scan: bound.scan,
    close: bound.close,
  };
}
