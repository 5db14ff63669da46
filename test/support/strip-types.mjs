// Node.js runs TypeScript by itself from 22.18 on. Before that, tap would have the compiler loaded and every module translated by
// it anew for each test file: 4.6 s of processor time to import src/app.ts, of which 1.2 are left when the types are blanked out
// by what Node.js itself has built in, once for each text. Every line and column stays where it is, so that coverage and stacks
// need no source maps.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';

if (isMainThread && !process.features.typescript) register(import.meta.url);

const require = createRequire(import.meta.url);
const { version } = require('@swc/wasm-typescript/package.json');
const CACHE = new URL(`../../node_modules/.cache/strip-types-${version}/`, import.meta.url);

/** Runs in the thread of the loaders. */
export async function load(url, context, nextLoad) {
  if (!/^file:.*\.ts(\?|$)/.test(url)) return nextLoad(url, context);
  const loaded = await nextLoad(url, { ...context, format: 'module' });
  return { ...loaded, source: strippedOnce(loaded.source) };
}

function strippedOnce(source) {
  const file = new URL(`${createHash('sha256').update(source).digest('hex')}.js`, CACHE);
  try {
    return readFileSync(file);
  } catch {
    const { code } = require('@swc/wasm-typescript').transformSync(String(source), {
      mode: 'strip-only',
      module: true,
    });
    keep(file, code);
    return code;
  }
}

// Renamed, because test files run side by side and none may read a half.
function keep(file, code) {
  mkdirSync(CACHE, { recursive: true });
  const part = new URL(`${process.pid}-${threadId}.part`, CACHE);
  writeFileSync(part, code);
  renameSync(part, file);
}
