import { orAborted, withinTime } from '../abort.ts';
import { ServiceError } from '../errors.ts';
import type { Admission } from './admission.ts';
import { createHeldOriginals, type Held } from './held.ts';
import type { KeptBytes } from './kept-bytes.ts';
import type { Loaded, OriginalReader } from './original-reader.ts';
import type { OriginalRecord } from './record.ts';
import type { Records, Staleness } from './records.ts';
import { createRefresher } from './refresher.ts';

export interface OriginalsOptions {
  readonly reader: OriginalReader;
  /** Bounds the originals whose bytes are in memory at once, one place each. */
  readonly admission: Admission;
  readonly records: Records;
  readonly kept: KeptBytes;
  /** How long the source is waited for where there is a record to fall back on, in milliseconds. */
  readonly patienceMs: number;
}

/** An original for as long as somebody works with it. */
export interface OriginalHold {
  readonly record: OriginalRecord;
  /** Why the record is used although it is no longer fresh, and for how many milliseconds it has not been; absent while it is. */
  readonly stale?: { readonly why: Staleness; readonly ms: number };
  /** Whether it was purged since: who holds it goes on, and nothing of it is kept. */
  isPurged(): boolean;
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
  /** A hold on an object whose record may be used: fresh, or stale where that is allowed. */
  hold(key: string, signal: AbortSignal): Promise<OriginalLease>;
  /** The same where it takes no request to the source; undefined where it does. */
  holdKnown(key: string): OriginalHold | undefined;
  /** Forgets all objects with any of these tags: whoever asks from now on is told what the source says from now on. */
  drop(tags: readonly string[]): void;
}

export function createOriginals(options: OriginalsOptions): Originals {
  const { reader, admission, records, kept, patienceMs } = options;
  const allHeld = createHeldOriginals(admission);
  const refresher = createRefresher({ reader, admission, records, keep });

  function find(key: string): Held | undefined {
    const held = allHeld.get(key);
    // Holders that overlap without end must not keep an old record in use without end.
    return held && (held.record instanceof Promise || records.usable(key, held.record)) ? held : undefined;
  }

  /** With a record that may be used, or the promise of one. */
  function take(key: string, usable: OriginalRecord | undefined): Held {
    const held = allHeld.add(key, usable);
    if (!usable) held.record = load(held, records.get(key));
    return held;
  }

  function usableRecord(key: string): OriginalRecord | undefined {
    const known = records.get(key);
    return known && records.usable(key, known) ? known : undefined;
  }

  async function load(held: Held, known: OriginalRecord | undefined): Promise<OriginalRecord> {
    const { place, controller } = allHeld.readingOf(held);
    try {
      const loaded = await withPatience(known, controller.signal, (signal) =>
        reader.load(held.key, known, place, signal),
      );
      held.bytes = loaded.bytes && Promise.resolve(loaded.bytes);
      held.record = held.isPurged ? loaded.record : keep(held.key, loaded);
    } catch (error) {
      held.record = spareFor(held, known, error);
    }
    return held.record;
  }

  /** Better the one that was true a while ago than none: for as long as that is allowed. */
  function spareFor(held: Held, known: OriginalRecord | undefined, error: unknown): OriginalRecord {
    if (held.isPurged) throw error;
    records.failed(held.key, error);
    if (known && records.usable(held.key, known)) return known;
    throw abandoned(held, error);
  }

  /** Where there is something to fall back on, the source is not waited for until the deadline. */
  function withPatience<T>(
    known: OriginalRecord | undefined,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ) {
    return known && records.isSpare(known) ? withinTime(patienceMs, signal, work) : work(signal);
  }

  function keep(key: string, { record, bytes }: Loaded): OriginalRecord {
    records.succeeded(key, record);
    if (bytes && record.storable) kept.set(key, record.head.etag, bytes);
    return record;
  }

  async function readBytes(held: Held, record: OriginalRecord): Promise<Buffer> {
    const known = kept.get(held.key, record.head.etag);
    if (known) return known;
    const { place, controller } = allHeld.readingOf(held);
    try {
      const bytes = await reader.read(held.key, record, place, controller.signal);
      records.answered(held.key);
      if (record.storable && !held.isPurged) kept.set(held.key, record.head.etag, bytes);
      return bytes;
    } catch (error) {
      if (!held.isPurged) records.failed(held.key, error);
      throw abandoned(held, error);
    }
  }

  function abandoned(held: Held, error: unknown): unknown {
    allHeld.discard(held);
    return error;
  }

  function holdOf(held: Held, record: OriginalRecord): OriginalHold {
    const why = records.usable(held.key, record);
    return {
      record,
      ...(why !== undefined && why !== 'fresh' && { stale: { why, ms: records.staleMs(record) } }),
      isPurged: () => held.isPurged,
      share(signal) {
        held.holders++;
        return leaseOf(held, record, signal);
      },
      release: () => allHeld.letGo(held),
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
      if (records.isMissing(key)) throw new ServiceError('not_found');
      refresher.refresh(key);
      const held = find(key) ?? take(key, usableRecord(key));
      held.holders++;
      if (!(held.record instanceof Promise)) return leaseOf(held, held.record, signal);
      try {
        return leaseOf(held, await orAborted(held.record, signal), signal);
      } catch (error) {
        allHeld.letGo(held);
        throw error;
      }
    },
    holdKnown(key) {
      const known = records.get(key);
      const why = known && records.usable(key, known);
      if (!why) return undefined;
      if (why !== 'fresh') refresher.refresh(key);
      const found = allHeld.get(key);
      const held = found?.record === known ? found : take(key, known);
      held.holders++;
      return holdOf(held, known);
    },
    drop(tags) {
      records.drop(tags);
      kept.drop(tags);
      refresher.drop(tags);
      allHeld.purge(tags);
    },
  };
}
