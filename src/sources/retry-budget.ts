/** What a retry costs, of which an answer earns one; and how much there is for a hundred retries while nothing succeeds. */
const COST = 5;
const FULL = 100 * COST;

export interface RetryBudget {
  /** Whether a request may be made again; takes what it costs. */
  take(): boolean;
  /** A request was answered. */
  earn(): void;
}

/** Retries of a whole process: when most requests fail, soon none is made again, lest a server in trouble get three times the load. */
export function createRetryBudget(): RetryBudget {
  let left = FULL;
  return {
    take() {
      if (left < COST) return false;
      left -= COST;
      return true;
    },
    earn() {
      left = Math.min(FULL, left + 1);
    },
  };
}
