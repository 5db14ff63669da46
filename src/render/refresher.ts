import { NEVER, withinTime } from '../abort.ts';
import { isTagged } from '../cache/tags.ts';
import type { Admission } from './admission.ts';
import { createPlace, type Loaded, type OriginalReader } from './original-reader.ts';
import type { OriginalRecord } from './record.ts';
import type { Records } from './records.ts';

export interface RefresherOptions {
  readonly reader: OriginalReader;
  readonly admission: Admission;
  readonly records: Records;
  /** Takes in what was read. */
  readonly keep: (key: string, loaded: Loaded) => OriginalRecord;
}

/** Records that are confirmed behind answers at once; of the others some will be asked for again. */
const MAX_REFRESHING = 32;
/** Nobody waits for it, so nobody's deadline ends it. */
const REFRESH_TIMEOUT_MS = 10_000;

/** Asks the source about an original whose record is used though it is stale, behind the answer, once for all who use it. */
export interface Refresher {
  refresh(key: string): void;
  /** What is being asked about objects with any of these tags is not taken in: it may have been answered before a purge. */
  drop(tags: readonly string[]): void;
}

export function createRefresher({ reader, admission, records, keep }: RefresherOptions): Refresher {
  const refreshing = new Map<string, symbol>();

  async function ask(key: string, known: OriginalRecord, asking: symbol): Promise<void> {
    const place = createPlace(admission);
    const isPurged = () => refreshing.get(key) !== asking;
    try {
      const loaded = await withinTime(REFRESH_TIMEOUT_MS, NEVER, (signal) => reader.load(key, known, place, signal));
      if (!isPurged()) keep(key, loaded);
    } catch (error) {
      if (!isPurged()) records.failed(key, error);
    } finally {
      if (!isPurged()) refreshing.delete(key);
      place.release();
    }
  }

  return {
    refresh(key) {
      const known = records.get(key);
      const why = known && records.usable(key, known);
      if (!why || why === 'fresh' || refreshing.has(key)) return;
      if (refreshing.size >= MAX_REFRESHING || !records.mayAsk(key)) return;
      const asking = Symbol(key);
      refreshing.set(key, asking);
      void ask(key, known, asking);
    },
    drop(tags) {
      for (const key of [...refreshing.keys()]) if (isTagged(key, tags)) refreshing.delete(key);
    },
  };
}
