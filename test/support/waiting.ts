import { setImmediate as turn } from 'node:timers/promises';
import type { Test } from 'tap';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise that the test settles. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => {};
  let reject: Deferred<T>['reject'] = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

// Streams tell of their end from the next tick, once for each layer: a few rounds of the event loop reach them all.
const ROUNDS = 5;

/** Lets run whatever waits for nothing outside the test. */
export async function quiet(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await turn();
}

/** How a promise stands when everything has run that could. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  let state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  promise.then(
    () => {
      state = 'fulfilled';
    },
    () => {
      state = 'rejected';
    },
  );
  await quiet();
  return state;
}

/** Rejections that nobody handled, of which one would end the service. */
export function unhandledRejections(t: Test): readonly unknown[] {
  const reasons: unknown[] = [];
  const note = (reason: unknown) => void reasons.push(reason);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  return reasons;
}

/** Waits until it holds; for ever where it never does, which is the test's time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await turn();
}
