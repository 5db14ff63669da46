import { until } from './waiting.ts';

export interface HeldWaits {
  /** In place of a timer. Rejects when its signal aborts, as one of Node.js does. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds of the waits that have not ended, in the order they began. */
  readonly held: readonly number[];
  /** Milliseconds of all waits so far. */
  readonly all: readonly number[];
  /** Lets one wait of so many milliseconds end, or the first there is; waits for it to begin, when it has not. */
  end(ms?: number): Promise<void>;
}

/** Waits that last until the test says so. */
export function holdWaits(): HeldWaits {
  const waits: { readonly ms: number; readonly resolve: () => void }[] = [];
  const all: number[] = [];
  const leave = (one: (typeof waits)[number]) => waits.splice(waits.indexOf(one), 1);
  return {
    wait(ms, signal) {
      all.push(ms);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const one = { ms, resolve };
        waits.push(one);
        signal.addEventListener('abort', () => {
          if (waits.includes(one)) leave(one);
          reject(signal.reason);
        });
      });
    },
    get held() {
      return waits.map(({ ms }) => ms);
    },
    all,
    async end(ms) {
      const fits = (one: (typeof waits)[number]) => ms === undefined || one.ms === ms;
      await until(() => waits.some(fits));
      const one = waits.find(fits);
      if (one) leave(one);
      one?.resolve();
    },
  };
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What is logged, line by line. */
export function recordLog() {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (...said: unknown[]) => {
      const message = String(said.at(-1));
      lines.push({ level, message, details: said.length > 1 ? (said[0] as LogLine['details']) : {} });
    };
  return { lines, logger: { info: at('info'), warn: at('warn'), error: at('error') } };
}
