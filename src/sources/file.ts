import { type BigIntStats, constants } from 'node:fs';
import { access, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import mime from 'mime';
import { ServiceError } from '../errors.ts';
import { resolveRange } from './range.ts';
import type { NotModified, ObjectHead, Opened, ReadConditions, Source, SourceStatus } from './source.ts';

/** Originals from a folder. What a symbolic link inside it leads to is served only when that is inside it too. */
export function createFileSource(options: { readonly root: string }): Source {
  const root = path.resolve(options.root);
  const resolveKey = createKeyResolver(root);

  async function openKey(key: string, conditions: ReadConditions, signal: AbortSignal): Promise<Opened | NotModified> {
    signal.throwIfAborted();
    const handle = await openFile(key, resolveKey);
    try {
      const stats = await handle.stat({ bigint: true });
      // A folder is no object; a device or a pipe would never end.
      if (!stats.isFile()) throw new ServiceError('not_found');
      signal.throwIfAborted();
      return await openBody(handle, headOf(key, stats), Number(stats.size), conditions);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  return { id: pathToFileURL(root).href, open: openKey, check: () => checkFolder(root), close: () => {} };
}

async function openBody(handle: FileHandle, head: ObjectHead, size: number, conditions: ReadConditions) {
  const { ifNoneMatch, ifMatch, range } = conditions;
  if (ifMatch !== undefined && ifMatch !== head.etag) throw new ServiceError('source_changed');
  if (ifNoneMatch === head.etag) {
    await handle.close();
    return { status: 'not-modified' } as const;
  }
  const part = range === undefined ? undefined : resolveRange(range, size);
  if (part === 'unsatisfiable') throw new ServiceError('range_not_satisfiable', undefined, { size });
  const { start, end } = part ?? { start: 0, end: size - 1 };
  const length = end - start + 1;
  return {
    status: 'opened',
    head,
    length,
    contentRange: part && `bytes ${start}-${end}/${size}`,
    body: streamOf(handle, start, length),
  } as const;
}

// Each chunk is a trip through the thread pool; a picture of usual size comes in one or two.
const CHUNK_BYTES = 512 * 1024;

/** The bytes of an open file. The end is fixed beforehand, so that a file that grows meanwhile is not read for ever. */
function streamOf(handle: FileHandle, start: number, length: number): Readable {
  const end = start + length;
  let position = start;
  // What `handle.createReadStream` does too, which takes a third longer for a file of one chunk.
  async function readChunk(stream: Readable): Promise<void> {
    const size = Math.min(CHUNK_BYTES, end - position);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(size), 0, size, position);
    position += bytesRead;
    if (bytesRead > 0) stream.push(bytesRead < size ? buffer.subarray(0, bytesRead) : buffer);
    if (bytesRead === 0 || position === end) stream.push(null);
  }
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      readChunk(this).catch((error) => this.destroy(error));
    },
    destroy(error, done) {
      handle.close().then(() => done(error), done);
    },
  });
}

async function openFile(key: string, resolveKey: (key: string) => Promise<string>): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer and hold a thread of the pool meanwhile.
    return await open(await resolveKey(key), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw fileError(error);
  }
}

/** The file of a key, with no symbolic link left in its path; `not_found` when it is outside of the folder. */
function createKeyResolver(root: string) {
  let realRoot = root;
  return async (key: string): Promise<string> => {
    const file = await realpath(path.join(root, key));
    if (isInside(realRoot, file)) return file;
    // The folder itself may be a link, and may lead elsewhere by now.
    realRoot = await realpath(root);
    if (!isInside(realRoot, file)) throw new ServiceError('not_found');
    return file;
  };
}

/** By segment: a prefix of the text would also take /photos-private for a part of /photos. */
function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

// What a file system says of a name under which there is no object, or none that it could hold.
const MISSING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EISDIR', 'ENXIO'];

function fileError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const code = String((error as NodeJS.ErrnoException).code);
  if (MISSING.includes(code)) return new ServiceError('not_found', undefined, { cause: error });
  return new ServiceError('source_failed', `The file cannot be read: ${code}.`, { cause: error });
}

function headOf(key: string, stats: BigIntStats): ObjectHead {
  return {
    etag: `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`,
    lastModified: stats.mtime,
    contentType: mime.getType(key) ?? 'application/octet-stream',
  };
}

async function checkFolder(root: string): Promise<SourceStatus> {
  try {
    if (!(await stat(root)).isDirectory()) return { readable: false, detail: `${root} is not a folder` };
    await access(root, constants.R_OK | constants.X_OK);
    return { readable: true, detail: `the folder ${root}` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    return { readable: false, detail: `the folder ${root} ${reason}` };
  }
}
