import { ServiceError } from '../errors.ts';
import type { Watermark, WatermarkSpec } from '../transform/watermark.ts';
import { NEVER, orAborted, withinTime } from './abort.ts';
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
export type ReadWatermark = (name: string, signal: AbortSignal) => Promise<Watermark>;

/** Bytes of a watermark at most. */
export const MAX_WATERMARK_BYTES = 4 * 1024 * 1024;
const MAX_WATERMARK_PIXELS = 16_777_216;
/** Nobody else's signal ends a read that all who want the watermark wait for. */
const READ_TIMEOUT_MS = 10_000;
/** Among originals there is a place for each request; a watermark takes none of them. */
const nothing = async () => {};
const NO_PLACE: Place = { take: nothing, release: nothing };

interface Held {
  readonly record: OriginalRecord;
  readonly watermark: Watermark;
}

export function createWatermarks({ specs, reader, freshMs, now }: WatermarksOptions): ReadWatermark {
  const heldByName = new Map<string, Held>();
  const readings = new Map<string, Promise<Held>>();

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
      const isGone = error instanceof ServiceError && error.code === 'not_found';
      if (known && !isGone) return { ...known, record: { ...known.record, checkedAt: now() } };
      throw failure(name, error as Error);
    }
  }

  async function reading(name: string, known: Held | undefined): Promise<Held> {
    try {
      const held = await refresh(name, known);
      heldByName.set(name, held);
      return held;
    } finally {
      readings.delete(name);
    }
  }

  return async (name, signal) => {
    const known = heldByName.get(name);
    if (known && now() - known.record.checkedAt < freshMs) return known.watermark;
    const running = readings.get(name) ?? reading(name, known);
    readings.set(name, running);
    return (await orAborted(running, signal)).watermark;
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
