import { hasCode, ServiceError } from '../errors.ts';
import type { ObjectHead, Opened, Source } from '../sources/source.ts';
import { isStoredAsSvg, SVG_REFUSED } from './record.ts';

/** An object's head and its whole length in bytes. */
export interface Peeked {
  readonly head: ObjectHead;
  readonly size: number;
}

/** Originals as they are, streamed. */
export interface Passthrough {
  /** What a HEAD or a conditional request needs, for one byte of the object instead of all of them. */
  peek(key: string, signal: AbortSignal): Promise<Peeked>;
  /** The whole object, or one range of it. */
  open(key: string, range: string | undefined, signal: AbortSignal): Promise<Opened>;
}

export interface PassthroughOptions {
  readonly source: Source;
  /** Whether what is stored as SVG is refused; no browser takes anything else for one. */
  readonly refusesSvg: boolean;
}

export function createPassthrough({ source, refusesSvg }: PassthroughOptions): Passthrough {
  async function open(key: string, range: string | undefined, signal: AbortSignal): Promise<Opened> {
    const opened = await source.open(key, { range }, signal);
    if (opened.status !== 'opened') throw new ServiceError('source_failed', 'Not modified, though nobody asked.');
    if (!refusesSvg || !isStoredAsSvg(opened.head)) return opened;
    opened.body.on('error', () => {}).destroy();
    throw new ServiceError('unsupported_image', SVG_REFUSED);
  }

  async function openFirstByte(key: string, signal: AbortSignal): Promise<Opened> {
    try {
      return await open(key, 'bytes=0-0', signal);
    } catch (error) {
      // An empty object has no first byte (RFC 9110, 14.1.2); it is cheap to open whole.
      if (!isUnsatisfiable(error)) throw error;
      return await open(key, undefined, signal);
    }
  }

  async function peek(key: string, signal: AbortSignal): Promise<Peeked> {
    const { head, length, contentRange, body } = await openFirstByte(key, signal);
    body.on('error', () => {});
    if (contentRange === undefined) {
      body.destroy();
      return { head, size: length };
    }
    // One byte is read to its end, not destroyed: the connection can then be used again.
    body.resume();
    return { head, size: sizeIn(contentRange) };
  }

  /** Who asked beyond the end is told where it is (RFC 9110, 15.5.17). */
  async function unsatisfiable(key: string, signal: AbortSignal): Promise<ServiceError> {
    const { size } = await peek(key, signal);
    return new ServiceError('range_not_satisfiable', undefined, { size });
  }

  async function openRange(key: string, range: string | undefined, signal: AbortSignal): Promise<Opened> {
    // Some stores take it for all of the object.
    if (range !== undefined && LAST_NOTHING.test(range)) throw await unsatisfiable(key, signal);
    try {
      return await open(key, range, signal);
    } catch (error) {
      // Some stores do not say how long the object is.
      throw isUnsatisfiable(error) && error.size === undefined ? await unsatisfiable(key, signal) : error;
    }
  }

  return {
    peek,
    async open(key, range, signal) {
      try {
        return await openRange(key, range, signal);
      } catch (error) {
        // Of nothing there is no part: S3 refuses each range. Who reads in slices, as a CDN may, would not get the object at all.
        if (!(isUnsatisfiable(error) && error.size === 0)) throw error;
        return await open(key, undefined, signal);
      }
    },
  };
}

function isUnsatisfiable(error: unknown): error is ServiceError {
  return hasCode(error, 'range_not_satisfiable');
}

/** The last no bytes of an object (RFC 9110, 14.1.2). */
const LAST_NOTHING = /^bytes=-0+$/;

/** The whole length in a `Content-Range: bytes 0-0/10`; RFC 9110, 14.4 also allows a source to say `*`. */
function sizeIn(contentRange: string): number {
  const size = Number(contentRange.split('/')[1]);
  if (Number.isInteger(size)) return size;
  throw new ServiceError('source_failed', `The source does not say how long the object is: ${contentRange}.`);
}
