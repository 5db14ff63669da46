import { LRUCache } from 'lru-cache';
import { hasCode } from '../errors.ts';
import type { Asked } from './asked.ts';
import type { Origin } from './image.ts';

export interface PendingOptions {
  /** Where uploads wait. */
  readonly origin: Origin;
  /** Told the key of an object whose upload waits no longer: what was known of it is of the past. */
  readonly onGone: (key: string) => void;
}

/**
 * Shows an upload that waits to who has been given its URL; false where none does, or not any more. It is to be asked before what is
 * confirmed, which is there before the other goes.
 */
export type SendPending = (asked: Asked, send: (origin: Origin, asked: Asked) => Promise<void>) => Promise<boolean>;

/** Those that are not looked for again: who has such a URL has been told that the upload is there, so what is gone does not come back. */
const MAX_GONE = 10_000;

export function createSendPending({ origin, onGone }: PendingOptions): SendPending {
  const gone = new LRUCache<string, true>({ max: MAX_GONE });
  return async (asked, send) => {
    const { pending } = asked;
    if (!pending || Date.now() >= pending.until * 1000 || gone.has(pending.key)) return false;
    try {
      await send(origin, { ...asked, key: pending.key });
      return true;
    } catch (error) {
      if (!hasCode(error, 'not_found')) throw error;
      gone.set(pending.key, true);
      onGone(asked.key);
      return false;
    }
  };
}
