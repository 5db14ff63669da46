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
 * the pipeline's version: what changes gets another key. Neither function throws: a cache that is down is a miss.
 */
export interface Tier {
  get(key: string): Promise<CacheEntry | undefined>;
  set(key: string, entry: CacheEntry): Promise<void>;
}

/** A tier that other processes share, or that outlives this one. */
export interface Store extends Tier {
  /** Bytes it takes, as far as this process knows; absent where nobody counts. */
  readonly bytes?: number | undefined;
  readonly entries?: number | undefined;
  /** Lets go of timers and connections. What is stored stays. */
  close(): Promise<void>;
}

/** What can become of one `get` (the first five), of one `set` (the next three), and of an entry that made room for others. */
export const STORE_OUTCOMES = [
  'hit',
  'miss',
  'corrupt',
  'read_failed',
  'skipped',
  'stored',
  'store_failed',
  'dropped',
  'evicted',
] as const;

export type StoreOutcome = (typeof STORE_OUTCOMES)[number];

/** Told once for each outcome; must not throw. */
export type ObserveStore = (outcome: StoreOutcome) => void;
