import { inflateSync } from 'node:zlib';
import { ServiceError } from '../errors.ts';

/**
 * Bytes of text that all packed chunks of a PNG may have together. libpng inflates each of up to 8 MB as soon as it meets it, libvips
 * takes 50 of them, and both keep copies: 386 KB took 1.9 GB to read the header of, and 3.8 GB to decode, with every limit of theirs
 * in place. What programs do pack into them are profiles and settings of some hundred KB.
 */
const MAX_TEXT = 4_000_000;
/** Packed chunks, each of which takes a while to be looked at, however little is in it: 25 MB of empty ones took minutes. */
const MAX_PACKED = 100;
/** Chunks of any kind: 25 MB in pieces of 1 KB are a quarter of them, and to walk over so many takes 20 ms. */
const MAX_CHUNKS = 100_000;
const SIGNATURE_LENGTH = 8;
/** Of which no text is packed by more (RFC 1951: 258 bytes in two bits). */
const MAX_RATIO = 1032;

/** Throws `too_complex` for a PNG of which nobody should read as much as the header. */
export function refusePackedText(png: Uint8Array): void {
  let left = MAX_TEXT;
  let packed = 0;
  let chunks = 0;
  for (const { type, content } of chunksOf(Buffer.from(png.buffer, png.byteOffset, png.byteLength))) {
    if (++chunks > MAX_CHUNKS) throw tooComplex(`more than ${MAX_CHUNKS} chunks`);
    const text = packedIn(type, content);
    if (!text) continue;
    if (++packed > MAX_PACKED) throw tooComplex(`more than ${MAX_PACKED} packed texts`);
    left -= inflatedLength(text, left);
    if (left < 0) throw tooComplex(`more than ${MAX_TEXT / 1e6} MB of packed text`);
  }
}

function tooComplex(what: string): ServiceError {
  return new ServiceError('too_complex', `The original has ${what}.`);
}

interface Chunk {
  readonly type: string;
  readonly content: Buffer;
}

/** By the lengths they say (PNG, third edition, 5.3), up to one that says more than there is. */
function* chunksOf(png: Buffer): Generator<Chunk> {
  for (let at = SIGNATURE_LENGTH; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    yield {
      type: png.toString('latin1', at + 4, at + 8),
      content: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)),
    };
  }
}

/** What of a chunk is packed (PNG, third edition, 11.3.3): behind a name and a byte, or two bytes of which the first says so. */
function packedIn(type: string, content: Buffer): Buffer | undefined {
  const end = content.indexOf(0);
  if (type === 'zTXt') return content.subarray(end + 2);
  if (type !== 'iTXt' || content[end + 1] === 0) return undefined;
  const language = content.indexOf(0, end + 3);
  return content.subarray(content.indexOf(0, language + 1) + 1);
}

/** As much as it could be where it is more than the limit, or damaged: libpng may make more of it than is made here. */
function inflatedLength(packed: Buffer, limit: number): number {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, limit) }).length;
  } catch {
    return packed.length * MAX_RATIO;
  }
}
