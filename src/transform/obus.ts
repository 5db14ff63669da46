import type { Steps } from './iso-boxes.ts';

/** A header of its own, behind which its tiles come; and one with its tiles. What repeats a header (7) is no frame. */
const FRAME_TYPES = [3, 6];
/** Bytes of a length: seven bits in each. */
const MAX_LENGTH_BYTES = 8;

/**
 * Frames of an AV1 stream as libaom would take it (AV1, 5.3): up to a unit that does not say its length or says more than there is, where
 * it gives up, and across zeros, which it skips.
 */
export function countFrames(data: Buffer, steps: Steps): number {
  let frames = 0;
  for (let at = 0; at < data.length; ) {
    steps.take();
    if (data[at] === 0) {
      at++;
      continue;
    }
    const { type, next } = unitAt(data, at);
    if (FRAME_TYPES.includes(type)) frames++;
    at = next;
  }
  return frames;
}

/** A unit, and where the next one begins: behind the end where there is none. */
function unitAt(data: Buffer, at: number): { readonly type: number; readonly next: number } {
  const header = data.readUInt8(at);
  const type = (header >> 3) & 15;
  const hasExtension = (header & 4) !== 0;
  const hasLength = (header & 2) !== 0;
  return { type, next: hasLength ? endAt(data, at + (hasExtension ? 2 : 1)) : data.length };
}

/** Behind a length and what has it. */
function endAt(data: Buffer, at: number): number {
  let length = 0;
  for (let index = 0; index < MAX_LENGTH_BYTES; index++) {
    const byte = data[at + index] ?? 0;
    length += (byte & 127) * 128 ** index;
    if (byte < 128) return at + index + 1 + length;
  }
  return data.length;
}
