import { LRUCache } from 'lru-cache';
import { EVERYTHING } from './tags.ts';

export interface TaggedCacheOptions<Value> {
  /** In lru-cache's words: entries, or bytes of all of them and of one. */
  readonly bound:
    | { readonly max: number }
    | {
        readonly maxSize: number;
        readonly maxEntrySize?: number;
        readonly sizeCalculation: (value: Value, name: string) => number;
      };
  readonly tagsOf: (name: string, value: Value) => readonly string[];
  /** Called for each entry that is dropped for want of room. */
  readonly onEvict?: (() => void) | undefined;
}

/** A bounded cache whose entries are found by their tags, too. The least recently used ones make room. */
export interface TaggedCache<Value> {
  readonly bytes: number;
  readonly entries: number;
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
  delete(name: string): void;
  /** Drops what has any of these tags, and says how many that were. It takes time for what it finds, not for what there is. */
  drop(tags: readonly string[]): number;
}

export function createTaggedCache<Value extends object>(options: TaggedCacheOptions<Value>): TaggedCache<Value> {
  const { bound, tagsOf, onEvict } = options;
  const namesByTag = new Map<string, Set<string>>();
  let isClearing = false;
  const cache = new LRUCache<string, Value>({
    ...bound,
    dispose(value, name, reason) {
      // To work out the tags of all there is takes 100 ms, of 20,000.
      if (!isClearing) unlist(name, tagsOf(name, value));
      if (reason === 'evict') onEvict?.();
    },
  });

  function list(name: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const names = namesByTag.get(tag);
      if (names) names.add(name);
      else namesByTag.set(tag, new Set([name]));
    }
  }

  function unlist(name: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const names = namesByTag.get(tag);
      names?.delete(name);
      if (names?.size === 0) namesByTag.delete(tag);
    }
  }

  function clear(): void {
    isClearing = true;
    cache.clear();
    namesByTag.clear();
    isClearing = false;
  }

  return {
    get bytes() {
      return cache.calculatedSize;
    },
    get entries() {
      return cache.size;
    },
    get: (name) => cache.get(name),
    set(name, value) {
      cache.set(name, value);
      // What is too large for the cache is not in it.
      if (cache.peek(name) === value) list(name, tagsOf(name, value));
    },
    delete: (name) => void cache.delete(name),
    drop(tags) {
      const before = cache.size;
      if (tags.includes(EVERYTHING)) clear();
      for (const name of tags.flatMap((tag) => [...(namesByTag.get(tag) ?? [])])) cache.delete(name);
      return before - cache.size;
    },
  };
}
