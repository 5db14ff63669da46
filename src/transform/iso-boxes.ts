import { ServiceError } from '../errors.ts';

/**
 * Boxes, and what stands in them one after the other. libheif takes files of some 14,000: a thousand items with their properties. 25 MB
 * may have three million, and what takes no bytes without end; to walk over so many takes up to 20 ms.
 */
const MAX_STEPS = 20_000;

/** Counts what is walked over; throws `too_complex` for more. */
export class Steps {
  #left = MAX_STEPS;

  take(): void {
    if (this.#left-- === 0) throw new ServiceError('too_complex', `The original has more than ${MAX_STEPS} parts.`);
  }

  /** So many times what reads the next of them. */
  times<T>(count: number, read: () => T): readonly T[] {
    const all: T[] = [];
    for (let index = 0; index < count; index++) {
      this.take();
      all.push(read());
    }
    return all;
  }
}

export interface Box {
  readonly type: string;
  readonly content: Buffer;
}

/** The boxes of another, or of a file (ISO/IEC 14496-12, 4.2). Throws `RangeError`, as buffers do, for one that is larger than what it is in. */
export function* boxesIn(outer: Buffer, steps: Steps): Generator<Box> {
  for (let at = 0; at < outer.length; ) {
    steps.take();
    const { head, length } = lengthAt(outer, at);
    if (length < head || length > outer.length - at) throw new RangeError('A box is larger than what it is in.');
    yield { type: outer.toString('latin1', at + 4, at + 8), content: outer.subarray(at + head, at + length) };
    at += length;
  }
}

/** Of a box with its head; none means the rest, and 1 that it stands behind the type in eight bytes. */
function lengthAt(outer: Buffer, at: number): { readonly head: number; readonly length: number } {
  const short = outer.readUInt32BE(at);
  if (short === 1) return { head: 16, length: Number(outer.readBigUInt64BE(at + 8)) };
  return { head: 8, length: short === 0 ? outer.length - at : short };
}

/** What stands in a box, one after the other, behind a version and flags. */
export class Fields {
  readonly #content: Buffer;
  #at: number;

  constructor(content: Buffer, at = 4) {
    this.#content = content;
    this.#at = at;
  }

  get version(): number {
    return this.#content.readUInt8(0);
  }

  get flags(): number {
    return this.#content.readUIntBE(1, 3);
  }

  /** A number of so many bytes, none of which is 0. */
  next(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    if (bytes === 0) return 0;
    return bytes === 8 ? Number(this.#content.readBigUInt64BE(at)) : this.#content.readUIntBE(at, bytes);
  }

  text(bytes: number): string {
    const at = this.#at;
    this.#at += bytes;
    return this.#content.toString('latin1', at, at + bytes);
  }
}
