import t from 'tap';
import { createDistinctCounter } from '../../src/commands/distinct.ts';

t.test('counts different texts exactly as long as they are few', (t) => {
  const counter = createDistinctCounter(100);
  for (let index = 0; index < 1000; index++) counter.add(`text ${index % 100}`);
  t.match(counter, { count: 100, isExact: true });
  counter.add('one more');
  t.equal(counter.isExact, false);
  t.end();
});

t.test('and about when they are many', (t) => {
  const counter = createDistinctCounter(4096);
  for (let index = 0; index < 100_000; index++) counter.add(`text ${index}`);
  t.equal(counter.isExact, false);
  // Half of 4,096 kept at least: one standard deviation is 2 %.
  t.ok(Math.abs(counter.count - 100_000) < 10_000, `${counter.count}`);
  const { count } = counter;
  for (let index = 0; index < 100_000; index++) counter.add(`text ${index}`);
  t.equal(counter.count, count, 'what was seen before does not count again');
  t.end();
});
