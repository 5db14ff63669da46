import { tagsOf } from '../cache/tags.ts';
import type { CacheEntry, Tier } from '../cache/tier.ts';
import { ServiceError } from '../errors.ts';
import type { Plan } from '../transform/plan.ts';
import type { Admission } from './admission.ts';
import { createFlights } from './flights.ts';
import type { OriginalLease, Originals } from './originals.ts';
import type { Variant } from './variant.ts';

export interface RendererOptions {
  readonly originals: Originals;
  readonly tier: Tier;
  /** Bounds the pictures that are worked on at once, by the cost of their plans. */
  readonly workers: Admission;
  readonly transform: (original: Uint8Array, plan: Plan) => Promise<Buffer>;
}

/** Milliseconds a variant took, step by step; none for a hit. */
export interface RenderTimings {
  readonly source: number;
  readonly queue: number;
  readonly transform: number;
}

export interface Rendered {
  readonly entry: CacheEntry;
  readonly outcome: 'hit' | 'miss' | 'collapsed';
  readonly timings?: RenderTimings;
}

export type Render = (variant: Variant, signal: AbortSignal) => Promise<Rendered>;

interface Made {
  readonly entry: CacheEntry;
  readonly timings: RenderTimings;
}

/** cache → flight → admission → read → transform → store. */
export function createRenderer({ originals, tier, workers, transform }: RendererOptions): Render {
  const flights = createFlights<Made>();

  /** With a hold of its own: the request that started it may leave while others still wait. */
  async function make(variant: Variant, signal: AbortSignal): Promise<Made> {
    const lease = await originals.hold(variant.objectKey, signal);
    try {
      if (lease.record.head.etag !== variant.originalEtag) throw new ServiceError('source_changed');
      const made = await work(variant, lease, signal);
      if (lease.record.storable) await tier.set(variant.id, made.entry);
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

  return async (variant, signal) => {
    const entry = await tier.get(variant.id);
    if (entry) return { entry, outcome: 'hit' };
    const { value, joined } = await flights.join(variant.id, signal, (flightSignal) => make(variant, flightSignal));
    return { ...value, outcome: joined ? 'collapsed' : 'miss' };
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
