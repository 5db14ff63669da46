import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MAX_ENTRY_BYTES } from './entry-codec.ts';
import { inFolder, isMissing, list, READING, removeFile } from './files.ts';

/** What a file takes of the disk, in bytes and milliseconds since the epoch. */
export interface EntryFile {
  readonly bytes: number;
  readonly usedAt: number;
}

export interface EntryFolder {
  /** The bytes of a file, none when it is larger than an entry can be. Throws the file system's errors, ENOENT among them. */
  read(name: string): Promise<Buffer>;
  /** Writes the parts one after the other, or throws and leaves what was there. */
  write(name: string, parts: readonly Buffer[]): Promise<void>;
  /** Whether it was there and is no more. */
  remove(name: string): Promise<boolean>;
  /** Removes it if it is there, or throws the file system's error. */
  delete(name: string): Promise<void>;
  /** Undefined when it is not there or cannot be looked at. */
  look(name: string): Promise<EntryFile | undefined>;
  /** The names of all entries, some at a time. */
  names(): AsyncGenerator<readonly string[]>;
  /** The names that begin with so many digits, more than three. */
  namesFrom(start: string): Promise<readonly string[]>;
  /** Removes what was begun before that time and never got its name. */
  sweep(before: number): Promise<void>;
}

// A write for each hit would cost more than the read; so much too old is still right for what was unused for days.
const TOUCH_AFTER_MS = 5 * 60_000;

// What a file takes is counted in blocks, as file systems do: otherwise a million small ones would cost nothing.
const BLOCK_BYTES = 4096;

// Two levels of 16 and 256 folders: 250 files in each of them make a million.
const LEVELS = [/^[0-9a-f]$/, /^[0-9a-f]{2}$/];
const NAME = /^[0-9a-f]{32}$/;
const UNNAMED = /^[0-9a-f]{32}\.[0-9a-f]{16}$/;

/** Bytes of the disk that a file of so many takes. */
export function diskBytes(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/**
 * Entries as files, which any number of processes may read and write at the same time: a file gets its name when it is whole.
 * Nothing is flushed to the disk: what a power cut leaves is found by the checksum. Names are hex digits (`entryName`).
 */
export function createEntryFolder(folder: string, now: () => number): EntryFolder {
  const root = path.resolve(folder);
  const unnamed = path.join(root, 'tmp');
  const shelfOf = (name: string) => path.join(root, name.slice(0, 1), name.slice(1, 3));
  const fileOf = (name: string) => path.join(shelfOf(name), name);

  async function touch(handle: FileHandle, usedAt: number): Promise<void> {
    const time = now();
    if (time - usedAt < TOUCH_AFTER_MS) return;
    // Only its owner may, and no one on a read-only disk: then the entry looks older than it is.
    await Promise.allSettled([handle.utimes(time / 1000, time / 1000)]);
  }

  return {
    async read(name) {
      const handle = await open(fileOf(name), READING);
      try {
        const { size, mtimeMs } = await handle.stat();
        if (size > MAX_ENTRY_BYTES) return Buffer.alloc(0);
        await touch(handle, mtimeMs);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(size), 0, size, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    async write(name, parts) {
      const file = path.join(unnamed, `${name}.${randomBytes(8).toString('hex')}`);
      try {
        await inFolder(unnamed, () => writeFile(file, parts, { flag: 'wx', mode: 0o600 }));
        await inFolder(shelfOf(name), () => rename(file, fileOf(name)));
      } catch (error) {
        await removeFile(file);
        throw error;
      }
    },
    remove: (name) => removeFile(fileOf(name)),
    async delete(name) {
      await unlink(fileOf(name)).catch((error) => {
        if (!isMissing(error)) throw error;
      });
    },
    look: (name) => lookAt(fileOf(name)),
    async *names() {
      for await (const shelf of foldersBelow(root, LEVELS)) {
        yield (await list(shelf)).filter((name) => NAME.test(name) && shelfOf(name) === shelf);
      }
    },
    async namesFrom(start) {
      // What begins the same lies on one shelf.
      return (await list(shelfOf(start))).filter((name) => NAME.test(name) && name.startsWith(start));
    },
    async sweep(before) {
      for (const name of (await list(unnamed)).filter((name) => UNNAMED.test(name))) {
        const file = path.join(unnamed, name);
        const begun = await lookAt(file);
        if (begun && begun.usedAt < before) await removeFile(file);
      }
    },
  };
}

async function lookAt(file: string): Promise<EntryFile | undefined> {
  try {
    const { size, mtimeMs } = await stat(file);
    // In whole milliseconds, as clocks count: what was noted after a write is never earlier than the file then.
    return { bytes: diskBytes(size), usedAt: Math.floor(mtimeMs) };
  } catch {
    return undefined;
  }
}

async function* foldersBelow(folder: string, [level, ...deeper]: readonly RegExp[]): AsyncGenerator<string> {
  if (!level) return yield folder;
  for (const name of await list(folder)) if (level.test(name)) yield* foldersBelow(path.join(folder, name), deeper);
}
