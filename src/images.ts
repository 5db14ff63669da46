import type { Logger } from 'pino';
import { createMemoryTier } from './cache/memory.ts';
import { openStore } from './cache/open-store.ts';
import { objectTag } from './cache/tags.ts';
import { createWriteBehind, type WriteBehind } from './cache/write-behind.ts';
import { type Config, optionPolicy } from './config.ts';
import { createCacheTags } from './http/cache-tags.ts';
import type { ImageOptions } from './http/image.ts';
import { createSendOriginal } from './http/original.ts';
import type { UploadRouteOptions } from './http/uploads.ts';
import { openFallback } from './open-fallback.ts';
import { createPurging, type Purging } from './purging.ts';
import { createAdmission, observeAdmission } from './render/admission.ts';
import { createKeptBytes } from './render/kept-bytes.ts';
import { createOriginalReader } from './render/original-reader.ts';
import { createOriginals } from './render/originals.ts';
import { createPassthrough } from './render/passthrough.ts';
import { createRecords } from './render/records.ts';
import { createRefusals } from './render/refusals.ts';
import { createRenderer } from './render/renderer.ts';
import { createWatermarks, MAX_WATERMARK_BYTES } from './render/watermarks.ts';
import { signingRule } from './signing-rule.ts';
import type { Source } from './sources/source.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { observeTransform, type Transform } from './transform/observe.ts';
import type { DrawingRules } from './transform/rules.ts';
import { createUploading } from './uploading.ts';

export interface ImageParts {
  readonly source: Source;
  readonly transform: Transform;
  readonly rules: DrawingRules;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Aborts when the process ends. */
  readonly ending: AbortSignal;
  /** How long a purge is tried, in milliseconds. */
  readonly purgeLimitMs?: number | undefined;
}

export interface Images {
  /** What the route is made of. */
  readonly options: ImageOptions;
  /** What the routes of uploads are made of; undefined where there are none. */
  readonly uploads: UploadRouteOptions | undefined;
  readonly purging: Purging;
  close(): Promise<void>;
}

/** Originals whose bytes are in memory at once, for each worker: one at work and three on their way keep it busy. */
const ORIGINALS_PER_WORKER = 4;

/** A source answers in tens of milliseconds. */
const PATIENCE_MS = 2_000;

/** The part of the composition root that makes pictures: originals, caches, workers and what is done between them. */
export async function createImages(config: Config, parts: ImageParts): Promise<Images> {
  const { source, rules, metrics, now } = parts;
  const admissions = createAdmissions(config, metrics);
  const memory = createMemoryTier({ maxBytes: config.cacheMemoryBytes, onEvict: metrics.evicted });
  const kept = createKeptBytes(config.cacheOriginalsBytes);
  const store = await openCommonStore(config, metrics);
  metrics.watch({ workers: config.workers, admissions, memoryTier: memory, kept });
  const { originalFreshMs: freshMs, cacheControl } = config;
  const readerOf = (maxSourceBytes: number) => createOriginalReader({ source, maxSourceBytes, rules, now });
  const originals = createOriginals({
    reader: readerOf(config.maxSourceBytes),
    admission: admissions.originals,
    records: createRecords({
      freshMs,
      staleMs: config.originalStaleMs,
      staleIfErrorMs: config.originalStaleIfErrorMs,
      now,
    }),
    kept,
    patienceMs: Math.min(PATIENCE_MS, config.deadlineMs / 2),
  });
  const watermarks = createWatermarks({
    specs: config.watermarks,
    reader: readerOf(Math.min(config.maxSourceBytes, MAX_WATERMARK_BYTES)),
    freshMs,
    now,
  });
  function forget(tags: readonly string[]): number {
    originals.drop(tags);
    watermarks.drop(tags);
    store?.forget(tags);
    return memory.drop(tags);
  }
  const purging = await createPurging(config, { ...parts, store, forget, limitMs: parts.purgeLimitMs });
  const transform = observeTransform(parts.transform, metrics);
  const render = createRenderer({
    memory,
    store: purging.store,
    workers: admissions.workers,
    transform,
    refusals: createRefusals(now),
  });
  const planPolicy = { ...config, rules };
  const { purger } = purging;
  const uploadingParts = {
    ...parts,
    ...admissions,
    transform,
    planPolicy,
    purger,
    forget: (key: string) => void forget([objectTag(key)]),
  };
  const uploading = config.uploads && (await createUploading(config, config.uploads, uploadingParts));
  const cacheTags = createCacheTags(config.cacheTagHeader);
  const watermarkKeys = Object.fromEntries(Object.entries(config.watermarks).map(([name, { key }]) => [name, key]));
  const options: ImageOptions = {
    origin: {
      sourceId: source.id,
      originals,
      sendOriginal: createSendOriginal({
        passthrough: createPassthrough({ source, refusesSvg: rules.svg === 'refuse' }),
        cacheControl,
      }),
    },
    sendPending: uploading?.sendPending,
    watermarks,
    render,
    sendFallback: await openFallback(config, { render, planPolicy }),
    reading: {
      policy: optionPolicy(config),
      cacheTags,
      watermarkKeys,
      signing: signingRule(config, parts.logger),
      uploads: uploading?.reading,
    },
    tagHeader: cacheTags.header,
    planPolicy,
    cacheControl,
    deadlineMs: config.deadlineMs,
  };
  return {
    options,
    uploads: uploading?.routes,
    purging,
    async close() {
      uploading?.close();
      // What waits to be written needs nothing of a purge that ends.
      await Promise.all([purging.close(), store?.flush()]);
      await store?.close();
    },
  };
}

/** Entries that wait to be written at most: what comes on top of them is made again by whoever needs it. */
const MAX_PENDING = { entries: 256, bytes: 32 * 1024 * 1024 };

async function openCommonStore(config: Config, metrics: Metrics): Promise<WriteBehind | undefined> {
  const { cacheStore: url, cacheStoreBytes: maxBytes, s3ForcePathStyle: forcePathStyle } = config;
  if (url === undefined) return undefined;
  const observe = metrics.storeAsked;
  return createWriteBehind(await openStore({ url, maxBytes, forcePathStyle, observe }), {
    maxPending: MAX_PENDING,
    observe,
  });
}

/** Bodies that pass through on their way to the store, at a time: 10 MiB of each are in memory. */
const BODIES = 8;

/**
 * Steps of uploads that ask the bucket at a time: fewer than there are sockets, since the SDK takes a request that waits for one for a
 * connection that fails. 500 confirmed at once were 502 after 2 s.
 */
const STEPS = 32;

/** Where work waits: for room to hold an original, for a worker, for room to hold a part of a body, and for the bucket of uploads. */
function createAdmissions({ workers, queueLength }: Config, metrics: Metrics) {
  const gate = (name: string, capacity: number) =>
    observeAdmission(createAdmission({ capacity, queueLength }), {
      waited: (seconds) => metrics.waited(name, seconds),
      refused: () => metrics.shed(`${name}_queue_full`),
    });
  return {
    originals: gate('originals', workers * ORIGINALS_PER_WORKER),
    workers: gate('workers', workers),
    bodies: gate('bodies', BODIES),
    steps: gate('steps', STEPS),
  };
}
