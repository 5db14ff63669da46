import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { startService } from '../bench/service.mjs';
import { OPTION_NAMES } from '../dist/request/options.js';
import { fillCells } from './cells.mjs';
import { isPictureName, listKeys, resolveGiven } from './folder.mjs';
import { rowsOf } from './options.mjs';
import { renderPage } from './page.mjs';

const USAGE = `npm run contact-sheet -- [FOLDER] [options]

Every picture of a folder, samples/ by default, through every option, on one page to look at. The service is started with the
variables that are set: SVG=rasterize npm run contact-sheet

Options:
  --out FILE      the page, contact-sheet.html by default
  --by-option     a section for each option instead of each picture`;

const HINT = 'A picture that has the focus is shown in its own size.';

const PRESETS = { thumb: 'w=160&h=160&f=webp' };

try {
  const { values, positionals } = readArguments();
  if (values.help) process.stdout.write(`${USAGE}\n`);
  else await main(positionals[0], values);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'contact-sheet.html' },
      'by-option': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

async function main(given, values) {
  const rows = rowsOf(OPTION_NAMES);
  const folder = given ? resolveGiven(given) : fileURLToPath(new URL('../samples', import.meta.url));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`There is no folder ${folder}.`);
  const keys = listKeys(folder).filter(isPictureName);
  if (keys.length === 0) throw new Error(`There are no pictures in ${folder}.`);
  const { cells, note } = await withService(folder, keys, rows);
  const title = `${path.basename(folder)}: ${keys.length} pictures, ${cells.length} cells`;
  const out = resolveGiven(values.out);
  writeFileSync(out, renderPage(cells, { title, notes: [note, HINT].filter(Boolean), byOption: values['by-option'] }));
  process.stdout.write(`${out}\n`);
}

async function withService(folder, keys, rows) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'lambent-look-'));
  process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
  const logo = await findLogo(folder, keys);
  const service = await startService(folder, { env: writeSettings(temporary, logo) });
  try {
    const wanted = logo ? rows : rows.filter(({ option }) => option !== 'wm');
    return await fillCells(service.url, keys, wanted, (key) => process.stderr.write(`${key}\n`));
  } finally {
    await service.stop();
  }
}

function writeSettings(temporary, logo) {
  const file = (name, settings) => {
    writeFileSync(path.join(temporary, name), JSON.stringify(settings));
    return path.join(temporary, name);
  };
  const watermarks = logo && { logo: { key: logo, pos: 'right bottom', scale: 0.25, opacity: 0.6 } };
  return {
    // Some cells ask for the same variant; each is to show the time it takes to make.
    CACHE_MEMORY_BYTES: '0',
    PRESETS_FILE: file('presets.json', PRESETS),
    ...(watermarks && { WATERMARKS_FILE: file('watermarks.json', watermarks) }),
  };
}

/** The watermark: `logo.png`, else the first PNG that can be read, else none. */
async function findLogo(folder, keys) {
  const candidates = keys.filter((key) => key.endsWith('.png'));
  if (candidates.includes('logo.png')) return 'logo.png';
  for (const key of candidates) {
    const readable = await sharp(path.join(folder, key))
      .stats()
      .then(Boolean, () => false);
    if (readable) return key;
  }
  return undefined;
}
