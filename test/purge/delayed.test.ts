import t from 'tap';
import { delayed } from '../../src/purge/delayed.ts';
import type { PurgeOrder } from '../../src/purge/purge-order.ts';
import { stateOf, until } from '../support/waiting.ts';

const order = (...keys: readonly string[]): PurgeOrder => ({ keys, prefixes: [], tags: [] });

function setUp(delayMs: number, invalidate?: () => Promise<void>) {
  const orders: PurgeOrder[] = [];
  let closed = false;
  const inner = {
    async invalidate(order: PurgeOrder) {
      orders.push(order);
      await invalidate?.();
    },
    async close() {
      closed = true;
      await undefined;
    },
  };
  return { orders, cdn: delayed(inner, delayMs), isClosed: () => closed };
}

t.test('tells each order after its time, and says what became of it', async (t) => {
  const { orders, cdn } = setUp(5);
  const told = [cdn.invalidate(order('a')), cdn.invalidate({ keys: [], prefixes: ['b/'], tags: ['c'] })];
  t.same(orders, []);
  await Promise.all(told);
  t.same(orders, [order('a'), { keys: [], prefixes: ['b/'], tags: ['c'] }]);
  const refusing = setUp(5, () => Promise.reject(new Error('denied')));
  await t.rejects(refusing.cdn.invalidate(order('a')), /denied/);
});

t.test('at the end everything is told at once', async (t) => {
  const { orders, cdn, isClosed } = setUp(1e8);
  const told = cdn.invalidate(order('a'));
  t.equal(await stateOf(told), 'pending');
  await cdn.close();
  await told;
  t.same(orders, [order('a')]);
  t.ok(isClosed());
});

t.test('of more than there is room for the first go early', async (t) => {
  const { orders, cdn } = setUp(1e8);
  t.teardown(() => cdn.close());
  const many = Array.from({ length: 1000 }, (_, index) => `${index}`);
  for (let count = 0; count < 10; count++) void cdn.invalidate(order(...many));
  t.equal(orders.length, 0);
  void cdn.invalidate(order('one more'));
  await until(() => orders.length > 0);
  t.equal(orders.length, 1);
  t.equal(orders[0]?.keys.length, 1000);
});
