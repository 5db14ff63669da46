import type { Logger } from 'pino';

export interface OutageOptions {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** What is said when it begins to fail, and when it works again. */
  readonly began: string;
  readonly ended: string;
}

export interface Outage {
  failed(error: unknown): void;
  succeeded(): void;
}

/** Two lines in the log for an outage, however long it lasts: each failure is counted elsewhere. */
export function createOutage({ logger, began, ended }: OutageOptions): Outage {
  let failing = false;
  return {
    failed(error) {
      if (!failing) logger.warn({ err: error }, began);
      failing = true;
    },
    succeeded() {
      if (failing) logger.info(ended);
      failing = false;
    },
  };
}
