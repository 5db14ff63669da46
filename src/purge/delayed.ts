import type { Invalidator } from './cloudfront.ts';

// More wait for nobody's good: the first of them go early.
const MAX_ITEMS = 10_000;

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly send: () => void;
}

/**
 * Tells a CDN only after so many milliseconds, in which every replica hears of a purge: told before, it would fetch the old picture
 * from one that has not, and keep it for a day.
 */
export function delayed(invalidator: Invalidator, delayMs: number): Invalidator {
  const waiting = new Set<Waiting>();
  let itemsWaiting = 0;

  return {
    invalidate(order) {
      return new Promise((resolve, reject) => {
        const send = () => {
          clearTimeout(one.timer);
          waiting.delete(one);
          itemsWaiting -= items;
          invalidator.invalidate(order).then(resolve, reject);
        };
        const items = order.keys.length + order.prefixes.length + order.tags.length;
        const one: Waiting = { send, timer: setTimeout(send, delayMs) };
        waiting.add(one);
        itemsWaiting += items;
        for (const first of waiting) {
          if (itemsWaiting <= MAX_ITEMS) break;
          first.send();
        }
      });
    },
    async close() {
      // Better too early than never.
      for (const { send } of waiting) send();
      await invalidator.close();
    },
  };
}
