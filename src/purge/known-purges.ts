import { EVERYTHING } from '../cache/tags.ts';
import type { CacheEntry } from '../cache/tier.ts';
import { createOutdated, type JournalText, NO_PURGES, withLasting } from './journal-text.ts';

/** What this replica knows of all purges. */
export interface KnownPurges {
  readonly journal: JournalText;
  readonly ids: ReadonlySet<string>;
  /** Whether anything was taken in, and be it that there is nothing. */
  readonly hasLooked: boolean;
  /** Takes in what was read, and gives the tags that are new in it. */
  takeIn(read: JournalText): readonly string[];
  /** Takes in what was written. */
  keep(written: JournalText): void;
  /** Takes in what is going to be written. */
  outdate(lasting: JournalText['lasting']): void;
  /** Whether an entry is older than a purge; of each one while nothing was read. */
  isPurged(entry: Pick<CacheEntry, 'tags' | 'storedAt'>): boolean;
}

export function createKnownPurges(): KnownPurges {
  let journal = NO_PURGES;
  let ids: ReadonlySet<string> = new Set();
  let hasLooked = false;
  let isPurged: KnownPurges['isPurged'] = () => true;

  function keep(next: JournalText): void {
    journal = next;
    ids = new Set(next.purges.map(({ id }) => id));
    isPurged = createOutdated(next);
  }

  return {
    get journal() {
      return journal;
    },
    get ids() {
      return ids;
    },
    get hasLooked() {
      return hasLooked;
    },
    takeIn(read) {
      const [before, { count }] = [ids, journal];
      const isFirst = !hasLooked;
      hasLooked = true;
      // What lasts is not forgotten with a note that somebody has removed.
      keep(withLasting(read, [...journal.lasting, [EVERYTHING, journal.everythingAt]]));
      const added = read.purges.filter(({ id }) => !before.has(id));
      // Others may have come and gone since the last look; at the first there is little to drop, or long ago.
      const hasMissedSome = added.length > 0 && (isFirst || read.count - count !== added.length);
      return hasMissedSome ? [EVERYTHING] : [...new Set(added.flatMap(({ tags }) => tags))];
    },
    keep,
    outdate(lasting) {
      journal = withLasting(journal, lasting);
      // Of what nothing is known, all still is outdated.
      if (hasLooked) isPurged = createOutdated(journal);
    },
    isPurged: (entry) => isPurged(entry),
  };
}
