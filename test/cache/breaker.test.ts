import t from 'tap';
import { createBreaker } from '../../src/cache/breaker.ts';

t.test('after some failures in a row, only one try a pause', (t) => {
  let now = 0;
  const breaker = createBreaker({ failures: 3, pauseMs: 100, now: () => now });
  breaker.failed();
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  breaker.failed();
  t.equal(breaker.admits(), true, 'two in a row');
  breaker.failed();
  t.equal(breaker.admits(), false, 'three');
  now = 99;
  t.equal(breaker.admits(), false);
  now = 100;
  t.equal(breaker.admits(), true, 'one tries');
  t.equal(breaker.admits(), false, 'while the others do not wait for it');
  now = 150;
  breaker.failed();
  now = 249;
  t.equal(breaker.admits(), false, 'the pause begins with the failure');
  now = 250;
  t.equal(breaker.admits(), true);
  breaker.succeeded();
  for (const _ of [1, 2, 3]) t.equal(breaker.admits(), true, 'and all do again');
  breaker.failed();
  t.equal(breaker.admits(), true);
  t.end();
});

t.test('a try of which nothing is heard is followed by another', (t) => {
  let now = 0;
  const breaker = createBreaker({ failures: 1, pauseMs: 100, now: () => now });
  breaker.failed();
  now = 100;
  t.equal(breaker.admits(), true);
  now = 199;
  t.equal(breaker.admits(), false);
  now = 200;
  t.equal(breaker.admits(), true);
  t.end();
});
