import type { OutputFormat } from '../formats.ts';

/** One finished variant as a cache holds it. */
export interface CacheEntry {
  readonly body: Buffer;
  readonly format: OutputFormat;
  /** Entity tag of the variant, weak, with its quotes. */
  readonly etag: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly storedAt: number;
  /** What it is purged by (`cache/tags.ts`). */
  readonly tags: readonly string[];
}

/**
 * One level of the result cache. Entries are never changed once stored, since their key holds the original's entity tag and
 * the pipeline's version: what changes gets another key.
 */
export interface Tier {
  get(key: string): Promise<CacheEntry | undefined>;
  set(key: string, entry: CacheEntry): Promise<void>;
}
