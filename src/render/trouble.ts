import { LRUCache } from 'lru-cache';
import { TimedOut } from '../abort.ts';
import { type ErrorCode, ServiceError } from '../errors.ts';

/** What the source has failed to answer: for one object, or for all of them. */
export interface Trouble {
  /** Whether it is of no use to wait for an answer about this object. */
  concerns(key: string): boolean;
  /** Whether to ask all the same: now and then, to find out whether it is over. */
  mayAsk(key: string): boolean;
  noteError(key: string, error: unknown): void;
  /** The source has answered for this object. */
  ended(key: string): void;
}

/** What says nothing of the object, and something of the source. */
const OF_SOURCE: readonly ErrorCode[] = ['source_failed', 'source_broke_off', 'source_unavailable'];
/** One object may fail by itself. So many different ones in a row, and nobody waits for any. */
const FAILURES = 3;
/** While there is trouble, the source is asked this often whether there still is. */
const PROBE_MS = 5_000;
const MAX_KEYS = 10_000;

/** Of bounded size. `now` in milliseconds, of a clock that never goes back. */
export function createTrouble(now: () => number): Trouble {
  /** When the source was last asked in vain, for each object. */
  const askedAt = new LRUCache<string, number>({ max: MAX_KEYS });
  let failures = 0;
  let allAskedAt = 0;

  const isDown = () => failures >= FAILURES;

  return {
    concerns: (key) => isDown() || askedAt.has(key),
    mayAsk(key) {
      const last = isDown() ? allAskedAt : askedAt.get(key);
      if (last !== undefined && now() - last < PROBE_MS) return false;
      if (isDown()) allAskedAt = now();
      else if (last !== undefined) askedAt.set(key, now());
      return true;
    },
    noteError(key, error) {
      if (!isOfSource(error)) return;
      // One object that fails again and again says no more of the others than it did the first time.
      if (!askedAt.has(key) && ++failures === FAILURES) allAskedAt = now();
      askedAt.set(key, now());
    },
    ended(key) {
      failures = 0;
      askedAt.delete(key);
    },
  };
}

/** A source that has not answered in time is in trouble as one that says so. */
function isOfSource(error: unknown): boolean {
  if (error instanceof ServiceError) return OF_SOURCE.includes(error.code);
  return error instanceof TimedOut;
}
