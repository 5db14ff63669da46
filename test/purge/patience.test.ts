import t from 'tap';
import { endWithin, pause, realWait, type Wait } from '../../src/purge/patience.ts';
import { deferred, stateOf } from '../support/waiting.ts';

const never = () => new AbortController().signal;

t.test('a pause ends by itself or with its signal, and rejects in neither case', async (t) => {
  await pause(realWait, 1, never());
  const controller = new AbortController();
  const pausing = pause(realWait, 1_000_000, controller.signal);
  t.equal(await stateOf(pausing), 'pending');
  controller.abort();
  await pausing;
  await pause(realWait, 1_000_000, controller.signal);
  t.pass('also when it had aborted before');
});

/** A wait that ends when the test says so. */
function heldWait() {
  const over = deferred();
  let signal: AbortSignal | undefined;
  const wait: Wait = (_ms, given) => {
    signal = given;
    return over.promise;
  };
  return { wait, end: over.resolve, stopped: () => signal?.aborted };
}

t.test('what ends in time is not waited for any longer', async (t) => {
  const { wait, stopped } = heldWait();
  const running = deferred();
  const ending = endWithin(5_000, wait, running.promise, new AbortController());
  t.equal(await stateOf(ending), 'pending');
  running.resolve();
  await ending;
  t.equal(stopped(), true, 'nor does a timer keep the process');
});

t.test('what does not is aborted, and then has ended', async (t) => {
  const { wait, end } = heldWait();
  const running = deferred();
  const controller = new AbortController();
  const ending = endWithin(5_000, wait, running.promise, controller);
  t.equal(await stateOf(ending), 'pending');
  t.equal(controller.signal.aborted, false);
  end();
  t.equal(await stateOf(ending), 'pending');
  t.equal(controller.signal.aborted, true);
  running.resolve();
  await ending;
});
