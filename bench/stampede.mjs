import path from 'node:path';
import { gather } from './crowd.mjs';
import { median, quantile } from './figures.mjs';
import { linkSeries, makeLargeOriginal, makeOriginals } from './pictures.mjs';
import { startService } from './service.mjs';

const CLIENTS = 200;
const ROUNDS_FACTOR = 4;
/** Stampedes for small pictures before the first that counts: the code of those who wait is compiled after some thousands. */
const WARM_UP_ROUNDS = 50;
const TRANSFORMS = 'lambent_transform_duration_seconds_count';
/** A light and a heavy one: what 200 answers cost besides the one picture weighs differently. */
const VARIANTS = [
  { name: '2 MP to 512 px JPEG', make: makeOriginals, query: 'w=512' },
  { name: '12 MP to 1024 px WebP', make: makeLargeOriginal, query: 'w=1024&f=webp' },
];

const COLUMNS = [
  ['variant', 'variant'],
  ['transforms, most', 'transforms', 0],
  ['one request ms', 'lone', 1],
  ['p50 ms', 'p50', 1],
  ['p99 ms', 'p99', 1],
  ['p99 / one', 'ratio', 2],
];

/** One cold key asked for by many at once, against one request for a cold key of the same cost. */
export async function stampede({ folder, rounds, progress }) {
  const records = [];
  for (const [index, { name, make, query }] of VARIANTS.entries()) {
    const own = path.join(folder, String(index));
    await make(own);
    progress(`stampede ${name}`);
    records.push({ variant: name, ...(await stampedes(own, query, rounds * ROUNDS_FACTOR)) });
  }
  return {
    title: `Stampede: ${CLIENTS} clients, one cold key, ${rounds * ROUNDS_FACTOR} rounds (target: one transform, p99 ≤ 1.2 × one)`,
    columns: COLUMNS,
    records,
  };
}

async function stampedes(folder, query, rounds) {
  const service = await startService(folder);
  const crowd = await gather(service.url, CLIENTS, `/0/0.jpg?w=16`);
  const runs = [];
  try {
    const cold = (series) => `/${linkSeries(folder, series)}?${query}`;
    for (let round = 0; round < WARM_UP_ROUNDS; round++)
      await crowd.ask(`/${linkSeries(folder, `warm-up-${round}`, 'small.jpg')}?w=64`);
    await crowd.ask(cold('warm-up'), 1);
    for (let round = 0; round < rounds; round++) runs.push(await oneRound(service, crowd, cold, round));
  } finally {
    crowd.leave();
    await service.stop();
  }
  const middle = (key) => median(runs.map((run) => run[key]));
  const [lone, p50, p99, ratio] = ['lone', 'p50', 'p99', 'ratio'].map(middle);
  return { lone, p50, p99, ratio, transforms: Math.max(...runs.map(({ transforms }) => transforms)) };
}

async function oneRound(service, crowd, cold, round) {
  const [lone] = await crowd.ask(cold(`lone-${round}`), 1);
  const before = await service.metric(TRANSFORMS);
  const all = await crowd.ask(cold(`crowd-${round}`));
  const transforms = (await service.metric(TRANSFORMS)) - before;
  const [p50, p99] = [quantile(all, 0.5), quantile(all, 0.99)];
  return { lone, p50, p99, ratio: p99 / lone, transforms };
}
