import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultQuality } from '../dist/formats.js';
import { CONNECTIONS, variantPath } from './cold.mjs';
import { compete, httpContender } from './contest.mjs';
import { FORMAT_NAMES, listPictures, listSmallPictures, makeOriginals } from './pictures.mjs';
import { startServer } from './processes.mjs';
import { startService } from './service.mjs';

const SERVER = fileURLToPath(new URL('./ipx/server.mjs', import.meta.url));
const INSTALLED = new URL('./ipx/node_modules/ipx/package.json', import.meta.url);

const COLUMNS = [
  ['format', 'format'],
  ['service /s', 'rate', 1],
  ['IPX /s', 'ipxRate', 1],
  ['ratio', 'ratio', 2],
  ['CPU ms', 'cpuMs', 1],
  ['IPX CPU ms', 'ipxCpuMs', 1],
  ['peak RSS MB', 'peakMb', 0],
  ['IPX peak MB', 'ipxPeakMb', 0],
  ['mean KB', 'kilobytes', 1],
  ['IPX mean KB', 'ipxKilobytes', 1],
];

/** The same variants as in `cold`, of the service and of IPX with its own defaults at the same quality. */
export async function ipx({ folder, rounds, seconds, progress }) {
  if (!existsSync(INSTALLED)) return { title: 'IPX', skipped: 'not installed: npm install --prefix bench/ipx' };
  await makeOriginals(folder);
  const records = [];
  for (const format of FORMAT_NAMES) {
    progress(`ipx ${format}`);
    const { contenders, ratios, count } = await compareWithIpx(folder, format, { rounds, seconds });
    const [service, { rate, cpuMs, kilobytes, peakMb }] = contenders;
    const theirs = { ipxRate: rate, ipxCpuMs: cpuMs, ipxKilobytes: kilobytes, ipxPeakMb: peakMb };
    records.push({ format, count, ratio: ratios[1], ...service, ...theirs });
  }
  const notes = ['IPX at its defaults: full shrink-on-load, no adaptive filters in PNG, AVIF with effort 4 and 4:4:4.'];
  return { title: 'Beside IPX: distinct variants at the same quality', columns: COLUMNS, records, notes };
}

async function compareWithIpx(folder, format, { rounds, seconds }) {
  const service = await startService(folder);
  const other = await startServer(process.execPath, [SERVER, folder], {});
  let series = 0;
  const contenders = [
    httpContender(service, variantPath(format), CONNECTIONS),
    httpContender({ pid: other.pid, url: other.said.url }, ipxPath(format), CONNECTIONS),
  ];
  try {
    return await compete(contenders, {
      list: (count) => listPictures(folder, `ipx-${format}-${series++}`, count),
      listSmall: (count) => listSmallPictures(folder, `ipx-${format}-${series++}`, count),
      rounds,
      seconds,
    });
  } finally {
    await Promise.all([service.stop(), other.stop()]);
  }
}

function ipxPath(format) {
  const quality = defaultQuality(format);
  // For PNG, a quality would ask for a palette of 256 colours.
  const modifiers = quality === undefined ? `f_${format}` : `f_${format},q_${quality}`;
  return ({ key, width }) => `/${modifiers},w_${width}/${key}`;
}
