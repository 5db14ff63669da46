const TIMES = 16;
const SHORT = 1_024;
const [RUNS, MORE_RUNS] = [3, 9];
/** What is above this is looked at once more, and longer. */
const SUSPICIOUS = 4;
/** Below this many milliseconds a clock says nothing. */
const UNCERTAIN_MS = 0.05;

/**
 * How much longer one text takes than as many characters in 16 shorter ones: about 1 where time grows with length, 16 where it
 * grows with its square. By the fastest of several runs, since whatever else the machine does can only add to one.
 */
export function growth(run: (text: string) => void, pump: string): number {
  const [short, long] = [repeated(pump, SHORT), repeated(pump, SHORT * TIMES)];
  const inShort = () => {
    for (let time = 0; time < TIMES; time++) run(short);
  };
  const measured = (runs: number) => fastest(runs, () => run(long)) / Math.max(fastest(runs, inShort), UNCERTAIN_MS);
  const first = measured(RUNS);
  return first < SUSPICIOUS ? first : measured(MORE_RUNS);
}

export function repeated(pump: string, length: number): string {
  return pump.repeat(Math.ceil(length / pump.length)).slice(0, length);
}

function fastest(runs: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < runs; time++) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
