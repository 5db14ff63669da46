import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compete, httpContender } from './contest.mjs';
import { FORMAT_NAMES, listPictures, listSmallPictures, makeOriginals } from './pictures.mjs';
import { start, stop } from './processes.mjs';
import { PRELOAD, startService } from './service.mjs';

const YARDSTICK = fileURLToPath(new URL('./yardsticks/sharp.mjs', import.meta.url));
export const WORKERS = Number(process.env.WORKERS) || availableParallelism();
/** As many wait as are worked on: a worker never waits for a client. */
export const CONNECTIONS = 2 * WORKERS;

const COLUMNS = [
  ['format', 'format'],
  ['service /s', 'rate', 1],
  ['bare sharp /s', 'bareRate', 1],
  ['ratio', 'ratio', 3],
  ['CPU ms', 'cpuMs', 1],
  ['bare CPU ms', 'bareCpuMs', 1],
  ['peak RSS MB', 'peakMb', 0],
  ['bare peak MB', 'barePeakMb', 0],
  ['mean KB', 'kilobytes', 1],
];

/** Variants that nobody asked for before, from originals 2048 px wide. */
export async function cold({ folder, rounds, seconds, progress }) {
  await makeOriginals(folder);
  const records = [];
  const notes = [];
  for (const format of FORMAT_NAMES) {
    progress(`cold ${format}`);
    const { service, bare, ratio, count } = await compareWithBare(folder, format, { rounds, seconds });
    if (service.kilobytes !== bare.kilobytes)
      notes.push(`${format}: the two made other bytes (${bare.kilobytes.toFixed(1)} KB): not the same work.`);
    const bareFigures = { bareRate: bare.rate, bareCpuMs: bare.cpuMs, barePeakMb: bare.peakMb };
    records.push({ format, count, ratio, ...service, ...bareFigures });
  }
  return {
    title: `Cold: distinct variants about 512 px wide, ${WORKERS} workers, ${CONNECTIONS} connections (target: ratio ≥ 0.90)`,
    columns: COLUMNS,
    records,
    notes,
  };
}

/** New processes for each format, so that peak memory and warm code are that format's own. */
async function compareWithBare(folder, format, { rounds, seconds }) {
  const service = await startService(folder);
  const bare = startBare(folder, format);
  let series = 0;
  try {
    const result = await compete([httpContender(service, variantPath(format), CONNECTIONS), bare], {
      list: (count) => listPictures(folder, `${format}-${series++}`, count),
      listSmall: (count) => listSmallPictures(folder, `${format}-${series++}`, count),
      rounds,
      seconds,
    });
    return {
      service: result.contenders[0],
      bare: result.contenders[1],
      ratio: result.ratios[1],
      count: result.count,
    };
  } finally {
    await Promise.all([service.stop(), bare.stop()]);
  }
}

export function variantPath(format) {
  return ({ key, width }) => `/${key}?w=${width}&f=${format}`;
}

function startBare(folder, format) {
  const child = start(process.execPath, [...PRELOAD, YARDSTICK, folder, String(WORKERS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The bare loop of sharp has ended.')));
  ended.catch(() => {});
  return {
    pid: child.pid,
    stop: () => stop(child),
    async run(pictures) {
      child.send({ pictures, format });
      const [result] = await Promise.race([once(child, 'message'), ended]);
      return result;
    },
  };
}
