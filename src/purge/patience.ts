import { setTimeout } from 'node:timers/promises';

/** Resolves after so many milliseconds, rejects as soon as the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export const realWait: Wait = (ms, signal) => setTimeout(ms, undefined, { signal });

/** Waits so many milliseconds, or until the signal aborts: either way, on it goes. */
export async function pause(wait: Wait, ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, signal).catch(() => {});
}

/** Waits for the end of what runs. After so many milliseconds it is aborted by its controller, and then has to end. */
export async function endWithin(
  ms: number,
  wait: Wait,
  running: Promise<void> | undefined,
  controller: AbortController,
): Promise<void> {
  const ended = new AbortController();
  await Promise.race([running, pause(wait, ms, ended.signal)]);
  ended.abort();
  controller.abort(new Error('The process ends.'));
  await running;
}
