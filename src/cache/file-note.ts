import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inFolder, isMissing, READING, removeFile } from './files.ts';
import { MAX_NOTE_BYTES, NOTE_NAME, type SharedNote, type VersionedText } from './tier.ts';

/** A note in the folder of a store. A file system compares and replaces nothing in one step: who writes has to look again later. */
export function createFileNote(folder: string): SharedNote {
  const file = path.join(path.resolve(folder), NOTE_NAME);
  const unnamed = path.join(path.resolve(folder), 'tmp');

  async function read(known: string | undefined): Promise<VersionedText | 'unchanged'> {
    const handle = await open(file, READING);
    try {
      const stats = await handle.stat({ bigint: true });
      const version = versionOf(stats);
      if (version === known) return 'unchanged';
      // What is too long is no text of ours, and is replaced by one.
      return { text: stats.size > MAX_NOTE_BYTES ? '' : await handle.readFile('utf8'), version };
    } finally {
      await handle.close();
    }
  }

  async function write(text: string): Promise<string> {
    // Named as an entry is that nobody has finished: what is left of a process that was killed is swept with those.
    const begun = path.join(unnamed, `${randomBytes(16).toString('hex')}.${randomBytes(8).toString('hex')}`);
    try {
      await inFolder(unnamed, () => writeFile(begun, text, { flag: 'wx', mode: 0o600 }));
      // Of this text: another may have replaced it by the time that it has its name.
      const version = versionOf(await stat(begun, { bigint: true }));
      await rename(begun, file);
      return version;
    } catch (error) {
      await removeFile(begun);
      throw error;
    }
  }

  return {
    read: (known) => read(known).catch(unlessMissing),
    async write(text, replaced) {
      const found = await stat(file, { bigint: true }).then(versionOf, unlessMissing);
      return found === replaced ? await write(text) : 'conflict';
    },
  };
}

function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino} ${mtimeNs} ${size}`;
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
