import { LRUCache } from 'lru-cache';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { OriginalRecord } from './record.ts';

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
  usable(record: OriginalRecord): 'fresh' | Staleness | undefined;
  /** Milliseconds since it was fresh; negative while it is. */
  staleMs(record: OriginalRecord): number;
  /** Whether the source said a moment ago that there is no such object. */
  isMissing(key: string): boolean;
  /** Whether the source may be asked behind an answer: not while it is in trouble, except now and then. */
  mayAsk(): boolean;
  succeeded(key: string, record: OriginalRecord): void;
  failed(key: string, error: unknown): void;
}

/** Records kept at most; one takes about a kilobyte. */
const MAX_RECORDS = 20_000;
/** Keys of no object that are remembered; whoever makes up keys must not fill the memory. */
const MAX_MISSING = 10_000;
/** An upload may be on its way: long enough to shield the source from a crowd, and no longer. */
const MISSING_MS = 5_000;
/** While the source is in trouble, it is asked this often whether it still is. */
const PROBE_MS = 5_000;
/** What says that a record is of the past. */
const OUTDATED: readonly ErrorCode[] = ['not_found', 'source_changed'];
/** What says nothing of the object, and something of the source. */
const TROUBLE: readonly ErrorCode[] = ['source_failed', 'source_broke_off', 'source_unavailable'];

export function createRecords({ freshMs, staleMs, staleIfErrorMs, now }: RecordsOptions): Records {
  const records = new LRUCache<string, OriginalRecord>({ max: MAX_RECORDS });
  const missing = new LRUCache<string, number>({ max: MAX_MISSING });
  let probedAt: number | undefined;

  const overdue = (record: OriginalRecord) => now() - record.checkedAt - freshMs;

  return {
    get: (key) => records.get(key),
    staleMs: overdue,
    usable(record) {
      const late = overdue(record);
      if (late < 0) return 'fresh';
      // What no cache may keep is not used a moment longer than its request.
      if (!record.storable) return undefined;
      if (probedAt !== undefined && late < staleIfErrorMs) return 'unreachable';
      return late < staleMs ? 'revalidating' : undefined;
    },
    isMissing: (key) => now() - (missing.get(key) ?? Number.NEGATIVE_INFINITY) < Math.min(MISSING_MS, freshMs),
    mayAsk() {
      if (probedAt === undefined) return true;
      if (now() - probedAt < PROBE_MS) return false;
      probedAt = now();
      return true;
    },
    succeeded(key, record) {
      probedAt = undefined;
      missing.delete(key);
      records.set(key, record);
    },
    failed(key, error) {
      if (!(error instanceof ServiceError)) return;
      if (OUTDATED.includes(error.code)) records.delete(key);
      if (error.code === 'not_found') missing.set(key, now());
      if (TROUBLE.includes(error.code)) probedAt = now();
      else probedAt = undefined;
    },
  };
}
