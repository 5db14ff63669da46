import { LRUCache } from 'lru-cache';
import type { CacheEntry, Tier } from './tier.ts';

// What an entry takes besides its bytes, its key and its tags: the object, the Buffer, the list's links. Rounded up.
const ENTRY_OVERHEAD_BYTES = 512;

/** Variants in memory, the least recently used ones dropped when together they exceed `maxBytes`; 0 holds none. */
export function createMemoryTier(options: { readonly maxBytes: number }): Tier {
  if (options.maxBytes === 0) return NOTHING;
  const entries = new LRUCache<string, CacheEntry>({ maxSize: options.maxBytes, sizeCalculation: sizeOf });
  return {
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

const NOTHING: Tier = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
