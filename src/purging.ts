import type { Logger } from 'pino';
import { bucketPlace } from './bucket-url.ts';
import type { Store } from './cache/tier.ts';
import type { Config } from './config.ts';
import type { PurgeRouteOptions } from './http/purge.ts';
import type { Invalidator } from './purge/cloudfront.ts';
import { delayed } from './purge/delayed.ts';
import { createJournal, type Journal } from './purge/journal.ts';
import { withoutPurged } from './purge/purged-store.ts';
import { createPurger, type Purger } from './purge/purger.ts';
import type { PurgeQueue } from './purge/queue.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface PurgingParts {
  readonly store: Store | undefined;
  /** Drops what has any of these tags from memory, and says how many variants that were. */
  readonly forget: (tags: readonly string[]) => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Aborts when the process ends. */
  readonly ending: AbortSignal;
  readonly limitMs?: number | undefined;
}

export interface Purging {
  /** The store, without what is older than a purge. */
  readonly store: Store | undefined;
  readonly purger: Purger;
  /** What the route is made of; undefined where nothing is purged by request. */
  readonly route: PurgeRouteOptions | undefined;
  /** Resolves when it is known what was purged so far, or cannot be known now. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** How long a purge is tried before whoever ordered it is told to order it again. */
const LIMIT_MS = 10_000;
/** How long whoever ordered it waits for a CDN that is told at once. */
const CDN_PATIENCE_MS = 3_000;

/** The part of the composition root that forgets: by request, by notification, and what other replicas were told to. */
export async function createPurging(config: Config, parts: PurgingParts): Promise<Purging> {
  const { store, forget, metrics, logger } = parts;
  const journal = store && openJournal(config, store, (tags) => purger.hear(tags), parts);
  const invalidator = await openInvalidator(config, parts);
  const cdn = invalidator && store ? delayed(invalidator, config.purgePropagationMs) : invalidator;
  const purger = createPurger({
    forget,
    shared: store && journal && { store, journal },
    cdn,
    observe: metrics.purged,
    logger,
    limitMs: parts.limitMs ?? LIMIT_MS,
    ending: parts.ending,
  });
  const queue = await openQueue(config, purger, parts);
  const { purgeToken: token, purgeCloudFrontBy: by } = config;
  return {
    store: store && journal && withoutPurged(store, journal, metrics.storeAsked),
    purger,
    route:
      token === undefined
        ? undefined
        : {
            token,
            purger,
            takesTags: !cdn || by === 'tags',
            cdnPatienceMs: store ? 0 : CDN_PATIENCE_MS,
            signal: parts.ending,
          },
    async start() {
      await journal?.start();
      queue?.start();
    },
    async close() {
      await queue?.close();
      await cdn?.close();
      journal?.close();
    },
  };
}

function openJournal(
  { purgePropagationMs }: Config,
  { note }: Store,
  hear: (tags: readonly string[]) => void,
  { metrics, logger }: PurgingParts,
): Journal {
  // Twice as often as it has to arrive: a look that fails is followed by one in time.
  return createJournal({ note, everyMs: purgePropagationMs / 2, hear, observe: metrics.journalAsked, logger });
}

// Both clients are loaded on demand: they take a third of a second, and most instances need neither.

async function openInvalidator(config: Config, { metrics, logger }: PurgingParts): Promise<Invalidator | undefined> {
  const { purgeCloudFront: distributionId, purgeCloudFrontBy: by } = config;
  if (distributionId === undefined) return undefined;
  const { createCloudFront } = await import('./purge/cloudfront.ts');
  return createCloudFront({ distributionId, by, observe: metrics.invalidated, logger });
}

async function openQueue(
  { purgeQueueUrl: url, source }: Config,
  purger: Purger,
  { metrics, logger }: PurgingParts,
): Promise<PurgeQueue | undefined> {
  if (url === undefined) return undefined;
  const { createPurgeQueue } = await import('./purge/queue.ts');
  return createPurgeQueue({
    url,
    place: bucketPlace(new URL(source)),
    async purge(keys, signal) {
      const { store, replicas } = await purger.purge({ keys, prefixes: [], tags: [] }, signal);
      // The CDN is told later, and goes on being told.
      if (store === 'failed' || replicas === 'failed') throw new Error('Not purged everywhere.');
    },
    observe: metrics.queueAsked,
    logger,
  });
}
