import { LRUCache } from 'lru-cache';
import { type ErrorCode, ServiceError } from '../errors.ts';
import { orAborted } from './abort.ts';
import type { Admission } from './admission.ts';
import { createPlace, type OriginalReader, type Place } from './original-reader.ts';
import type { OriginalRecord } from './record.ts';

export interface OriginalsOptions {
  readonly reader: OriginalReader;
  /** Bounds the originals whose bytes are in memory at once, one place each. */
  readonly admission: Admission;
  /** How long a record is used without asking the source, in milliseconds. */
  readonly freshMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** An original for as long as somebody works with it. */
export interface OriginalHold {
  readonly record: OriginalRecord;
  /**
   * Another hold on the same original, for work that may outlast this one. Not the same as to hold the key anew: that could
   * take a second place in memory while the first is waited for.
   */
  share(signal: AbortSignal): OriginalLease;
  /** To be called once. When the last holder lets go, a read that still goes on is ended. */
  release(): void;
}

/** A hold with the bytes, which all who hold the original at the same time share. */
export interface OriginalLease extends OriginalHold {
  /** Every byte of the version that `record` describes, else `source_changed`. */
  bytes(): Promise<Buffer>;
}

export interface Originals {
  /** A hold on an object whose record the source has confirmed less than `freshMs` ago. */
  hold(key: string, signal: AbortSignal): Promise<OriginalLease>;
  /** The same where it takes no request to the source; undefined where it does. */
  holdKnown(key: string): OriginalHold | undefined;
}

/** What holders share: one record, one read of the bytes, one place in memory. */
interface Held {
  readonly key: string;
  /** The record, or a promise of it while it is loading. */
  record: OriginalRecord | Promise<OriginalRecord>;
  bytes: Promise<Buffer> | undefined;
  /** Made when something is read: most holders find all they need in memory. */
  reading: Reading | undefined;
  holders: number;
}

interface Reading {
  readonly place: Place;
  readonly controller: AbortController;
}

/** Records kept at most; one takes about a kilobyte. */
const MAX_RECORDS = 20_000;
/** What says that a record is of the past. */
const OUTDATED: readonly ErrorCode[] = ['not_found', 'source_changed'];
/** What stands for a record between the making of its holder and the start of its loading. */
const LOADING: Promise<OriginalRecord> = new Promise(() => {});
// A reason of its own: without one, each abort would make an exception with a stack that nobody reads.
const LET_GO = new Error('Nobody holds the original any more.');

export function createOriginals({ reader, admission, freshMs, now }: OriginalsOptions): Originals {
  const records = new LRUCache<string, OriginalRecord>({ max: MAX_RECORDS });
  const heldByKey = new Map<string, Held>();

  const isFresh = (record: OriginalRecord) => now() - record.checkedAt < freshMs;

  function find(key: string): Held | undefined {
    const held = heldByKey.get(key);
    // Holders that overlap without end must not keep an old record in use without end.
    return held && (held.record instanceof Promise || isFresh(held.record)) ? held : undefined;
  }

  function take(key: string): Held {
    const known = records.get(key);
    const fresh = known && isFresh(known) ? known : undefined;
    const held: Held = { key, record: fresh ?? LOADING, bytes: undefined, reading: undefined, holders: 0 };
    if (!fresh) held.record = load(held, known);
    heldByKey.set(key, held);
    return held;
  }

  function readingOf(held: Held): Reading {
    held.reading ??= { place: createPlace(admission), controller: new AbortController() };
    return held.reading;
  }

  async function load(held: Held, known: OriginalRecord | undefined): Promise<OriginalRecord> {
    const { place, controller } = readingOf(held);
    try {
      const { record, bytes } = await reader.load(held.key, known, place, controller.signal);
      held.bytes = bytes && Promise.resolve(bytes);
      held.record = record;
      records.set(held.key, record);
      return record;
    } catch (error) {
      abandon(held, error);
      throw error;
    }
  }

  async function readBytes(held: Held, record: OriginalRecord): Promise<Buffer> {
    const { place, controller } = readingOf(held);
    try {
      return await reader.read(held.key, record, place, controller.signal);
    } catch (error) {
      abandon(held, error);
      throw error;
    }
  }

  function abandon(held: Held, error: unknown): void {
    discard(held);
    if (error instanceof ServiceError && OUTDATED.includes(error.code)) records.delete(held.key);
  }

  /** No one joins it any more; who holds it goes on. */
  function discard(held: Held): void {
    if (heldByKey.get(held.key) === held) heldByKey.delete(held.key);
  }

  function letGo(held: Held): void {
    held.holders--;
    if (held.holders > 0) return;
    discard(held);
    if (!held.reading) return;
    const { place, controller } = held.reading;
    controller.abort(LET_GO);
    // The place is given back when the bytes are, not while a read that was just ended may still hold them.
    void Promise.allSettled([held.record, held.bytes]).then(() => place.release());
  }

  function holdOf(held: Held, record: OriginalRecord): OriginalHold {
    return {
      record,
      share(signal) {
        held.holders++;
        return leaseOf(held, record, signal);
      },
      release: () => letGo(held),
    };
  }

  function leaseOf(held: Held, record: OriginalRecord, signal: AbortSignal): OriginalLease {
    return {
      ...holdOf(held, record),
      async bytes() {
        // Who has left starts no read that nobody would wait for.
        signal.throwIfAborted();
        held.bytes ??= readBytes(held, record);
        return await orAborted(held.bytes, signal);
      },
    };
  }

  return {
    async hold(key, signal) {
      signal.throwIfAborted();
      const held = find(key) ?? take(key);
      held.holders++;
      if (!(held.record instanceof Promise)) return leaseOf(held, held.record, signal);
      try {
        return leaseOf(held, await orAborted(held.record, signal), signal);
      } catch (error) {
        letGo(held);
        throw error;
      }
    },
    holdKnown(key) {
      const known = records.get(key);
      if (!known || !isFresh(known)) return undefined;
      const found = heldByKey.get(key);
      const held = found?.record === known ? found : take(key);
      held.holders++;
      return holdOf(held, known);
    },
  };
}
