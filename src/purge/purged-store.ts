import type { ObserveStore, Store } from '../cache/tier.ts';
import type { Journal } from './journal.ts';

/** A store without what is older than a purge, though it still is there. */
export function withoutPurged(store: Store, journal: Pick<Journal, 'isPurged'>, observe: ObserveStore): Store {
  return {
    get bytes() {
      return store.bytes;
    },
    get entries() {
      return store.entries;
    },
    async get(key) {
      const entry = await store.get(key);
      if (!entry || !journal.isPurged(entry)) return entry;
      // What is made for want of it takes its place.
      observe('purged');
      return undefined;
    },
    set: (key, entry) => store.set(key, entry),
    drop: (tags, signal) => store.drop(tags, signal),
    note: store.note,
    close: () => store.close(),
  };
}
