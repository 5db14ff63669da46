import { createTaggedCache } from '../cache/tagged-cache.ts';
import { tagsOf } from '../cache/tags.ts';

/** Bytes of originals that were read a moment ago, so that the next width of a `srcset` need not read them again. */
export interface KeptBytes {
  /** Of exactly this version. */
  get(key: string, etag: string): Buffer | undefined;
  set(key: string, etag: string, bytes: Buffer): void;
  /** Of objects with any of these tags. */
  drop(tags: readonly string[]): void;
  readonly bytes: number;
}

/** So much of the room one original may take: of one that is larger, few would find any. */
const SHARE = 4;

/** The least recently used ones are dropped when together they exceed `maxBytes`; 0 keeps none. */
export function createKeptBytes(maxBytes: number): KeptBytes {
  if (maxBytes === 0) return { get: () => undefined, set: () => {}, drop: () => {}, bytes: 0 };
  const kept = createTaggedCache<{ readonly etag: string; readonly bytes: Buffer }>({
    bound: {
      maxSize: maxBytes,
      maxEntrySize: Math.ceil(maxBytes / SHARE),
      sizeCalculation: ({ etag, bytes }, key) => key.length + etag.length + bytes.length,
    },
    tagsOf,
  });
  return {
    get(key, etag) {
      const found = kept.get(key);
      return found?.etag === etag ? found.bytes : undefined;
    },
    set(key, etag, bytes) {
      kept.set(key, { etag, bytes });
    },
    drop: (tags) => void kept.drop(tags),
    get bytes() {
      return kept.bytes;
    },
  };
}
