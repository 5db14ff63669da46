import t from 'tap';
import { orTimedOut } from '../src/abort.ts';

const never = () => new AbortController().signal;
const forever = () => new Promise<never>(() => {});

t.test('work within its time', async (t) => {
  t.equal(await orTimedOut(1_000_000, never(), () => Promise.resolve('done')), 'done');
  await t.rejects(
    orTimedOut(1_000_000, never(), () => Promise.reject(new Error('broke'))),
    { message: 'broke' },
  );
});

t.test('work past its time is over, whether it listens or not', async (t) => {
  let told: AbortSignal | undefined;
  const work = (signal: AbortSignal) => {
    told = signal;
    return forever();
  };
  await t.rejects(orTimedOut(1, never(), work), { message: 'No answer within 1 ms.' });
  t.ok(told?.aborted);
});

t.test('work ends with the signal, before and after it began', async (t) => {
  const controller = new AbortController();
  const working = orTimedOut(1_000_000, controller.signal, forever);
  controller.abort(new Error('enough'));
  await t.rejects(working, { message: 'enough' });
  await t.rejects(
    orTimedOut(1_000_000, controller.signal, () => Promise.reject(new Error('it began'))),
    { message: 'enough' },
  );
});
