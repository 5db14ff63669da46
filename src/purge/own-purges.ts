import type { Purge } from './journal-text.ts';

export interface OwnPurge extends Purge {
  readonly lasting: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Purges of this replica until they are known to be in the note. Of bounded size. */
export interface OwnPurges {
  /** Resolves when it is told. Rejects when too many are waiting. */
  add(purge: OwnPurge): Promise<void>;
  untold(): readonly OwnPurge[];
  /** They were written into the note. */
  told(purges: readonly OwnPurge[]): void;
  /**
   * The note was read, and has these. What was written and is not among them has been overwritten, and is untold again. What is
   * among them is told, also where no answer came to its writing.
   */
  check(ids: ReadonlySet<string>): void;
}

interface Waiting {
  readonly purge: OwnPurge;
  isTold: boolean;
  /** How often it was written. Where a note is full, it may be gone for a better reason than that it was overwritten. */
  times: number;
  readonly resolve: () => void;
}

const MAX_WAITING = 1_000;
const MAX_TIMES = 3;

export function createOwnPurges(): OwnPurges {
  const waiting = new Map<string, Waiting>();
  return {
    add(purge) {
      if (waiting.size >= MAX_WAITING) return Promise.reject(new Error('Too many purges are not told yet.'));
      return new Promise((resolve) => {
        waiting.set(purge.id, { purge, isTold: false, times: 0, resolve });
      });
    },
    untold: () => [...waiting.values()].filter(({ isTold }) => !isTold).map(({ purge }) => purge),
    told(purges) {
      for (const one of waiting.values()) {
        if (!purges.includes(one.purge)) continue;
        one.isTold = true;
        one.times++;
        one.resolve();
      }
    },
    check(ids) {
      for (const [id, found] of waiting) {
        if (ids.has(id)) found.resolve();
        if (ids.has(id) || found.times >= MAX_TIMES) waiting.delete(id);
        else found.isTold = false;
      }
    },
  };
}
