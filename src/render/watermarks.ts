import { NEVER, orAborted, withinTime } from '../abort.ts';
import { isTagged } from '../cache/tags.ts';
import { hasCode, ServiceError } from '../errors.ts';
import { MAX_WATERMARK_PIXELS, type Watermark, type WatermarkSpec } from '../transform/watermark.ts';
import type { OriginalReader, Place } from './original-reader.ts';
import type { OriginalRecord } from './record.ts';

export interface WatermarksOptions {
  readonly specs: Readonly<Record<string, WatermarkSpec>>;
  readonly reader: OriginalReader;
  /** How long a watermark is used without asking the source whether it changed, in milliseconds. */
  readonly freshMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Watermarks by name, of those that are configured. They stay in memory: there are few, and each is small. */
export interface Watermarks {
  read(name: string, signal: AbortSignal): Promise<Watermark>;
  /** Those whose objects have any of these tags are asked about anew. */
  drop(tags: readonly string[]): void;
}

/** Bytes of a watermark at most. */
export const MAX_WATERMARK_BYTES = 4 * 1024 * 1024;
/** Nobody else's signal ends a read that all who want the watermark wait for. */
const READ_TIMEOUT_MS = 10_000;
/** Among originals there is a place for each request; a watermark takes none of them. */
const nothing = async () => {};
const NO_PLACE: Place = { take: nothing, release: nothing };

interface Held {
  readonly record: OriginalRecord;
  readonly watermark: Watermark;
}

interface Reading {
  readonly held: Promise<Held>;
  /** What it finds may be from before a purge: for those who wait, and no one else. */
  isPurged: boolean;
}

export function createWatermarks({ specs, reader, freshMs, now }: WatermarksOptions): Watermarks {
  const heldByName = new Map<string, Held>();
  const readings = new Map<string, Reading>();

  async function read(name: string, known: Held | undefined): Promise<Held> {
    const spec = specs[name] as WatermarkSpec;
    const { record, bytes } = await withinTime(READ_TIMEOUT_MS, NEVER, (signal) =>
      reader.load(spec.key, known?.record, NO_PLACE, signal),
    );
    return { record, watermark: bytes ? watermarkOf(spec, record, bytes) : (known ?? unread()).watermark };
  }

  /** What is held goes on being used while it cannot be read anew: better an old watermark than no picture. */
  async function refresh(name: string, known: Held | undefined): Promise<Held> {
    try {
      return await read(name, known);
    } catch (error) {
      const isGone = hasCode(error, 'not_found');
      if (known && !isGone) return { ...known, record: { ...known.record, checkedAt: now() } };
      throw failure(name, error as Error);
    }
  }

  function startReading(name: string, known: Held | undefined): Reading {
    const reading: Reading = { held: refresh(name, known), isPurged: false };
    readings.set(name, reading);
    const end = (held?: Held) => {
      if (reading.isPurged) return;
      readings.delete(name);
      if (held) heldByName.set(name, held);
    };
    reading.held.then(end, () => end());
    return reading;
  }

  function outdate(name: string): void {
    const known = heldByName.get(name);
    // Held still: it is used where the source cannot be asked.
    if (known) heldByName.set(name, { ...known, record: { ...known.record, checkedAt: Number.NEGATIVE_INFINITY } });
    const running = readings.get(name);
    if (running) running.isPurged = true;
    readings.delete(name);
  }

  return {
    async read(name, signal) {
      const known = heldByName.get(name);
      if (known && now() - known.record.checkedAt < freshMs) return known.watermark;
      const { held } = readings.get(name) ?? startReading(name, known);
      return (await orAborted(held, signal)).watermark;
    },
    drop(tags) {
      for (const [name, { key }] of Object.entries(specs)) if (isTagged(key, tags)) outdate(name);
    },
  };
}

function watermarkOf(spec: WatermarkSpec, { head, content }: OriginalRecord, picture: Buffer): Watermark {
  if (content.kind !== 'image') return unread();
  const { width, height } = content.facts;
  if (width * height > MAX_WATERMARK_PIXELS) throw new Error(`It has ${width}x${height} pixels.`);
  return { id: JSON.stringify([head.etag, spec]), spec, picture, size: { width, height } };
}

function unread(): never {
  throw new Error('It is no picture that can be read.');
}

/** A watermark that is missing is no fault of who asks, and none that a CDN should remember. */
function failure(name: string, error: Error): ServiceError {
  const message = `The watermark "${name}" cannot be read: ${error.message}`;
  const isPassing = error instanceof ServiceError && error.row.status === 503;
  return new ServiceError(isPassing ? 'source_unavailable' : 'source_failed', message, { cause: error });
}
