import fc from 'fast-check';
import t from 'tap';
import { proposeLadder } from '../../src/commands/ladder.ts';

/** Pixels sent in vain when each side is rounded up to the next step; infinite when one has none. */
function waste(uses: ReadonlyMap<number, number>, ladder: readonly number[]): number {
  return [...uses].reduce((sum, [side, times]) => {
    const step = ladder.find((candidate) => candidate >= side) ?? Number.POSITIVE_INFINITY;
    return sum + (step * step - side * side) * times;
  }, 0);
}

function subsets(sides: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return sides.flatMap((side, index) => subsets(sides.slice(index + 1), size - 1).map((rest) => [side, ...rest]));
}

t.test('proposes the steps that waste least', (t) => {
  const uses = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(uses, fc.integer({ min: 1, max: 4 }), (pairs, steps) => {
      const map = new Map(pairs);
      const sides = [...map.keys()].sort((a, b) => a - b);
      const least = Math.min(...subsets(sides, Math.min(steps, sides.length)).map((ladder) => waste(map, ladder)));
      const ladder = proposeLadder(map, steps);
      return ladder.length <= steps && waste(map, ladder) === least;
    }),
  );
  t.same(proposeLadder(new Map(), 12), []);
  t.same(
    proposeLadder(
      new Map([
        [200, 1],
        [100, 1],
      ]),
      12,
    ),
    [100, 200],
    'all of them, when they are few',
  );
  t.end();
});

t.test('takes neighbours together when sides are many', (t) => {
  const uses = new Map(Array.from({ length: 4000 }, (_, index) => [index + 1, 1] as const));
  const ladder = proposeLadder(uses, 12);
  t.equal(ladder.length, 12);
  t.equal(ladder.at(-1), 4000, 'the largest side has a step');
  t.ok(waste(uses, ladder) < Number.POSITIVE_INFINITY);
  t.end();
});
