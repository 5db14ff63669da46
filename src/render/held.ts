import { isTagged } from '../cache/tags.ts';
import type { Admission } from './admission.ts';
import { createPlace, type Place } from './original-reader.ts';
import type { OriginalRecord } from './record.ts';

/** What all who hold an original at the same time share: one record, one read of the bytes, one place in memory. */
export interface Held {
  readonly key: string;
  /** The record, or a promise of it while it is loading. */
  record: OriginalRecord | Promise<OriginalRecord>;
  bytes: Promise<Buffer> | undefined;
  /** Made when something is read: most holders find all they need in memory. */
  reading: Reading | undefined;
  holders: number;
  /** What was asked before a purge may have been answered before what the purge is for: nothing of it is kept. */
  isPurged: boolean;
}

export interface Reading {
  readonly place: Place;
  readonly controller: AbortController;
}

/** Originals that somebody holds. */
export interface HeldOriginals {
  /** The one that who comes next may join. */
  get(key: string): Held | undefined;
  /** One that nobody holds yet, in place of the one before; its record, when it is not known, is to be set at once. */
  add(key: string, record: OriginalRecord | undefined): Held;
  readingOf(held: Held): Reading;
  /** No one joins it any more; who holds it goes on. */
  discard(held: Held): void;
  /** For one of its holders. With the last, a read that still goes on is ended. */
  letGo(held: Held): void;
  /** Discards those with any of these tags, and tells whoever works with them. */
  purge(tags: readonly string[]): void;
}

/** What stands for a record between the making of its holder and the start of its loading. */
const LOADING: Promise<OriginalRecord> = new Promise(() => {});
// A reason of its own: without one, each abort would make an exception with a stack that nobody reads.
const LET_GO = new Error('Nobody holds the original any more.');

export function createHeldOriginals(admission: Admission): HeldOriginals {
  const joinable = new Map<string, Held>();
  const all = new Set<Held>();

  function discard(held: Held): void {
    if (joinable.get(held.key) === held) joinable.delete(held.key);
  }

  return {
    get: (key) => joinable.get(key),
    add(key, record) {
      const held: Held = {
        key,
        record: record ?? LOADING,
        bytes: undefined,
        reading: undefined,
        holders: 0,
        isPurged: false,
      };
      joinable.set(key, held);
      all.add(held);
      return held;
    },
    readingOf(held) {
      held.reading ??= { place: createPlace(admission), controller: new AbortController() };
      return held.reading;
    },
    discard,
    letGo(held) {
      held.holders--;
      if (held.holders > 0) return;
      discard(held);
      all.delete(held);
      if (!held.reading) return;
      const { place, controller } = held.reading;
      controller.abort(LET_GO);
      // The place is given back when the bytes are, not while a read that was just ended may still hold them.
      void Promise.allSettled([held.record, held.bytes]).then(() => place.release());
    },
    purge(tags) {
      for (const held of all) {
        if (!isTagged(held.key, tags)) continue;
        held.isPurged = true;
        discard(held);
      }
    },
  };
}
