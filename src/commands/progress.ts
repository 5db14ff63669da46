const WIDTH = 30;
const INTERVAL_MS = 100;

export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** So many bytes are done. */
  tell(bytes: number): void;
  end(): void;
}

/** A bar on a terminal, nothing elsewhere. Without a total it counts. */
export function createProgress(terminal: Terminal, total: number | undefined): Progress {
  if (!terminal.isTTY) return { tell: () => {}, end: () => {} };
  let shown = -Infinity;
  return {
    tell(bytes) {
      if (performance.now() - shown < INTERVAL_MS) return;
      shown = performance.now();
      terminal.write(`\r${total ? bar(Math.min(1, bytes / total)) : `${(bytes / 1e6).toFixed(1)} MB`}`);
    },
    // Back to an empty line, for whatever is printed next.
    end: () => terminal.write('\r\u001b[K'),
  };
}

function bar(share: number): string {
  const done = Math.round(share * WIDTH);
  return `[${'#'.repeat(done)}${'.'.repeat(WIDTH - done)}] ${Math.floor(share * 100)} %`;
}
