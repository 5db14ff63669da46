import { crc32, deflateSync } from 'node:zlib';
import { uint16, uint32 } from './big-endian.ts';

/** Colour types as a PNG header numbers them (PNG, third edition, 11.2.1). */
export const PNG_COLOURS = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

export interface PngSamples {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly colour: keyof typeof PNG_COLOURS;
  /** The samples of one row from left to right, each of them as large as the depth allows. */
  readonly row: (y: number) => readonly number[];
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG put together by hand, so that no library decides how its samples are stored; `before` comes ahead of the pixels. */
export function pngOf(samples: PngSamples, before: readonly Buffer[] = [], after: readonly Buffer[] = []): Buffer {
  const pixels = pngChunk('IDAT', pngPixels(samples));
  return Buffer.concat([SIGNATURE, header(samples), ...before, pixels, ...after, pngChunk('IEND', Buffer.alloc(0))]);
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
}

/** An embedded profile, whose name nobody reads. */
export function pngProfile(icc: Uint8Array): Buffer {
  return pngChunk('iCCP', Buffer.concat([Buffer.from('icc\0\0', 'latin1'), deflateSync(icc)]));
}

/** The compressed rows, none of them filtered. */
export function pngPixels({ height, depth, row }: PngSamples): Buffer {
  const rows = Array.from({ length: height }, (_, y) => Buffer.concat([Buffer.of(0), packed(row(y), depth)]));
  return deflateSync(Buffer.concat(rows));
}

/** The chunks of a PNG with one more right after the header. */
export function withPngChunk(encoded: Buffer, chunk: Buffer): Buffer {
  const headerEnd = SIGNATURE.length + 25;
  return Buffer.concat([encoded.subarray(0, headerEnd), chunk, encoded.subarray(headerEnd)]);
}

function header({ width, height, depth, colour }: PngSamples): Buffer {
  return pngChunk('IHDR', Buffer.concat([uint32(width, height), Buffer.of(depth, PNG_COLOURS[colour], 0, 0, 0)]));
}

function packed(samples: readonly number[], depth: PngSamples['depth']): Buffer {
  if (depth === 16) return uint16(...samples);
  const bytes = Buffer.alloc(Math.ceil((samples.length * depth) / 8));
  for (const [index, sample] of samples.entries()) {
    const bit = index * depth;
    const at = bit >> 3;
    bytes[at] = (bytes[at] ?? 0) | (sample << (8 - depth - (bit & 7)));
  }
  return bytes;
}
