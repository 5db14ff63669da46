import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { uint16, uint32 } from './big-endian.ts';
import { jpegSegment } from './jpeg-blocks.ts';
import { PNG_COLOURS, pngChunk } from './png-chunks.ts';
import { tiffOf } from './tiff-blocks.ts';

/** Small files that claim much, put together by hand: no encoder writes them. */

export interface Claim {
  readonly width: number;
  readonly height: number;
}

export const LARGE: Claim = { width: 64_250, height: 64_250 };

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface PngClaim extends Claim {
  readonly depth?: 1 | 8 | 16;
  readonly colour?: keyof typeof PNG_COLOURS;
  /** Ahead of the pixels. */
  readonly before?: readonly Buffer[];
}

/** A PNG with so many pixels by its header, and ten bytes of them. */
export function pngBomb({ width, height, depth = 8, colour = 'rgb', before = [] }: PngClaim): Buffer {
  const header = Buffer.concat([uint32(width, height), Buffer.of(depth, PNG_COLOURS[colour], 0, 0, 0)]);
  const pixels = pngChunk('IDAT', deflateSync(Buffer.alloc(10)));
  return Buffer.concat([SIGNATURE, pngChunk('IHDR', header), ...before, pixels, pngChunk('IEND', Buffer.alloc(0))]);
}

/** What stands before the packed text of a chunk. */
const TEXT_HEADS = { zTXt: 'Comment\0\0', iTXt: 'Comment\0\x01\0en\0Kommentar\0' };

/** Text of so many bytes, all the same, in a thousandth of them. */
export function pngText(bytes: number, type: keyof typeof TEXT_HEADS = 'zTXt'): Buffer {
  const head = Buffer.from(TEXT_HEADS[type], 'latin1');
  return pngChunk(type, Buffer.concat([head, deflateSync(Buffer.alloc(bytes, 'a'))]));
}

export function jpegBomb({ width, height }: Claim): Buffer {
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    jpegSegment(0xdb, Buffer.from([0, ...Array<number>(64).fill(8)])),
    jpegSegment(0xc0, Buffer.concat([Buffer.of(8), uint16(height, width), Buffer.of(1, 1, 0x11, 0)])),
    jpegSegment(0xc4, Buffer.from([0, 1, ...Array<number>(15).fill(0), 0])),
    jpegSegment(0xc4, Buffer.from([0x10, 1, ...Array<number>(15).fill(0), 0])),
    jpegSegment(0xda, Buffer.of(1, 1, 0, 0, 63, 0)),
    Buffer.of(0, 0xff, 0xd9),
  ]);
}

/** A JPEG that says of itself how large it is, and is not. */
export function jpegClaim(encoded: Buffer, { width, height }: Claim): Buffer {
  const bytes = Buffer.from(encoded);
  uint16(height, width).copy(bytes, bytes.indexOf(Buffer.of(0xff, 0xc0)) + 5);
  return bytes;
}

/** As large as a still WebP can say: 14 bits a side. */
export const LARGEST_WEBP: Claim = { width: 16_384, height: 16_384 };

export function webpBomb({ width, height }: Claim): Buffer {
  return riff(webpChunk('VP8L', losslessHeader(width, height)));
}

/** An animation of so many frames, on a canvas of its own. */
export function webpFrames(frames: number, { width, height }: Claim): Buffer {
  const canvas = Buffer.concat([Buffer.of(2, 0, 0, 0), uint24(width - 1), uint24(height - 1)]);
  const place = Buffer.concat([uint24(0), uint24(0), uint24(0), uint24(0), uint24(100), Buffer.of(0)]);
  const frame = webpChunk('ANMF', Buffer.concat([place, webpChunk('VP8L', losslessPixel())]));
  return riff(webpChunk('VP8X', canvas), webpChunk('ANIM', Buffer.alloc(6)), ...Array<Buffer>(frames).fill(frame));
}

/** A GIF of so many frames that each fill its screen, none of them with more than one pixel of data. */
export function gifFrames(frames: number, { width, height }: Claim): Buffer {
  const sides = Buffer.concat([uint16Little(width), uint16Little(height)]);
  const frame = Buffer.concat([
    Buffer.from([0x21, 0xf9, 4, 4, 10, 0, 0, 0]),
    Buffer.concat([Buffer.of(0x2c, 0, 0, 0, 0), sides, Buffer.of(0)]),
    // Clear, one pixel, end: three codes of three bits.
    Buffer.from([2, 2, 0x44, 0x01, 0]),
  ]);
  return Buffer.concat([
    Buffer.concat([Buffer.from('GIF89a', 'latin1'), sides, Buffer.of(0x80, 0, 0)]),
    Buffer.of(0, 0, 0, 255, 255, 255),
    ...Array<Buffer>(frames).fill(frame),
    Buffer.of(0x3b),
  ]);
}

export function tiffBomb(claim: Claim): Buffer {
  return tiffOf({ ...claim, channels: 3, bits: 8, pixels: Buffer.alloc(10) });
}

/** An AVIF that was one of 16 x 16, by its item properties (ISO/IEC 23008-12, 6.5.3). */
export async function avifBomb({ width, height }: Claim): Promise<Buffer> {
  const small = sharp({ create: { width: 16, height: 16, channels: 3, background: '#808080' } });
  const bytes = await small.avif({ effort: 0 }).toBuffer();
  uint32(width, height).copy(bytes, bytes.indexOf('ispe') + 8);
  return bytes;
}

/**
 * A progressive JPEG of so many scans that break no rule: each coefficient of each component is sent bit by bit (ITU-T T.81, G.1.2),
 * and every scan says in a few bytes that there is nothing in it.
 */
export function jpegScans(scans: number, { width, height }: Claim): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const components = [1, 2, 3];
  const frame = [8, ...uint16(height, width), 3, ...components.flatMap((id) => [id, 0x11, 0])];
  const nothing = runsOf(blocks);
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    jpegSegment(0xdb, Buffer.from([0, ...Array<number>(64).fill(8)])),
    jpegSegment(0xc2, Buffer.from(frame)),
    jpegSegment(0xc4, Buffer.from([0, 1, ...Array<number>(15).fill(0), 0])),
    jpegSegment(0xc4, Buffer.from([0x10, 0, 0, 0, 15, ...Array<number>(12).fill(0), ...RUN_SYMBOLS])),
    jpegSegment(0xda, Buffer.from([3, ...components.flatMap((id) => [id, 0]), 0, 0, 0])),
    Buffer.alloc(Math.ceil((blocks * 3) / 8)),
    ...scanHeaders(scans - 1).flatMap((header) => [jpegSegment(0xda, Buffer.from(header)), nothing]),
    Buffer.of(0xff, 0xd9),
  ]);
}

/** For each coefficient but the first: its highest bit, then one bit after the other. */
function scanHeaders(count: number): readonly (readonly number[])[] {
  const HIGHEST = 13;
  return Array.from({ length: count }, (_, index) => {
    const [low, rest] = [HIGHEST - (index % (HIGHEST + 1)), Math.floor(index / (HIGHEST + 1))];
    const [component, coefficient] = [1 + (rest % 3), 1 + (Math.floor(rest / 3) % 63)];
    const high = low === HIGHEST ? 0 : low + 1;
    return [1, component, 0, coefficient, coefficient, (high << 4) | low];
  });
}

/** Runs of up to 2^1, 2^2, … 2^15 - 1 blocks without anything, in codes of four bits each. */
const RUN_SYMBOLS = Array.from({ length: 15 }, (_, power) => power << 4);

function runsOf(blocks: number): Buffer {
  let bits = '';
  for (let left = blocks; left > 0; ) {
    const run = Math.min(left, 2 ** 15 - 1);
    const power = Math.floor(Math.log2(run));
    bits +=
      power.toString(2).padStart(4, '0') + (power === 0 ? '' : (run - 2 ** power).toString(2).padStart(power, '0'));
    left -= run;
  }
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.flatMap((byte) => (byte === '11111111' ? [0xff, 0] : [Number.parseInt(byte, 2)])));
}

function riff(...chunks: readonly Buffer[]): Buffer {
  const content = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([Buffer.from('RIFF', 'latin1'), length, content]);
}

function webpChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(type, 'latin1'), length, data, Buffer.alloc(data.length % 2)]);
}

/** What a lossless bitstream begins with (RFC 9649, 3.4), and nothing behind it that makes a picture. */
function losslessHeader(width: number, height: number): Buffer {
  const bits = BigInt(width - 1) | (BigInt(height - 1) << 14n);
  const header = Buffer.alloc(5);
  header.writeUInt8(0x2f);
  header.writeUInt32LE(Number(bits), 1);
  return Buffer.concat([header, Buffer.alloc(16)]);
}

/** One pixel: five codes of one symbol each. */
function losslessPixel(): Buffer {
  return Buffer.from([0x2f, 0, 0, 0, 0, 0x88, 0x88, 0x08, 0]);
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}

function uint16Little(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
