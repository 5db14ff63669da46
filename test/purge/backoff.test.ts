import t from 'tap';
import { createBackoff } from '../../src/purge/backoff.ts';

function pauses(random: () => number, count: number): number[] {
  const backoff = createBackoff({ firstMs: 1_000, maxMs: 30_000, random });
  return Array.from({ length: count }, () => backoff.next());
}

t.test('doubles up to the longest', (t) => {
  t.same(
    pauses(() => 1, 7),
    [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  );
  t.end();
});

t.test('half of it is by chance', (t) => {
  t.same(
    pauses(() => 0, 3),
    [500, 1_000, 2_000],
  );
  t.same(
    pauses(() => 0.5, 3),
    [750, 1_500, 3_000],
  );
  t.end();
});

t.test('begins anew when it worked', (t) => {
  const backoff = createBackoff({ firstMs: 100, maxMs: 1_000, random: () => 1 });
  t.same([backoff.next(), backoff.next()], [100, 200]);
  backoff.reset();
  t.equal(backoff.next(), 100);
  t.end();
});

t.test('stays within its bounds, whatever chance says and however often it failed', (t) => {
  const backoff = createBackoff({ firstMs: 1_000, maxMs: 30_000 });
  const all = Array.from({ length: 2_000 }, () => backoff.next());
  t.ok(all.every((ms) => ms >= 500 && ms <= 30_000 && Number.isInteger(ms)));
  t.ok(new Set(all).size > 100, 'and chance says different things');
  t.end();
});
