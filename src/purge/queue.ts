export interface PurgeQueue {
  start(): void;
  close(): Promise<void>;
}
export interface O {
  url: string;
  place: object;
  purge: (keys: readonly string[], signal: AbortSignal) => Promise<void>;
  observe: (o: string) => void;
  logger: object;
}
export function createPurgeQueue(_: O): PurgeQueue {
  throw new Error('stub');
}
