import { tagsOf } from '../cache/tags.ts';
import type { CacheEntry, Tier } from '../cache/tier.ts';
import type { Transform } from '../transform/observe.ts';
import type { Admission } from './admission.ts';
import { createFlights } from './flights.ts';
import type { OriginalHold, OriginalLease } from './originals.ts';
import type { Refusals } from './refusals.ts';
import type { Variant } from './variant.ts';

export interface RendererOptions {
  readonly memory: Tier;
  /** Shared with other instances, or with later runs of this one. */
  readonly store?: Tier | undefined;
  /** Bounds the pictures that are worked on at once, by the cost of their plans. */
  readonly workers: Admission;
  readonly transform: Transform;
  readonly refusals: Refusals;
}

/** Milliseconds a variant took, step by step; none for a hit. */
export interface RenderTimings {
  readonly source: number;
  readonly queue: number;
  readonly transform: number;
}

export interface Rendered {
  readonly entry: CacheEntry;
  /** `stored`: found in the store. */
  readonly outcome: 'hit' | 'stored' | 'miss' | 'collapsed';
  readonly timings?: RenderTimings;
}

/** `hold` is on the original that the variant is of, at least until the promise is settled. */
export type Render = (
  variant: Variant,
  hold: OriginalHold,
  waiter: { readonly signal: AbortSignal },
) => Promise<Rendered>;

interface Made {
  readonly entry: CacheEntry;
  /** None for what was found in the store. */
  readonly timings?: RenderTimings;
}

/** memory → flight → store → admission → read → transform → memory, store. */
export function createRenderer({ memory, store, workers, transform, refusals }: RendererOptions): Render {
  const flights = createFlights<Made>();

  async function obtain(variant: Variant, lease: OriginalLease, signal: AbortSignal): Promise<Made> {
    try {
      const { storable } = lease.record;
      const stored = storable ? await store?.get(variant.id) : undefined;
      const made = stored ? { entry: stored } : await refusals.of(variant.id, () => work(variant, lease, signal));
      if (!storable || lease.isPurged()) return made;
      await memory.set(variant.id, made.entry);
      if (!stored) await store?.set(variant.id, made.entry);
      return made;
    } finally {
      lease.release();
    }
  }

  async function work(variant: Variant, lease: OriginalLease, signal: AbortSignal): Promise<Made> {
    const started = performance.now();
    const bytes = await lease.bytes();
    const queued = performance.now();
    const release = await workers.enter(variant.plan.cost, signal);
    const admitted = performance.now();
    try {
      // libvips cannot be stopped within a picture: who waited may be gone by the end, and the next one finds the result.
      const body = await transform(bytes, variant.plan);
      const timings = {
        source: queued - started,
        queue: admitted - queued,
        transform: performance.now() - admitted,
      };
      return { entry: entryOf(variant, body), timings };
    } finally {
      release();
    }
  }

  return async (variant, hold, waiter) => {
    const entry = await memory.get(variant.id);
    if (entry) return { entry, outcome: 'hit' };
    // With a hold of its own: the request that starts it may leave while others still wait.
    const start = (flightSignal: AbortSignal) => obtain(variant, hold.share(flightSignal), flightSignal);
    const { value, joined } = await flights.join(variant.id, waiter.signal, start);
    return { ...value, outcome: joined ? 'collapsed' : value.timings ? 'miss' : 'stored' };
  };
}

function entryOf(variant: Variant, body: Buffer): CacheEntry {
  return {
    body,
    format: variant.plan.format,
    etag: variant.etag,
    storedAt: Date.now(),
    tags: tagsOf(variant.objectKey),
  };
}
