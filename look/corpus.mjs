import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { peakRss, resetPeak, rss } from '../bench/proc.mjs';
import { startService } from '../bench/service.mjs';
import { readConfig } from '../dist/config.js';
import { ask, messageOf } from './ask.mjs';
import { listKeys, resolveGiven } from './folder.mjs';
import { MANIFEST, readManifest } from './manifest.mjs';
import { renderReport } from './report.mjs';

const USAGE = `npm run corpus -- FOLDER [options]

Every file of a folder through the service, in every format and as it is, as a Markdown report. With a ${MANIFEST} in the folder
(columns file, good_answer), answers are compared with what it says. Exits 1 after a 5xx, after an answer later than the deadline,
and when more than 200 MB of memory were not given back. The service is started with the variables that are set.

Options:
  --svg RULE      pass, rasterize or refuse`;

const WAYS = ['webp', 'jpeg', 'png', 'avif', 'bare'];

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { svg: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) process.stdout.write(`${USAGE}\n`);
  else process.exitCode = await main(positionals[0], values);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function main(given, { svg }) {
  if (given === undefined) throw new Error(USAGE);
  const folder = resolveGiven(given);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`There is no folder ${folder}.`);
  const keys = listKeys(folder).filter((key) => key !== MANIFEST);
  if (keys.length === 0) throw new Error(`There are no files in ${folder}.`);
  const env = svg === undefined ? {} : { SVG: svg };
  const { deadlineMs } = readConfig({ ...process.env, ...env }, 'file:///');
  // An original is passed through whatever it is, where nothing is asked of it.
  const bareStatuses = svg === 'refuse' ? [200, 415] : [200];
  const run = await runAll(folder, keys, env);
  const { text, failed } = renderReport({
    ...run,
    manifest: readManifest(folder),
    ways: WAYS,
    bareStatuses,
    deadlineMs,
  });
  process.stdout.write(text);
  return failed ? 1 : 0;
}

/** One at a time: what memory and time say is of the file that was asked for. */
async function runAll(folder, keys, env) {
  // What the cache keeps on purpose would look like memory that is not given back.
  const service = await startService(folder, { env: { CACHE_MEMORY_BYTES: '0', ...env } });
  try {
    const before = rss(service.pid);
    const files = [];
    for (const key of keys) {
      process.stderr.write(`${key}\n`);
      resetPeak(service.pid);
      const answers = await askEveryWay(service.url, key);
      files.push({ key, answers, peak: peakRss(service.pid), after: rss(service.pid) });
    }
    return { files, before };
  } finally {
    await service.stop();
  }
}

async function askEveryWay(url, key) {
  const answers = {};
  for (const way of WAYS) {
    const answer = await ask(url, key, way === 'bare' ? '' : `w=320&f=${way}`);
    const { status, type, ms } = answer;
    // A picture of another type than the one asked for was passed through.
    const other = way !== 'bare' && status === 200 && type !== `image/${way}` ? type : '';
    answers[way] = { status, ms, other, message: status === 200 ? '' : messageOf(answer) };
  }
  return answers;
}
