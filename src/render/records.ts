import { LRUCache } from 'lru-cache';
import { createTaggedCache } from '../cache/tagged-cache.ts';
import { tagsOf } from '../cache/tags.ts';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { OriginalRecord } from './record.ts';
import { createTrouble } from './trouble.ts';

export interface RecordsOptions {
  /** How long a record is used without asking the source, in milliseconds. */
  readonly freshMs: number;
  /** How long after that it is used while the source is asked, and no one waits for its answer (RFC 5861, 3). */
  readonly staleMs: number;
  /** How long after it was fresh it is used while the source cannot be asked (RFC 5861, 4). */
  readonly staleIfErrorMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Why a record is used that is no longer fresh: the source is being asked, or it cannot be. */
export type Staleness = 'revalidating' | 'unreachable';

/** Records of originals, and what of them may still be used. Of bounded size. */
export interface Records {
  get(key: string): OriginalRecord | undefined;
  /** Why it may be used; undefined when the source has to be asked first. */
  usable(key: string, record: OriginalRecord): 'fresh' | Staleness | undefined;
  /** Whether it may be used once the source has failed to answer. */
  isSpare(record: OriginalRecord): boolean;
  /** Milliseconds since it was fresh; negative while it is. */
  staleMs(record: OriginalRecord): number;
  /** Whether the source said a moment ago that there is no such object. */
  isMissing(key: string): boolean;
  /** Whether the source may be asked behind an answer: not while it is in trouble, except now and then. */
  mayAsk(key: string): boolean;
  succeeded(key: string, record: OriginalRecord): void;
  /** The source has given the bytes that a record describes. */
  answered(key: string): void;
  failed(key: string, error: unknown): void;
  /** Forgets what is known of objects with any of these tags, and that there are none. */
  drop(tags: readonly string[]): void;
}

/** Records kept at most: 60 MB, with what is remembered of their variants. */
const MAX_RECORDS = 20_000;
/** Keys of no object that are remembered; whoever makes up keys must not fill the memory. */
const MAX_MISSING = 10_000;
/** An upload may be on its way: long enough to shield the source from a crowd, and no longer. */
const MISSING_MS = 5_000;
/** What says that a record is of the past. */
const OUTDATED: readonly ErrorCode[] = ['not_found', 'source_changed'];

export function createRecords({ freshMs, staleMs, staleIfErrorMs, now }: RecordsOptions): Records {
  const records = createTaggedCache<OriginalRecord>({ bound: { max: MAX_RECORDS }, tagsOf });
  // Not by tags: keys that are made up may have many, which nobody else has.
  const missing = new LRUCache<string, number>({ max: MAX_MISSING });
  const trouble = createTrouble(now);

  const overdue = (record: OriginalRecord) => now() - record.checkedAt - freshMs;
  const isSpare = (record: OriginalRecord) => record.mayBeStale && overdue(record) < staleIfErrorMs;

  return {
    get: (key) => records.get(key),
    isSpare,
    staleMs: overdue,
    usable(key, record) {
      const late = overdue(record);
      if (late < 0) return 'fresh';
      if (trouble.concerns(key) && isSpare(record)) return 'unreachable';
      return record.mayBeStale && late < staleMs ? 'revalidating' : undefined;
    },
    isMissing: (key) => now() - (missing.get(key) ?? Number.NEGATIVE_INFINITY) < Math.min(MISSING_MS, freshMs),
    mayAsk: (key) => trouble.mayAsk(key),
    succeeded(key, record) {
      trouble.ended(key);
      missing.delete(key);
      records.set(key, record);
    },
    answered: (key) => trouble.ended(key),
    failed(key, error) {
      trouble.noteError(key, error);
      if (!(error instanceof ServiceError)) return;
      if (OUTDATED.includes(error.code)) {
        // Which the source has said: it is in no trouble.
        trouble.ended(key);
        records.delete(key);
      }
      if (error.code === 'not_found') missing.set(key, now());
    },
    drop(tags) {
      records.drop(tags);
      // Those of other objects, too, which were to be forgotten in a moment.
      missing.clear();
    },
  };
}
