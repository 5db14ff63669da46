import { Readable } from 'node:stream';
import { ServiceError } from '../../src/errors.ts';
import type { ObjectHead, Opened, ReadConditions, Source, SourceStatus } from '../../src/sources/source.ts';

/** One call of `open`, and what has become of the body it gave. */
export interface RecordedOpen {
  readonly key: string;
  readonly conditions: ReadConditions;
  /** Chunks of the body that were asked for; a stream asks for one more than is taken from it. */
  chunks: number;
  body: 'none' | 'open' | 'destroyed' | 'ended';
}

/** What goes wrong, or takes its time, from now on. */
export interface Faults {
  /** `open` answers when this settles. */
  opening?: Promise<unknown> | undefined;
  /** `open` throws this. */
  error?: Error | undefined;
  /** `open` answers with this whatever was asked. */
  answer?: { readonly status: 'not-modified' } | undefined;
  /** The length that is announced, true or not. */
  length?: number | undefined;
  /** The body goes on after its first chunk when this settles. */
  body?: Promise<unknown> | undefined;
  /** The body breaks after so many chunks. */
  breakAfter?: number | undefined;
  /** How many bodies break, from the next one on; every one when it is left out. */
  breaks?: number | undefined;
  /** The body says of its own end, however it comes, that the connection was lost. */
  failOnDestroy?: boolean | undefined;
  ignoreIfMatch?: boolean | undefined;
  ignoreRange?: boolean | undefined;
}

export interface MemorySource extends Source {
  readonly opens: readonly RecordedOpen[];
  readonly faults: Faults;
  /** Answers to `check` before it is readable; an error is thrown. */
  readonly statuses: (SourceStatus | Error)[];
  /** Stores an object under a new ETag, which is returned. */
  put(key: string, bytes: Uint8Array, head?: Partial<ObjectHead>): string;
  delete(key: string): void;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly head: ObjectHead;
}

/** Enough to tell a picture by, so that its first chunk is all that a refusal needs. */
const CHUNK_BYTES = 5000;
const LAST_MODIFIED = new Date('2024-05-06T07:08:09.123Z');

/** Originals that a test keeps in memory, with the failures it wants. */
export function createMemorySource({ chunkBytes = CHUNK_BYTES } = {}): MemorySource {
  const objects = new Map<string, Stored>();
  const opens: RecordedOpen[] = [];
  const faults: Faults = {};
  let version = 0;
  const statuses: (SourceStatus | Error)[] = [];

  function find(key: string, { ifMatch }: ReadConditions): Stored {
    const stored = objects.get(key);
    if (!stored) throw new ServiceError('not_found');
    if (ifMatch !== undefined && ifMatch !== stored.head.etag && !faults.ignoreIfMatch)
      throw new ServiceError('source_changed');
    return stored;
  }

  function willBreak(): boolean {
    if (faults.breaks === undefined) return true;
    return faults.breaks-- > 0;
  }

  function answer({ bytes, head }: Stored, { range }: ReadConditions, read: RecordedOpen): Opened {
    const part = range === undefined || faults.ignoreRange ? undefined : rangeOf(range, bytes.length);
    const sent = part ? bytes.subarray(part.start, part.end + 1) : bytes;
    const contentRange = part && `bytes ${part.start}-${part.end}/${bytes.length}`;
    const body = stream(sent, chunkBytes, { ...faults, breakAfter: willBreak() ? faults.breakAfter : undefined }, read);
    return { status: 'opened', head, length: faults.length ?? sent.length, contentRange, body };
  }

  return {
    id: 'memory://test',
    opens,
    faults,
    statuses,
    put(key, bytes, head) {
      const etag = `"v${++version}"`;
      objects.set(key, { bytes, head: { etag, lastModified: LAST_MODIFIED, ...head } });
      return etag;
    },
    delete: (key) => void objects.delete(key),
    async open(key, conditions, signal) {
      const read: RecordedOpen = { key, conditions, chunks: 0, body: 'none' };
      opens.push(read);
      signal.throwIfAborted();
      if (faults.opening) await Promise.race([faults.opening, reasonOf(signal)]);
      if (faults.error) throw faults.error;
      const stored = find(key, conditions);
      if (faults.answer ?? conditions.ifNoneMatch === stored.head.etag)
        return { status: 'not-modified', lastModified: stored.head.lastModified };
      return answer(stored, conditions, read);
    },
    check() {
      const status = statuses.shift() ?? { readable: true, detail: 'in memory' };
      return status instanceof Error ? Promise.reject(status) : Promise.resolve(status);
    },
    close: () => {},
  };
}

function stream(bytes: Uint8Array, chunkBytes: number, faults: Faults, read: RecordedOpen): Readable {
  let at = 0;
  const push = (body: Readable) => {
    const chunk = bytes.subarray(at, at + chunkBytes);
    at += chunk.length;
    body.push(chunk.length === 0 ? null : chunk);
  };
  const body = new Readable({
    highWaterMark: 1,
    read() {
      if (faults.breakAfter === read.chunks) return void this.destroy(new Error('socket hang up'));
      const wait = read.chunks++ === 0 ? undefined : faults.body;
      if (wait) wait.then(() => this.destroyed || push(this));
      else push(this);
    },
    destroy: (error, done) => done(faults.failOnDestroy ? new Error('connection lost') : error),
  });
  read.body = 'open';
  body.once('close', () => {
    read.body = body.readableEnded ? 'ended' : 'destroyed';
  });
  return body;
}

function rangeOf(range: string, size: number): { readonly start: number; readonly end: number } {
  const [start = 0, end = 0] = range.slice('bytes='.length).split('-').map(Number);
  if (start >= size) throw new ServiceError('range_not_satisfiable');
  return { start, end: Math.min(end, size - 1) };
}

function reasonOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
