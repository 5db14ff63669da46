/** Numbers in [0, 1) that are the same for the same seed, on every machine (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of them, by their `share`; shares need not add up to anything. */
export function picker(choices) {
  const sums = [];
  let total = 0;
  for (const { share } of choices) {
    total += share;
    sums.push(total);
  }
  return (random) => choices[firstAbove(sums, random() * total)];
}

/** Ranks from 0, the one with rank r as often as (r + 1) to the power of `-exponent`. */
export function zipf(count, exponent) {
  const sums = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank++) {
    total += (rank + 1) ** -exponent;
    sums[rank] = total;
  }
  return (random) => firstAbove(sums, random() * total);
}

function firstAbove(sums, value) {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Normally distributed, mean 0 and deviation 1 (Box and Muller). */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Between two whole numbers, both of them possible. */
export function between(low, high, random) {
  return low + Math.floor(random() * (high - low + 1));
}
