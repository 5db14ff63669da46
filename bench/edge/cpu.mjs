import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { median } from '../figures.mjs';
import { outputOf } from '../processes.mjs';
import { evaluate, eventOf } from './function.mjs';

const CALLS = 2_000;
/** Of 2,000 calls each; V8 has compiled after the first few. */
const WARM_UP_ROUNDS = 5;

/**
 * Microseconds of CPU time of one call, over requests of a log: in `node:vm`, where V8 compiles it, by V8's interpreter alone, and in njs, which CloudFront's
 * engine comes from, where that is installed.
 */
export async function measureCpu(code, requests, { folder, rounds }) {
  const step = Math.max(1, Math.floor(requests.length / CALLS));
  const sample = requests.filter((_, index) => index % step === 0).slice(0, CALLS);
  const measured = [
    ['node:vm, compiled', timeInV8(evaluate(code), sample, rounds)],
    ['V8, interpreted (`node --jitless`)', await timeAlone([process.execPath, '--jitless'], code, sample, folder)],
    ['njs', await timeAlone(['njs'], code, sample, folder)],
  ];
  return measured.map(([engine, microseconds]) => ({ engine, microseconds }));
}

function timeInV8(handler, sample, rounds) {
  const results = [];
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    // The function writes into what it is given.
    const events = sample.map(eventOf);
    const before = process.cpuUsage();
    for (const event of events) handler(event);
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP_ROUNDS) results.push((user + system) / events.length);
  }
  return median(results);
}

/** Of a process that makes all calls, less one that only parses the events; not a number where the program cannot be had. */
async function timeAlone(command, code, sample, folder) {
  const file = path.join(folder, 'calls.js');
  const seconds = [];
  for (const call of ['handler(event)', 'event']) {
    await writeFile(file, scriptOf(code, sample.map(eventOf), call));
    seconds.push(cpuSecondsIn(await outputOf('sh', ['-c', '"$@" && times', 'sh', ...command, file])));
  }
  return ((seconds[0] - seconds[1]) * 1e6) / sample.length;
}

/** What `times` of a shell says of its children in its second line: user and system, as `0m1.230s`. */
function cpuSecondsIn(output = '') {
  const [, , ...ofChildren] = output.match(/\d+m[\d.]+s/g) ?? [];
  return ofChildren.reduce(
    (sum, text) => {
      const [minutes, seconds] = text.split('m');
      return sum + Number(minutes) * 60 + Number.parseFloat(seconds);
    },
    ofChildren.length === 0 ? Number.NaN : 0,
  );
}

function scriptOf(code, events, call) {
  const texts = JSON.stringify(events.map((event) => JSON.stringify(event)));
  return `${code}
(function () {
  var texts = ${texts};
  for (var index = 0; index < texts.length; index++) {
    var event = JSON.parse(texts[index]);
    ${call};
  }
})();
`;
}
