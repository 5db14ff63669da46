import type { Logger } from 'pino';
import { orTimedOut } from '../abort.ts';
import type { BucketPlace } from '../bucket-url.ts';
import { type Notification, readNotification } from './notification.ts';
import { createOutage } from './outage.ts';
import type { QueueOutcome } from './outcomes.ts';
import type { Message, Sqs } from './sqs.ts';

export interface BatchOptions {
  readonly sqs: Sqs;
  readonly place: BucketPlace;
  readonly purge: (keys: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly observe: (outcome: QueueOutcome) => void;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Milliseconds for a purge and for a deletion; how often a message that cannot be read may be received. */
  readonly limits: { readonly purgeMs: number; readonly deleteMs: number; readonly receipts: number };
}

interface Read {
  readonly message: Message;
  readonly notification: Notification;
}

interface Changed {
  readonly message: Message;
  readonly keys: readonly string[];
}

/** As much of a message as its sender is recognised by. */
const LOGGED_CHARACTERS = 200;

/**
 * Does what the messages of one receipt ask for and deletes what is done. Resolves to whether to go on at once: not when
 * purging failed, nor when none of them could be read, since a queue of something else is emptied for nobody's good.
 */
export function createBatchWork(
  options: BatchOptions,
): (messages: readonly Message[], signal: AbortSignal) => Promise<boolean> {
  const purge = createPurge(options);
  const remove = createRemoval(options);
  return async (messages, signal) => {
    const read = messages.map((message) => ({ message, notification: readNotification(message.body, options.place) }));
    const changed = read.flatMap(({ message, notification }) =>
      notification.kind === 'changed' ? [{ message, keys: notification.keys }] : [],
    );
    const purged = await purge(changed, signal);
    const spent = read
      .filter(({ notification }) => notification.kind !== 'changed')
      .filter((one) => isSpent(one, options));
    await remove(
      [...(purged ? changed : []), ...spent].map(({ message }) => message),
      signal,
    );
    return purged && (read.length === 0 || read.some(({ notification }) => notification.kind !== 'malformed'));
  };
}

/** Purges what all of them tell of together. Resolves to whether that worked. */
function createPurge({ purge, observe, logger, limits }: BatchOptions) {
  const outage = createOutage({
    logger,
    began: 'What changed in the bucket cannot be purged; it is tried again and again.',
    ended: 'What changed in the bucket is purged again.',
  });
  return async (changed: readonly Changed[], signal: AbortSignal): Promise<boolean> => {
    if (changed.length === 0) return true;
    const keys = new Set(changed.flatMap((one) => one.keys));
    try {
      await orTimedOut(limits.purgeMs, signal, (limited) => purge([...keys], limited));
      outage.succeeded();
    } catch (error) {
      for (const _ of changed) observe('failed');
      outage.failed(error);
      return false;
    }
    for (const _ of changed) observe('purged');
    return true;
  };
}

function createRemoval({ sqs, observe, logger, limits }: BatchOptions) {
  const outage = createOutage({
    logger,
    began: 'Messages of the purge queue cannot be deleted; they come again and again.',
    ended: 'Messages of the purge queue are deleted again.',
  });
  return async (messages: readonly Message[], signal: AbortSignal): Promise<void> => {
    if (messages.length === 0) return;
    try {
      const failures = await orTimedOut(limits.deleteMs, signal, (limited) => sqs.remove(messages, limited));
      for (const _ of failures) observe('delete_failed');
      if (failures.length > 0) outage.failed(failures[0]);
      else outage.succeeded();
    } catch (error) {
      for (const _ of messages) observe('delete_failed');
      outage.failed(error);
    }
  };
}

/**
 * Whether a message of which nothing is to be purged is to be deleted. What cannot be read is left to come again by its
 * timeout, not at once: only a newer version, minutes later, reads it better, and at once it would be read in a circle.
 */
function isSpent({ message, notification }: Read, { observe, logger, limits }: BatchOptions): boolean {
  if (notification.kind !== 'malformed') {
    observe('ignored');
    return true;
  }
  if (message.receipts < limits.receipts) {
    observe('malformed');
    return false;
  }
  observe('poisonous');
  const { reason } = notification;
  const body = message.body.slice(0, LOGGED_CHARACTERS);
  logger.error({ messageId: message.id, reason, body }, 'A message of the purge queue cannot be read, and is deleted.');
  return true;
}
