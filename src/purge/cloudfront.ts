import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { orTimedOut } from '../abort.ts';
import { createBackoff } from './backoff.ts';
import { type Distribution, openDistribution, verdictOn } from './distribution.ts';
import { itemsByPath, itemsByTag } from './invalidation-items.ts';
import { createOutage } from './outage.ts';
import type { InvalidationOutcome } from './outcomes.ts';
import { endWithin, pause, realWait, type Wait } from './patience.ts';
import type { PurgeOrder } from './purge-order.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface CloudFrontOptions {
  readonly distributionId: string;
  /** `tags`: the distribution's CacheTagConfig names the header of our tags. `paths`, where it has none. */
  readonly by: 'tags' | 'paths';
  /** Called once for each request that was made, and for each order that was dropped. */
  readonly observe: (outcome: InvalidationOutcome) => void;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly wait?: Wait;
  readonly limits?: Partial<CloudFrontLimits>;
}

export interface CloudFrontLimits {
  /** Milliseconds in which what is asked for becomes one request. */
  readonly gatherMs: number;
  /** Milliseconds for one request. */
  readonly requestMs: number;
  /** How often a request is made until it is given up: with the pauses between, some four minutes. */
  readonly attempts: number;
  /** Items that wait to be sent. */
  readonly waiting: number;
  /** Milliseconds for what waits when the process ends. */
  readonly closeMs: number;
}

export interface Invalidator {
  /**
   * Resolves when CloudFront has taken all that the order names; what it then takes to be gone everywhere is up to CloudFront.
   * Rejects when it will not be: refused, given up, too much waiting already, or an order that cannot be expressed.
   */
  invalidate(order: PurgeOrder): Promise<void>;
  /** Sends what waits at once, and gives up what is not taken within 3 seconds: the process has 5 for all its ends. */
  close(): Promise<void>;
}

const LIMITS: CloudFrontLimits = {
  gatherMs: 1_000,
  requestMs: 30_000,
  attempts: 10,
  waiting: 10_000,
  closeMs: 3_000,
};

const BACKOFF = { firstMs: 1_000, maxMs: 60_000 };

// How many items of a distribution may be in progress at a time: 3,000, tags among them, and 15 that end in a wildcard
// (docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide: InvalidationLimits.html, invalidation-specifying-tags.html).
// A request with more would be refused at any time.
const MODES = {
  tags: { itemsOf: itemsByTag, most: 3_000 },
  paths: { itemsOf: itemsByPath, most: 15 },
} as const;

/** Tells CloudFront what to drop: one request at a time, each for as much as has come together until then. */
export function createCloudFront(options: CloudFrontOptions): Invalidator {
  const { distributionId, by, observe, logger, wait = realWait } = options;
  const { itemsOf, most } = MODES[by];
  const limits = { ...LIMITS, ...options.limits };
  const distribution = openDistribution(distributionId);
  const waiting = createWaiting();
  const closing = new AbortController();
  const sending = new AbortController();
  const send = createSend(distribution, { ...options, wait, limits, closing: closing.signal, sending: sending.signal });
  const enqueue = createEnqueue(waiting, { observe, logger }, limits.waiting);
  let gathering = new AbortController();
  let running: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.size > 0) {
      gathering = new AbortController();
      if (waiting.size < most && !closing.signal.aborted) await pause(wait, limits.gatherMs, gathering.signal);
      // When time is over, all that waits is over.
      await send(waiting.take(sending.signal.aborted ? waiting.size : most));
    }
    running = undefined;
  }

  return {
    async invalidate(order) {
      const items = itemsOf(order);
      if (closing.signal.aborted) throw new Error('CloudFront is told no more: the process ends.');
      const taken = enqueue(items);
      if (waiting.size > 0) running ??= run();
      if (waiting.size >= most) gathering.abort();
      await taken;
    },
    async close() {
      closing.abort();
      gathering.abort();
      closed ??= endWithin(limits.closeMs, wait, running, sending).then(distribution.close);
      await closed;
    },
  };
}

/** Has items wait, or throws at once where too many do. */
function createEnqueue(
  waiting: Waiting,
  { observe, logger }: Pick<CloudFrontOptions, 'observe' | 'logger'>,
  most: number,
) {
  const crowd = createOutage({
    logger,
    began: 'Too much waits for CloudFront; what comes now is dropped.',
    ended: 'What comes now waits for CloudFront again.',
  });
  return (items: readonly string[]): Promise<void> => {
    if (waiting.size + waiting.fresh(items) > most) {
      const error = new Error(`More than ${most} items would wait for CloudFront.`);
      observe('dropped');
      crowd.failed(error);
      throw error;
    }
    crowd.succeeded();
    return waiting.add(items);
  };
}

interface SendOptions extends Omit<CloudFrontOptions, 'limits'> {
  readonly wait: Wait;
  readonly limits: CloudFrontLimits;
  /** Aborts when nothing is waited for any longer. */
  readonly closing: AbortSignal;
  /** Aborts when nothing is sent any longer. */
  readonly sending: AbortSignal;
}

/** Sends items until they are taken or given up, and tells whoever waits for them. Never rejects. */
function createSend(distribution: Distribution, { observe, logger, wait, limits, closing, sending }: SendOptions) {
  const outage = createOutage({
    logger,
    began: 'CloudFront takes no invalidations; they are tried again.',
    ended: 'CloudFront takes invalidations again.',
  });

  /** With one reference, so that a try whose answer was lost is not made twice. */
  async function attempt(items: readonly string[]): Promise<void> {
    const reference = randomUUID();
    const backoff = createBackoff(BACKOFF);
    for (let tries = 1; ; tries++) {
      try {
        return await orTimedOut(limits.requestMs, sending, (limited) =>
          distribution.invalidate(items, reference, limited),
        );
      } catch (error) {
        if (verdictOn(error) !== 'again' || tries === limits.attempts || closing.aborted) throw error;
        observe('retried');
        outage.failed(error);
        await pause(wait, backoff.next(), closing);
      }
    }
  }

  return async function send(batch: Waiting): Promise<void> {
    const items = batch.items();
    try {
      await attempt(items);
    } catch (error) {
      const verdict = verdictOn(error);
      observe(verdict === 'again' ? 'abandoned' : 'refused');
      if (verdict === 'split' && items.length > 1) {
        // The others have nothing to do with it.
        await send(batch.take(Math.ceil(items.length / 2)));
        return await send(batch);
      }
      logger.error({ err: error, items: items.length, first: items[0] }, 'CloudFront was not told what to drop.');
      return batch.reject(error);
    }
    observe('accepted');
    outage.succeeded();
    batch.resolve();
  };
}
