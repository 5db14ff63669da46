import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startServer } from './processes.mjs';

export const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
/** How the service gets the thread pool it works with; the bare loop of sharp gets the same. */
export const PRELOAD = ['--require', `${DIST}preload.cjs`];

const READY_LIMIT_MS = 10_000;

/** The service as an operator starts it, in a process of its own on ports of its own; with variables of one's own, if given. */
export async function startService(folder, { core, env } = {}) {
  const { pid, stop, said } = await startServer(process.execPath, [...PRELOAD, `${DIST}server.js`], {
    core,
    env: {
      NODE_ENV: 'production',
      // As the README tells those without jemalloc. Set beforehand, it is taken over: 0 is what glibc does by itself.
      MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? '2',
      HOST: '127.0.0.1',
      PORT: '0',
      MANAGEMENT_PORT: '0',
      LOG_LEVEL: 'warn',
      SOURCE: pathToFileURL(folder).href,
      ...env,
    },
  });
  await becomeReady(said.management);
  return { pid, stop, url: said.images, metric: (name) => readMetric(said.management, name) };
}

async function becomeReady(management) {
  const started = performance.now();
  while (performance.now() - started < READY_LIMIT_MS) {
    if ((await fetch(`${management}/readyz`)).ok) return;
    await setTimeout(20);
  }
  throw new Error(`The service is not ready: ${await (await fetch(`${management}/readyz`)).text()}`);
}

/** A metric's value, summed over its labels. */
async function readMetric(management, name) {
  const text = await (await fetch(`${management}/metrics`)).text();
  const values = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}
