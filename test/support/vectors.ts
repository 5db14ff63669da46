import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './process.ts';

/** One request, and what a cache has as its key for it. `test/vectors/make.mjs` says where they come from. */
export interface Vector {
  /** Path and query, as a client sends them. */
  readonly url: string;
  readonly accept: string;
  /** The same as `url` where that cannot be read, or is signed. */
  readonly canonical: string;
  /** The one that `f` names, or with `f=auto` the best one that is accepted; null where the original's decides. */
  readonly format: string | null;
  /** The `Accept` header that is sent on; empty for none. */
  readonly forwarded: string;
}

export interface Configured {
  readonly env: Readonly<Record<string, string>>;
  readonly vectors: readonly Vector[];
}

/** Those of a service without configuration first. */
export async function readVectors(): Promise<readonly Configured[]> {
  return [{ env: {}, vectors: await read('canonical.json') }, ...(await read('configured.json'))];
}

async function read(file: string) {
  return JSON.parse(await readFile(path.join(ROOT, 'test/vectors', file), 'utf8'));
}
