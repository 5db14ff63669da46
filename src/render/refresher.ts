import { NEVER, withinTime } from './abort.ts';
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
export function createRefresher({ reader, admission, records, keep }: RefresherOptions): (key: string) => void {
  const refreshing = new Set<string>();

  async function refresh(key: string, known: OriginalRecord): Promise<void> {
    const place = createPlace(admission);
    try {
      keep(key, await withinTime(REFRESH_TIMEOUT_MS, NEVER, (signal) => reader.load(key, known, place, signal)));
    } catch (error) {
      records.failed(key, error);
    } finally {
      refreshing.delete(key);
      place.release();
    }
  }

  return (key) => {
    const known = records.get(key);
    const why = known && records.usable(key, known);
    if (!why || why === 'fresh' || refreshing.has(key)) return;
    if (refreshing.size >= MAX_REFRESHING || !records.mayAsk(key)) return;
    refreshing.add(key);
    void refresh(key, known);
  };
}
