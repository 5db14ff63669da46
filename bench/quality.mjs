import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { table } from './figures.mjs';
import { describeMachine } from './machine.mjs';
import { namesIn } from './pictures.mjs';
import { FORMATS, listSettings } from './quality-grid.mjs';
import { measurePicture } from './quality-measure.mjs';
import { loadScorer } from './quality-score.mjs';
import { EQUAL_COLUMNS, equalPoints, groupBy, SETTING_COLUMNS, summarize } from './quality-tables.mjs';

const USAGE = `npm run bench:quality -- FOLDER [options]

Encoder settings with the photographs of a folder: bytes, CPU time of encoding alone, and SSIMULACRA2 against the picture that
was encoded. CPU times of one run compare with each other on a busy machine, too. Below about 320 px the score means little: it looks
at six scales, each half of the one before.

Options:
  --width N        width the photographs are reduced to, 800 by default; several: 400,800,1200
  --photos N       so many of them, evenly spread over their names; all by default
  --formats LIST   some of ${FORMATS.join(',')}
  --scores LIST    scores at which formats are compared, 60,65,70,75,80 by default
  --final          only the settings that came out best, at the qualities around the defaults
  --json FILE      the records as JSON`;

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) print(USAGE);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      width: { type: 'string', default: '800' },
      photos: { type: 'string', default: 'Infinity' },
      formats: { type: 'string', default: FORMATS.join(',') },
      scores: { type: 'string', default: '60,65,70,75,80' },
      final: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 1 && !values.help) throw new Error(USAGE);
  const formats = values.formats.split(',');
  const unknown = formats.find((format) => !FORMATS.includes(format));
  if (unknown !== undefined) throw new Error(`"${unknown}" is none of ${FORMATS.join(', ')}.`);
  return {
    ...values,
    folder: positionals[0],
    widths: values.width.split(',').map((text) => positive('width', text)),
    photos: positive('photos', values.photos),
    formats,
    scores: values.scores.split(',').map((text) => positive('scores', text)),
  };
}

function positive(name, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} is "${text}"; expected a number above 0.`);
  return number;
}

async function run({ folder, widths, photos, formats, scores, final, json }) {
  const { facts } = describeMachine();
  const score = loadScorer();
  const files = spread(namesIn(folder).sort(), photos).map((name) => path.join(folder, name));
  if (files.length === 0) throw new Error(`No pictures in "${folder}".`);
  const settings = listSettings(formats, final);
  const records = {};
  const scratch = mkdtempSync(path.join(tmpdir(), 'lambent-quality-'));
  try {
    for (const width of widths) {
      const results = await measureAll(files, { width, settings, score, folder: scratch });
      records[width] = summarize(settings, results);
      report(width, files.length, records[width], scores);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const { cpu, node, sharp, libvips } = facts;
  print(`${cpu}, Node.js ${node}, sharp ${sharp}, libvips ${libvips}.`);
  if (json) await writeFile(json, `${JSON.stringify({ machine: facts, pictures: files.length, records }, null, 2)}\n`);
}

/** So many of a list, evenly spread over it. */
function spread(names, count) {
  const step = Math.max(1, names.length / count);
  return Array.from({ length: Math.min(count, names.length) }, (_, index) => names[Math.floor(index * step)]);
}

async function measureAll(files, options) {
  const results = [];
  for (const [index, file] of files.entries()) {
    process.stderr.write(`${options.width} px, picture ${index + 1} of ${files.length}\n`);
    results.push(await measurePicture({ file, ...options }));
  }
  return results;
}

function report(width, count, records, scores) {
  print(`## ${width} px, ${count} pictures`);
  for (const rows of groupBy(records, ({ format }) => format)) {
    print(`### ${rows[0].format}`, table(SETTING_COLUMNS, rows));
  }
  const points = equalPoints(records, scores);
  if (points.length > 0) print('### Equal scores', table(EQUAL_COLUMNS, points));
}

function print(...paragraphs) {
  process.stdout.write(`${paragraphs.join('\n\n')}\n\n`);
}
