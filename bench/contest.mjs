import { requestAll } from './client.mjs';
import { median } from './figures.mjs';
import { cpuSeconds, peakRss } from './proc.mjs';

/** What a contender does before it is measured: compile the code around the pictures, and show how fast it is. */
const WARM_UP = 3000;
const TRIAL = 16;
/** As many as there are originals, so that each list has as much of each. */
const MULTIPLE = 8;

/**
 * Gives the same pictures to every contender, one after the other, round by round, and in the other order each second round.
 * A contender is `{ pid, run(pictures) }`, with `{ seconds, bytes }` of a run. A round lasts `seconds` for the slowest.
 */
export async function compete(contenders, { list, listSmall, rounds, seconds }) {
  const rates = [];
  for (const contender of contenders) {
    await contender.run(listSmall(WARM_UP));
    rates.push(TRIAL / (await contender.run(list(TRIAL))).seconds);
  }
  const count = Math.max(2, Math.ceil((Math.min(...rates) * seconds) / MULTIPLE)) * MULTIPLE;
  const measured = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, index) => (round % 2 === 0 ? index : contenders.length - 1 - index));
    for (const index of order) measured[index].push(await measure(contenders[index], list(count)));
  }
  return {
    count,
    /** Of the first over each other: the ratio of a round, then the middle one. */
    ratios: measured.map((runs) => median(runs.map(({ rate }, round) => measured[0][round].rate / rate))),
    contenders: measured.map((runs, index) => ({
      rate: median(runs.map(({ rate }) => rate)),
      cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
      kilobytes: median(runs.map(({ kilobytes }) => kilobytes)),
      peakMb: peakRss(contenders[index].pid),
    })),
  };
}

async function measure({ pid, run }, pictures) {
  const before = cpuSeconds(pid);
  const { seconds, bytes } = await run(pictures);
  return {
    rate: pictures.length / seconds,
    cpuMs: ((cpuSeconds(pid) - before) * 1000) / pictures.length,
    kilobytes: bytes / pictures.length / 1024,
  };
}

/** A contender that is asked by HTTP; an answer that is not 200 ends the bench, since its figures would mean nothing. */
export function httpContender({ pid, url }, toPath, connections) {
  return {
    pid,
    async run(pictures) {
      const { failures, ...run } = await requestAll(url, pictures.map(toPath), connections);
      const [status] = Object.keys(failures);
      if (status)
        throw new Error(`${url}${toPath(pictures[0])} and others: ${failures[status]} answers are ${status}.`);
      return run;
    },
  };
}
