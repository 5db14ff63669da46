import { ServiceError } from '../errors.ts';
import { SNIFF_BYTES } from '../sniff.ts';
import type { Opened } from '../sources/source.ts';

/** A body whose first bytes can be looked at before the rest is asked for. To be destroyed, read to its end or not. */
export interface BodyReader {
  /** The first `SNIFF_BYTES`, maybe more, or all there are. */
  head(): Promise<Uint8Array>;
  /** Every byte: exactly as many as announced. Fewer are `source_broke_off`, more `source_failed`. */
  rest(): Promise<Buffer>;
  destroy(): void;
}

/** Reads what was opened; when the signal aborts the body is destroyed and the signal's reason thrown. */
export function createBodyReader({ body, length }: Opened, signal: AbortSignal): BodyReader {
  let first: Buffer = Buffer.alloc(0);
  let received = 0;
  const stop = () => body.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // A connection may also break while nobody reads, and an error that nobody listens for ends the process.
  body.on('error', () => {});
  const chunks = body[Symbol.asyncIterator]();

  async function next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await chunks.next();
      return done ? undefined : value;
    } catch (error) {
      signal.throwIfAborted();
      throw new ServiceError('source_broke_off', 'The body broke off.', { cause: error });
    }
  }

  async function receive(): Promise<Buffer | undefined> {
    const chunk = await next();
    if (chunk === undefined) return undefined;
    received += chunk.length;
    if (received > length) throw new ServiceError('source_failed', `The body is longer than its ${length} bytes.`);
    return chunk;
  }

  /** A body may end too early without an error: a file that was cut short does, and a stream that was destroyed. */
  function refuseFewerThan(wanted: number): void {
    signal.throwIfAborted();
    if (received >= wanted) return;
    throw new ServiceError('source_broke_off', `The body ended after ${received} of ${length} bytes.`);
  }

  return {
    async head() {
      const enough = Math.min(SNIFF_BYTES, length);
      while (first.length < enough) {
        const chunk = await receive();
        if (chunk === undefined) break;
        first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      }
      refuseFewerThan(enough);
      return first;
    },
    async rest() {
      // Copied once at most, and not at all when the first chunk is everything: bytes outside the heap that become garbage
      // make V8 collect the whole heap, which took a sixth of the time of a cold JPEG when each byte was copied twice.
      const whole = first.length === length ? first : Buffer.allocUnsafeSlow(length);
      if (whole !== first) first.copy(whole);
      for (let offset = received, chunk = await receive(); chunk !== undefined; chunk = await receive()) {
        chunk.copy(whole, offset);
        offset += chunk.length;
      }
      refuseFewerThan(length);
      return whole;
    },
    destroy() {
      signal.removeEventListener('abort', stop);
      body.destroy();
    },
  };
}
