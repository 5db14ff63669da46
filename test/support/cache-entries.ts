import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { entryName } from '../../src/cache/entry-codec.ts';
import type { CacheEntry, StoreOutcome, Tier } from '../../src/cache/tier.ts';

export function entryOf(bytes: number, entry: Partial<CacheEntry> = {}): CacheEntry {
  return {
    body: Buffer.alloc(bytes, 'lambent'),
    format: 'webp',
    etag: 'W/"etag"',
    storedAt: 1_700_000_000_000,
    tags: ['ab', 'cd'],
    ...entry,
  };
}

/** What a store tells of, in order; `take` gives what was told since the last time. */
export function recorder() {
  const told: StoreOutcome[] = [];
  return { observe: (outcome: StoreOutcome) => void told.push(outcome), take: () => told.splice(0) };
}

/** Two entries are the same in every field, without a diff of megabytes when they are not. */
export function sameEntry(t: Test, found: CacheEntry | undefined, wanted: CacheEntry, what: string): void {
  t.ok(found?.body.equals(wanted.body), `${what}: its bytes`);
  t.same({ ...found, body: 0 }, { ...wanted, body: 0 }, `${what}: all else`);
}

/** Which of the keys a tier has, asked in this order. */
export async function kept(tier: Tier, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) if (await tier.get(key)) found.push(key);
  return found;
}

export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, by its path in it. */
export async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((file) => file.isFile())
    .map((file) => path.relative(folder, path.join(file.parentPath, file.name)));
}

export function fileOf(folder: string, key: string): string {
  const name = entryName(key);
  return path.join(folder, name.slice(0, 1), name.slice(1, 3), name);
}

/** Lets a file look as if it was used so long before now, or after. */
export async function setAge(file: string, ms: number): Promise<void> {
  const seconds = (Date.now() - ms) / 1000;
  await utimes(file, seconds, seconds);
}
