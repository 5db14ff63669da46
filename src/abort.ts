/** The outcome of `work`, or the signal's reason as soon as it aborts; `work` itself goes on. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Before anything else: a signal that has aborted tells nobody again.
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** For work that nobody waits for: of a process that ends, connections do, too. */
export const NEVER: AbortSignal = new AbortController().signal;

/** It took longer than it was given. */
export class TimedOut extends Error {
  override readonly name = 'TimeoutError';
}

/** Work that ends with `TimedOut` after so many milliseconds, or with the signal. */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  // One that never aborts is used by many at once: Node.js warns of more than ten listeners.
  if (signal !== NEVER) signal.addEventListener('abort', stop);
  const timer = setTimeout(() => controller.abort(new TimedOut(`No answer within ${ms} ms.`)), ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/**
 * The same, also for work that ends with no signal: the AWS SDK does not while it finds credentials, or waits before it tries again.
 * Then `work` itself goes on.
 */
export function orTimedOut<T>(ms: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withinTime(ms, signal, (limited) => orAborted(work(limited), limited));
}
