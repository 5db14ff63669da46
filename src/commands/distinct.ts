import { hash } from 'node:crypto';

const HASH_DIGITS = 12;
const HASHES = 16 ** HASH_DIGITS;
/** Hashes kept: counts up to here are exact, larger ones off by half a percent or so. */
const MAX_KEPT = 65_536;

export interface DistinctCounter {
  add(text: string): void;
  readonly count: number;
  readonly isExact: boolean;
}

/**
 * Counts different texts in bounded memory. Each is a number drawn by its hash; when too many are kept, those in the upper half
 * of the range are dropped, and those below stand for twice as many (Wegman's adaptive sampling).
 */
export function createDistinctCounter(maxKept = MAX_KEPT): DistinctCounter {
  const kept = new Set<number>();
  let share = 1;

  function halve(): void {
    share /= 2;
    for (const number of kept) if (number >= HASHES * share) kept.delete(number);
  }

  return {
    add(text) {
      const number = Number.parseInt(hash('sha1', text).slice(0, HASH_DIGITS), 16);
      if (number >= HASHES * share) return;
      kept.add(number);
      while (kept.size > maxKept) halve();
    },
    get count() {
      return Math.round(kept.size / share);
    },
    get isExact() {
      return share === 1;
    },
  };
}
