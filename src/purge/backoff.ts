export interface BackoffOptions {
  /** Milliseconds. */
  readonly firstMs: number;
  /** Milliseconds that no pause is longer than. */
  readonly maxMs: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

export interface Backoff {
  /** Milliseconds until the next try: twice as long each time, up to the longest. */
  next(): number;
  /** It worked: the next pause is the first again. */
  reset(): void;
}

/**
 * How long to leave alone what fails. Half of a pause is by chance: instances that lost the same service at the same moment
 * do not come back at the same moment.
 */
export function createBackoff({ firstMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let failures = 0;
  return {
    next() {
      // After a thousand failures the power is infinite, and still bounded.
      const ms = Math.min(maxMs, firstMs * 2 ** failures++);
      return Math.round(ms / 2 + (random() * ms) / 2);
    },
    reset() {
      failures = 0;
    },
  };
}
