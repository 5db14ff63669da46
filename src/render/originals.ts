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

/** An original for as long as somebody works with it; its bytes are shared by all who hold it at the same time. */
export interface OriginalLease {
  readonly record: OriginalRecord;
  /** Every byte of the version that `record` describes, else `source_changed`. */
  bytes(): Promise<Buffer>;
  /** To be called once. When the last holder lets go, a read that still goes on is ended. */
  release(): void;
}

export interface Originals {
  /** A hold on an object whose record the source has confirmed less than `freshMs` ago. */
  hold(key: string, signal: AbortSignal): Promise<OriginalLease>;
}

/** What holders share: one record, one read of the bytes, one place in memory. */
interface Held {
  readonly key: string;
  readonly place: Place;
  readonly controller: AbortController;
  readonly record: Promise<OriginalRecord>;
  /** The record once it is there. */
  settled: OriginalRecord | undefined;
  bytes: Promise<Buffer> | undefined;
  holders: number;
}

/** Records kept at most; one takes about a kilobyte. */
const MAX_RECORDS = 20_000;

/** What says that a record is of the past. */
const OUTDATED: readonly ErrorCode[] = ['not_found', 'source_changed'];

export function createOriginals({ reader, admission, freshMs, now }: OriginalsOptions): Originals {
  const records = new LRUCache<string, OriginalRecord>({ max: MAX_RECORDS });
  const heldByKey = new Map<string, Held>();

  const isFresh = (record: OriginalRecord) => now() - record.checkedAt < freshMs;

  function find(key: string): Held | undefined {
    const held = heldByKey.get(key);
    // Holders that overlap without end must not keep an old record in use without end.
    return held && (held.settled === undefined || isFresh(held.settled)) ? held : undefined;
  }

  function take(key: string): Held {
    const known = records.get(key);
    const place = createPlace(admission);
    const controller = new AbortController();
    const held: Held =
      known && isFresh(known)
        ? { key, place, controller, record: Promise.resolve(known), settled: known, bytes: undefined, holders: 0 }
        : { key, place, controller, record: load(), settled: undefined, bytes: undefined, holders: 0 };
    heldByKey.set(key, held);

    async function load(): Promise<OriginalRecord> {
      try {
        const { record, bytes } = await reader.load(key, known, place, controller.signal);
        held.bytes = bytes && Promise.resolve(bytes);
        held.settled = record;
        records.set(key, record);
        return record;
      } catch (error) {
        abandon(held, error);
        throw error;
      }
    }
    return held;
  }

  /** No one joins it any more; who holds it goes on. */
  function discard(held: Held): void {
    if (heldByKey.get(held.key) === held) heldByKey.delete(held.key);
  }

  function abandon(held: Held, error: unknown): void {
    discard(held);
    if (error instanceof ServiceError && OUTDATED.includes(error.code)) records.delete(held.key);
  }

  async function readBytes(held: Held, record: OriginalRecord): Promise<Buffer> {
    try {
      return await reader.read(held.key, record, held.place, held.controller.signal);
    } catch (error) {
      abandon(held, error);
      throw error;
    }
  }

  function letGo(held: Held): void {
    held.holders--;
    if (held.holders > 0) return;
    discard(held);
    held.controller.abort();
    // The place is given back when the bytes are, not while a read that was just ended may still hold them.
    void Promise.allSettled([held.record, held.bytes]).then(() => held.place.release());
  }

  return {
    async hold(key, signal) {
      signal.throwIfAborted();
      const held = find(key) ?? take(key);
      held.holders++;
      try {
        const record = await orAborted(held.record, signal);
        const bytes = () => {
          held.bytes ??= readBytes(held, record);
          return orAborted(held.bytes, signal);
        };
        return { record, bytes, release: () => letGo(held) };
      } catch (error) {
        letGo(held);
        throw error;
      }
    },
  };
}
