import { orTimedOut } from '../abort.ts';
import { createBackoff } from './backoff.ts';
import { createOutage } from './outage.ts';
import { endWithin, pause, realWait, type Wait } from './patience.ts';
import { type BatchOptions, createBatchWork } from './queue-batch.ts';
import { type Message, openSqs } from './sqs.ts';

/** Milliseconds, but for `receipts`. */
export interface PurgeQueueLimits {
  /** For a long poll of 20 s, and a second attempt when the first broke off. */
  readonly receiveMs: number;
  /** Less than a message stays hidden for, so that it is deleted before it comes again. */
  readonly purgeMs: number;
  readonly deleteMs: number;
  /** For the batch that is worked on when the process ends. */
  readonly closeMs: number;
  /** How often a message that cannot be read is received, the last time to be deleted. */
  readonly receipts: number;
}

export interface PurgeQueueOptions {
  /** The queue's URL. */
  readonly url: string;
  readonly place: BatchOptions['place'];
  /** Resolves when the keys are purged wherever they are kept; rejects when that has to be tried again. */
  readonly purge: BatchOptions['purge'];
  /** Called once for each message received, for each that could not be deleted and for each receive that failed. */
  readonly observe: BatchOptions['observe'];
  readonly logger: BatchOptions['logger'];
  readonly wait?: Wait;
  readonly limits?: Partial<PurgeQueueLimits>;
}

export interface PurgeQueue {
  start(): void;
  /** Ends the long poll at once, and what is worked on within 2 seconds: the process has 5 for all its ends. */
  close(): Promise<void>;
}

const LIMITS: PurgeQueueLimits = { receiveMs: 45_000, purgeMs: 50_000, deleteMs: 10_000, closeMs: 2_000, receipts: 5 };

const BACKOFF = { firstMs: 1_000, maxMs: 30_000 };

/**
 * Reads from an SQS queue what changed in the bucket and has it purged: one batch after another, for as long as the process
 * runs. What is not done is not deleted and comes again after a minute; purging twice harms nothing.
 */
export function createPurgeQueue(options: PurgeQueueOptions): PurgeQueue {
  const { logger, wait = realWait } = options;
  const limits = { ...LIMITS, ...options.limits };
  const sqs = openSqs(options.url);
  const work = createBatchWork({ ...options, sqs, limits });
  const backoff = createBackoff(BACKOFF);
  const polling = new AbortController();
  const working = new AbortController();
  const receive = createReceive(options, (signal) => orTimedOut(limits.receiveMs, signal, sqs.receive));
  let running: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  async function round(): Promise<boolean> {
    const messages = await receive(polling.signal);
    return messages !== undefined && (await work(messages, working.signal));
  }

  async function run(): Promise<void> {
    while (!polling.signal.aborted) {
      const well = await round().catch((error) => {
        logger.error({ err: error }, 'Reading the purge queue went wrong; it goes on.');
        return false;
      });
      if (well) backoff.reset();
      else await pause(wait, backoff.next(), polling.signal);
    }
  }

  return {
    start() {
      running ??= run();
    },
    async close() {
      polling.abort();
      closed ??= endWithin(limits.closeMs, wait, running, working).then(sqs.close);
      await closed;
    },
  };
}

type Poll<T> = (signal: AbortSignal) => Promise<T>;

/** A poll that tells of its failures, and then resolves to nothing. */
function createReceive(
  { observe, logger }: PurgeQueueOptions,
  poll: Poll<readonly Message[]>,
): Poll<readonly Message[] | undefined> {
  const outage = createOutage({
    logger,
    began: 'The purge queue cannot be read; it is tried again and again.',
    ended: 'The purge queue can be read again.',
  });
  return async (signal) => {
    try {
      const messages = await poll(signal);
      outage.succeeded();
      return messages;
    } catch (error) {
      // The process ends, and the poll with it.
      if (signal.aborted) return undefined;
      observe('receive_failed');
      outage.failed(error);
      return undefined;
    }
  };
}
