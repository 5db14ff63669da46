import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { table } from './figures.mjs';
import { describeMachine } from './machine.mjs';
import { readOptions, USAGE } from './options.mjs';
import { HAS_PROC } from './proc.mjs';

/** Each part in a module of its own that is loaded when it runs: one that lacks something does not stop the others. */
const PARTS = {
  cold: async () => (await import('./cold.mjs')).cold,
  ipx: async () => (await import('./ipx.mjs')).ipx,
  hits: async () => (await import('./hits.mjs')).hits,
  stampede: async () => (await import('./stampede.mjs')).stampede,
  large: async () => (await import('./large.mjs')).large,
  bombs: async () => (await import('./bombs.mjs')).bombs,
  worst: async () => (await import('./worst.mjs')).worst,
  edge: async () => (await import('./edge.mjs')).edge,
};

const SERVER = new URL('../dist/server.js', import.meta.url);

try {
  const options = parse(process.argv.slice(2));
  if (options.help) print(USAGE);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  // What a part has started and not yet stopped would keep the process alive; it ends with it.
  process.exit(1);
}

function parse(argv) {
  try {
    if (!existsSync(SERVER)) throw new Error('dist/server.js is missing: npm run build');
    return readOptions(argv, Object.keys(PARTS));
  } catch ({ message }) {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  }
}

async function run(options) {
  const { facts, warning } = describeMachine();
  if (warning) progress(warning);
  const results = {};
  for (const name of options.parts) results[name] = await runPart(name, options);
  const machine = Object.entries(facts).map(([what, value]) => ({ what, value }));
  const columns = [
    ['machine', 'what'],
    ['', 'value'],
  ];
  print('## Machine', table(columns, machine));
  if (!HAS_PROC) print('CPU time and memory are read from /proc, which only Linux has: dashes above.');
  if (warning) print(`**${warning}**`);
  if (options.json) await writeFile(options.json, `${JSON.stringify({ machine: facts, warning, results }, null, 2)}\n`);
}

async function runPart(name, options) {
  const part = await PARTS[name]();
  const folder = mkdtempSync(path.join(tmpdir(), `lambent-bench-${name}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const { title, columns, records, notes = [], skipped, details } = await part({ ...options, folder, progress });
    print(`## ${title}`, skipped ? `Skipped: ${skipped}` : table(columns, records), ...notes);
    return { title, records, notes, skipped, ...details };
  } finally {
    remove();
  }
}

function print(...paragraphs) {
  process.stdout.write(`${paragraphs.join('\n\n')}\n\n`);
}

function progress(text) {
  process.stderr.write(`${text}\n`);
}
