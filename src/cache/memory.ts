import { createTaggedCache } from './tagged-cache.ts';
import type { CacheEntry, Tier } from './tier.ts';

// What an entry takes besides its bytes, its key and its tags: the object, the Buffer, the list's links. Rounded up.
const ENTRY_OVERHEAD_BYTES = 512;

// What it takes to find an entry by one of its tags. Rounded up.
const TAG_OVERHEAD_BYTES = 100;

export interface MemoryTierOptions {
  readonly maxBytes: number;
  /** Called for each entry that is dropped for want of room. */
  readonly onEvict?: () => void;
}

export interface MemoryTier extends Tier {
  readonly bytes: number;
  readonly entries: number;
  /** Drops what has any of these tags, and says how many that were. */
  drop(tags: readonly string[]): number;
}

/** Variants in memory, the least recently used ones dropped when together they exceed `maxBytes`; 0 holds none. */
export function createMemoryTier({ maxBytes, onEvict }: MemoryTierOptions): MemoryTier {
  if (maxBytes === 0) return NOTHING;
  const entries = createTaggedCache<CacheEntry>({
    bound: { maxSize: maxBytes, sizeCalculation: sizeOf },
    tagsOf: (_key, { tags }) => tags,
    onEvict,
  });
  return {
    get bytes() {
      return entries.bytes;
    },
    get entries() {
      return entries.entries;
    },
    // Asynchronous as every tier is: a shared store behind the same interface takes its time.
    get: (key) => Promise.resolve(entries.get(key)),
    set(key, entry) {
      entries.set(key, entry);
      return Promise.resolve();
    },
    drop: entries.drop,
  };
}

function sizeOf(entry: CacheEntry, key: string): number {
  const text = key.length + entry.etag.length + entry.tags.join('').length;
  return entry.body.byteLength + text + entry.tags.length * TAG_OVERHEAD_BYTES + ENTRY_OVERHEAD_BYTES;
}

const NOTHING: MemoryTier = {
  bytes: 0,
  entries: 0,
  get: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
  drop: () => 0,
};
