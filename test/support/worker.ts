import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Test } from 'tap';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { bundleEdge } from './edge.ts';

export type Variables = Readonly<Record<string, string>>;

interface Worker {
  fetch(request: Request, env: Variables, context: { passThroughOnException(): void }): Promise<Response>;
}

const HOST = 'https://images.example';

/** The Worker as it is built, and how it is asked. */
export async function loadWorker(t: Test, variables: Variables, env: Variables = {}) {
  const folder = t.testdir({ 'worker.mjs': await bundleEdge('cloudflare', readEdgePolicy(env)) });
  const file = pathToFileURL(path.join(folder, 'worker.mjs'));
  const { default: worker }: { default: Worker } = await import(file.href);
  let passes = 0;
  const context = { passThroughOnException: () => void passes++ };
  const ask = (target: string, init: RequestInit = {}) =>
    worker.fetch(new Request(`${HOST}${target}`, init), variables, context);
  return { ask, passes: () => passes };
}

/** As fetch writes a target, before anybody can read it. */
export function resolved(target: string): string {
  return new URL(`${HOST}${target}`).href.slice(HOST.length).replace(/#.*/, '');
}
