/** Widths that are looked at one by one; more are too many to compare in a moment. */
const MAX_CANDIDATES = 400;

/**
 * At most `steps` of the sides in use, such that rounding each side up to the next step wastes the fewest pixels over all
 * requests. `uses` has requests by side.
 */
export function proposeLadder(uses: ReadonlyMap<number, number>, steps: number): readonly number[] {
  const sides = candidatesOf(uses);
  const requests = sumsBefore(sides.map(([, times]) => times));
  const pixels = sumsBefore(sides.map(([side, times]) => side * side * times));
  /** Pixels sent in vain when the sides from one on are all served with the largest of them. */
  const waste = (from: number, to: number) => {
    const between = (sums: readonly number[]) => at(sums, to + 1) - at(sums, from);
    const [side] = at(sides, to);
    return side * side * between(requests) - between(pixels);
  };
  // The best ladder up to each side, with one step more each time round.
  let best = sides.map(([side], to) => ({ waste: waste(0, to), ladder: [side] }));
  for (let step = 1; step < Math.min(steps, sides.length); step++) {
    best = best.map((known, to) => {
      const last = bestIndex(to, (from) => at(best, from).waste + waste(from + 1, to));
      if (last === undefined) return known;
      const total = at(best, last).waste + waste(last + 1, to);
      return total < known.waste ? { waste: total, ladder: [...at(best, last).ladder, at(sides, to)[0]] } : known;
    });
  }
  return best.at(-1)?.ladder ?? [];
}

/** The index below `end` with the lowest value. */
function bestIndex(end: number, worthOf: (index: number) => number): number | undefined {
  let best: number | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < end; index++) {
    const value = worthOf(index);
    if (value < lowest) [best, lowest] = [index, value];
  }
  return best;
}

/** The sides in use, smallest first; when they are many, neighbours are taken together. */
function candidatesOf(uses: ReadonlyMap<number, number>): readonly (readonly [number, number])[] {
  const largest = Math.max(0, ...uses.keys());
  const grain = uses.size <= MAX_CANDIDATES ? 1 : Math.ceil(largest / MAX_CANDIDATES);
  const grouped = new Map<number, number>();
  for (const [side, times] of uses) {
    const group = Math.min(largest, Math.ceil(side / grain) * grain);
    grouped.set(group, (grouped.get(group) ?? 0) + times);
  }
  return [...grouped].sort(([a], [b]) => a - b);
}

/** For each place the sum of all values before it, and of all of them at the end. */
function sumsBefore(values: readonly number[]): readonly number[] {
  const sums = [0];
  for (const value of values) sums.push(at(sums, sums.length - 1) + value);
  return sums;
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
