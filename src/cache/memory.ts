import { LRUCache } from 'lru-cache';
import type { CacheEntry, Tier } from './tier.ts';

// What an entry takes besides its bytes, its key and its tags: the object, the Buffer, the list's links. Rounded up.
const ENTRY_OVERHEAD_BYTES = 512;

export interface MemoryTierOptions {
  readonly maxBytes: number;
  /** Called for each entry that is dropped for want of room. */
  readonly onEvict?: () => void;
}

export interface MemoryTier extends Tier {
  readonly bytes: number;
  readonly entries: number;
}

/** Variants in memory, the least recently used ones dropped when together they exceed `maxBytes`; 0 holds none. */
export function createMemoryTier({ maxBytes, onEvict }: MemoryTierOptions): MemoryTier {
  if (maxBytes === 0) return NOTHING;
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    dispose(_entry, _key, reason) {
      if (reason === 'evict') onEvict?.();
    },
  });
  return {
    get bytes() {
      return entries.calculatedSize;
    },
    get entries() {
      return entries.size;
    },
    // Asynchronous as every tier is: a shared store behind the same interface takes its time.
    get: (key) => Promise.resolve(entries.get(key)),
    set(key, entry) {
      entries.set(key, entry);
      return Promise.resolve();
    },
  };
}

function sizeOf(entry: CacheEntry, key: string): number {
  const text = key.length + entry.etag.length + entry.tags.join('').length;
  return entry.body.byteLength + text + ENTRY_OVERHEAD_BYTES;
}

const NOTHING: MemoryTier = {
  bytes: 0,
  entries: 0,
  get: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
};
