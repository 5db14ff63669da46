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
 * One level of the result cache. A key begins with the tag of its object and a dash, so that a store can find what it has of one.
 * Entries are never changed once stored, since their key holds the original's entity tag and the pipeline's version: what changes gets
 * another key. Neither function throws: a cache that is down is a miss.
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
  /** Deletes all entries of these objects, named by their tags. Rejects where it cannot say that it did. */
  drop(objectTags: readonly string[], signal: AbortSignal): Promise<void>;
  /** A text that all who share the store share, too. */
  readonly note: SharedNote;
  /** Lets go of timers and connections. What is stored stays. */
  close(): Promise<void>;
}

/** One small text beside the entries. Both functions reject where the store does not answer. */
export interface SharedNote {
  /** `unchanged` where it still is the version known; undefined where there is none. */
  read(known: string | undefined, signal: AbortSignal): Promise<VersionedText | 'unchanged' | undefined>;
  /** Replaces that version, or none; gives the new one's. As far as the store can tell: two who write at once may both succeed. */
  write(text: string, replaced: string | undefined, signal: AbortSignal): Promise<string | 'conflict'>;
}

export interface VersionedText {
  readonly text: string;
  readonly version: string;
}

/** Bytes of a note at most: what is longer is none of ours. */
export const MAX_NOTE_BYTES = 4 * 1024 * 1024;

/** Its name, which another layout of the text has to change. No entry has such a name. */
export const NOTE_NAME = 'purges-1.json';

/** What can become of one `get` (the first six), of one `set` (the next three), and of an entry that made room for others. */
export const STORE_OUTCOMES = [
  'hit',
  'miss',
  'corrupt',
  'read_failed',
  'skipped',
  'purged',
  'stored',
  'store_failed',
  'dropped',
  'evicted',
] as const;

export type StoreOutcome = (typeof STORE_OUTCOMES)[number];

/** Told once for each outcome; must not throw. */
export type ObserveStore = (outcome: StoreOutcome) => void;
