import type { Format } from '../formats.ts';

/**
 * Whether a file holds a picture and nothing else: no profile, no metadata, no comment, nothing behind its end. Judged block by
 * block, since a decoder speaks only of what it knows. Only such a file may be shown to anybody as it is.
 */
export function isBare(bytes: Uint8Array, format: Format): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return WALKS[format]?.(view) === bytes.length;
}

/** Where a file ends that is bare; undefined when it is not. */
type Walk = (bytes: Buffer) => number | undefined;

const WALKS: Partial<Record<Format, Walk>> = { jpeg: walkJpeg, png: walkPng, webp: walkWebp, gif: walkGif };

/** Segments of a JPEG (ITU-T T.81, B.1.1) that belong to its pixels: tables, frames of three components at most, scans. */
function walkJpeg(bytes: Buffer): number | undefined {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    const length = bytes.readUInt16BE(at + 2);
    if (!isPlainSegment(marker, bytes.subarray(at + 4, at + 2 + length))) return undefined;
    at += 2 + length;
    if (marker === 0xda) at = endOfScan(bytes, at);
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return at + 2;
  }
  return undefined;
}

const JFIF_WITHOUT_THUMBNAIL = 14;

function isPlainSegment(marker: number, content: Buffer): boolean {
  const isTable = [0xc4, 0xdb, 0xdd, 0xda].includes(marker);
  const isJfif =
    marker === 0xe0 && content.length === JFIF_WITHOUT_THUMBNAIL && content.toString('latin1', 0, 4) === 'JFIF';
  const isFrame = marker >= 0xc0 && marker <= 0xc2 && (content[5] as number) <= 3;
  return isTable || isJfif || isFrame;
}

/** The next marker that is none of those within a scan: a stuffed zero, or a restart. */
function endOfScan(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(0xff, from);
  while (at >= 0 && isWithinScan(bytes[at + 1])) at = bytes.indexOf(0xff, at + 2);
  return at < 0 ? bytes.length : at;
}

function isWithinScan(marker: number | undefined): boolean {
  return marker === 0 || (marker !== undefined && marker >= 0xd0 && marker <= 0xd7);
}

const PNG_CHUNKS = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'sRGB', 'sBIT', 'pHYs'];

function walkPng(bytes: Buffer): number | undefined {
  let at = 8;
  while (at + 12 <= bytes.length) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    at += 12 + bytes.readUInt32BE(at);
    if (type === 'IEND') return at;
    if (!PNG_CHUNKS.includes(type)) return undefined;
  }
  return undefined;
}

const WEBP_CHUNKS = ['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF'];

function walkWebp(bytes: Buffer): number | undefined {
  if (bytes.length < 12) return undefined;
  let at = 12;
  while (at + 8 <= bytes.length) {
    if (!WEBP_CHUNKS.includes(bytes.toString('latin1', at, at + 4))) return undefined;
    const length = bytes.readUInt32LE(at + 4);
    at += 8 + length + (length % 2);
  }
  return at === 8 + bytes.readUInt32LE(4) ? at : undefined;
}

/** Blocks of a GIF (GIF89a, 17 to 27) that belong to its frames. */
function walkGif(bytes: Buffer): number | undefined {
  let at = 13 + tableLength(bytes[10]);
  while (at < bytes.length) {
    const start = at;
    if (bytes[at] === 0x3b) return at + 1;
    if (bytes[at] === 0x2c) at = endOfBlocks(bytes, at + 11 + tableLength(bytes[at + 9]));
    else if (bytes[at] === 0x21 && isPlainExtension(bytes, at)) at = endOfBlocks(bytes, at + 2);
    if (at === start) return undefined;
  }
  return undefined;
}

/** Bytes of a table of colours, by the byte of flags that tells of it. */
function tableLength(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** How a frame is shown, or how often all of them are. */
function isPlainExtension(bytes: Buffer, at: number): boolean {
  const isLoop = bytes[at + 1] === 0xff && bytes.toString('latin1', at + 3, at + 14) === 'NETSCAPE2.0';
  return bytes[at + 1] === 0xf9 || isLoop;
}

function endOfBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0) > 0) at += 1 + (bytes[at] as number);
  return at + 1;
}
