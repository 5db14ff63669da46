export interface BreakerOptions {
  /** Failures in a row after which it opens. */
  readonly failures: number;
  /** Milliseconds after the last failure until one more is tried. */
  readonly pauseMs: number;
  /** Milliseconds, from any moment on. */
  readonly now: () => number;
}

export interface Breaker {
  /** Whether to try. While it is open, only who asks first after each pause is to. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
}

/** Keeps from asking again and again what does not answer: each request would wait for it in vain. */
export function createBreaker({ failures, pauseMs, now }: BreakerOptions): Breaker {
  let inARow = 0;
  let retryAt = 0;
  return {
    admits() {
      if (inARow < failures) return true;
      if (now() < retryAt) return false;
      // Others are refused while this one finds out.
      retryAt = now() + pauseMs;
      return true;
    },
    succeeded() {
      inARow = 0;
    },
    failed() {
      inARow++;
      retryAt = now() + pauseMs;
    },
  };
}
