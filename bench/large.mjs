import path from 'node:path';
import { requestAll } from './client.mjs';
import { slope } from './figures.mjs';
import { makeLargeOriginals, namesIn } from './pictures.mjs';
import { HAS_PROC, peakRss, resetPeak, rss } from './proc.mjs';
import { startService } from './service.mjs';

const CONNECTIONS = 16;
const SAMPLE_MS = 100;
const FORMATS = ['jpeg', 'webp', 'avif'];
const FILL_WIDTH = 2000;
const WIDTHS = { first: 400, count: 1201, step: 487 };

const COLUMNS = [
  ['variants', 'count', 0],
  ['requests /s', 'rate', 1],
  ['failed', 'failed', 0],
  ['RSS MB half way', 'halfMb', 0],
  ['RSS MB at the end', 'endMb', 0],
  ['peak RSS MB', 'peakMb', 0],
  ['slope, 2nd half, MB per 1000', 'slope', 1],
];

/** Photos of 12 to 24 megapixels, many at once, with memory as it goes. */
export async function large({ folder, count, photos, progress }) {
  if (!HAS_PROC)
    return { title: 'Large', skipped: 'memory of another process is read from /proc, which only Linux has' };
  const originals = photos ? path.resolve(photos) : folder;
  progress('large: originals');
  if (!photos) await makeLargeOriginals(originals);
  const names = namesIn(originals);
  if (names.length === 0) throw new Error(`There are no pictures in ${originals}.`);
  progress(`large: ${count} variants`);
  const { samples, ...figures } = await watchMemory(originals, listPaths(names, count));
  const where = photos ? `${names.length} photos` : 'photos of 12 to 24 MP';
  return {
    title: `Large: variants 400 to 1600 px wide in ${FORMATS.join(', ')} of ${where}, ${CONNECTIONS} at once (target: below 600 MB, flat)`,
    columns: COLUMNS,
    records: [{ count, ...figures }],
    notes: figures.failed > 0 ? [`Failed, by status: ${JSON.stringify(figures.failures)}.`] : [],
    details: { samples },
  };
}

/** Sides spread over their range by a step that shares no factor with it: no two paths are the same up to a million. */
function listPaths(names, count) {
  return Array.from({ length: count }, (_, index) => {
    const name = encodeURIComponent(names[index % names.length]);
    const format = FORMATS[Math.floor(index / names.length) % FORMATS.length];
    const width = WIDTHS.first + ((Math.floor(index / names.length / FORMATS.length) * WIDTHS.step) % WIDTHS.count);
    return `/${name}?w=${width}&f=${format}`;
  });
}

async function watchMemory(originals, paths) {
  const service = await startService(originals);
  const samples = [];
  let done = 0;
  const sample = () => samples.push([done, Number(rss(service.pid).toFixed(1))]);
  await fillCache(service, paths);
  resetPeak(service.pid);
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    const { seconds, failures } = await requestAll(service.url, paths, CONNECTIONS, () => done++);
    sample();
    const failed = Object.values(failures).reduce((sum, number) => sum + number, 0);
    const later = samples.filter(([when]) => when >= paths.length / 2);
    return {
      samples,
      failures,
      failed,
      rate: paths.length / seconds,
      halfMb: later[0][1],
      endMb: samples.at(-1)[1],
      peakMb: peakRss(service.pid),
      slope: slope(later) * 1000,
    };
  } finally {
    clearInterval(timer);
    await service.stop();
  }
}

/** Until entries are dropped: memory that a cache with room still takes would look like a leak. */
async function fillCache({ url, metric }, paths) {
  let width = FILL_WIDTH;
  do {
    const batch = paths.slice(0, CONNECTIONS).map((path) => `${path.split('?')[0]}?w=${width++}&f=jpeg&q=100`);
    await requestAll(url, batch, CONNECTIONS);
  } while ((await metric('lambent_cache_evictions_total')) === 0 && (await metric('lambent_cache_bytes')) > 0);
}
