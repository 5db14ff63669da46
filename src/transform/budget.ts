import { ServiceError } from '../errors.ts';
import type { OutputFormat } from '../formats.ts';
import type { ImageFacts } from './facts.ts';
import type { Geometry, Size } from './geometry.ts';
import { type LayoutLimits, SOURCE_PIXELS_CEILING } from './layout.ts';
import { MAX_SCANS } from './scans.ts';
import { isOnSide, type Turn } from './turn.ts';

/** One worker's share of memory: 25 MP of 8 bits, colour and alpha. */
const BYTES_PER_WORKER = 100_000_000;
/** No pixel counts as fewer: a worker also takes its time for one of grey. What lies between two passes has no more. */
const BYTES_PER_PIXEL = 4;
/** Bytes for each pixel that a decoder holds until the last is out, where that is more; measured with 24 MP. */
const DECODING: Partial<Record<ImageFacts['format'], number>> = { avif: 19, webp: 8 };
/** Of a progressive JPEG, two for each coefficient of three components; of a gain map as well, whatever it is. */
const PROGRESSIVE = 6;
/** Bytes for each pixel that an encoder holds until the last is in; measured with 16.7 MP. */
const ENCODING: Readonly<Record<OutputFormat, number>> = { jpeg: 6, png: 0, webp: 14, avif: 28, gif: 10, tiff: 4 };
/** Of each of `MAX_SOURCE_PIXELS` at most, on average: 16 bits of colour and alpha. */
const MAX_BYTES_PER_PIXEL = 8;

/** Pixels that a job holds in memory. */
export interface Holding {
  readonly source: number;
  /** Between two passes. */
  readonly between: number;
  /** Of the gain map that is kept. */
  readonly gainMap: number;
  readonly written: number;
  readonly format: OutputFormat;
  readonly animated: boolean;
}

/**
 * Share of the workers that a job takes; for what is written only whole ones, since most of it is small. Of an animation one frame
 * after the other is read and written.
 */
export function costOf(facts: ImageFacts, { source, between, gainMap, written, format, animated }: Holding): number {
  const [decoding, encoding] = animated ? [0, 0] : [decodingBytes(facts), ENCODING[format]];
  const bytesPerPixel = Math.max(BYTES_PER_PIXEL, facts.bytesPerPixel, decoding);
  const beside = between * BYTES_PER_PIXEL + gainMap * PROGRESSIVE;
  const read = Math.ceil((source * bytesPerPixel + beside) / BYTES_PER_WORKER);
  return read + Math.floor((written * encoding) / BYTES_PER_WORKER);
}

function decodingBytes({ format, progressive }: ImageFacts): number {
  return DECODING[format] ?? (format === 'jpeg' && progressive ? PROGRESSIVE : 0);
}

/** What a decoder has to put out. */
export interface Reading extends Geometry {
  readonly turn: Turn;
  /** Whether the decoder is kept from decoding at a smaller scale. */
  readonly isWhole: boolean;
}

/**
 * Pixels the decoder will put out for one frame. sharp lets the JPEG decoder skip all but each 2nd, 4th or 8th pixel, as
 * long as twice the wanted size is left (`fastShrinkOnLoad: false`), and not when a region is cut first. A progressive JPEG
 * keeps all its coefficients until the end and counts whole. An SVG is drawn at the size it is wanted in.
 */
export function decodedPixels(facts: ImageFacts, { output, scaled, region, turn, isWhole }: Reading): number {
  if (region || isWhole) return pixelsOf(facts);
  if (facts.format === 'svg') return pixelsOf(output);
  if (facts.format !== 'jpeg' || facts.progressive) return pixelsOf(facts);
  const { width, height } = isOnSide(turn) ? { width: scaled.height, height: scaled.width } : scaled;
  const shrink = Math.min(facts.width / width, facts.height / height);
  const factor = [8, 4, 2].find((candidate) => shrink >= candidate * 2) ?? 1;
  return Math.ceil(facts.width / factor) * Math.ceil(facts.height / factor);
}

/** By the header alone. A TIFF can say 4 channels of 16 bytes: within the pixels, it would be eight times the memory. */
export function refuseTooManyPixels(facts: ImageFacts, sourcePixels: number, { maxSourcePixels }: LayoutLimits): void {
  const sides = `${facts.width}x${facts.height} pixels`;
  const megapixels = `${(maxSourcePixels / 1e6).toFixed(1)} megapixels`;
  if (sourcePixels > maxSourcePixels || pixelsOf(facts) > SOURCE_PIXELS_CEILING) {
    throw new ServiceError('too_many_pixels', `The original has ${sides}; at most ${megapixels} are decoded.`);
  }
  if (sourcePixels * facts.bytesPerPixel > maxSourcePixels * MAX_BYTES_PER_PIXEL) {
    const each = `${sides} of ${facts.bytesPerPixel} bytes`;
    const most = `${megapixels} of ${MAX_BYTES_PER_PIXEL} bytes`;
    throw new ServiceError('too_many_pixels', `The original has ${each}; at most ${most} are decoded.`);
  }
}

export function refuseTooManyScans({ scans }: ImageFacts): void {
  if (scans <= MAX_SCANS) return;
  throw new ServiceError(
    'too_complex',
    `The original has more than ${MAX_SCANS} scans, and takes too long to be drawn.`,
  );
}

export function pixelsOf({ width, height }: Size): number {
  return width * height;
}
