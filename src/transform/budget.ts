import { ServiceError } from '../errors.ts';
import type { ImageFacts } from './facts.ts';
import type { Geometry, Size } from './geometry.ts';
import { type LayoutLimits, SOURCE_PIXELS_CEILING } from './layout.ts';
import { isOnSide, type Turn } from './turn.ts';

/** Pixels whose decoding takes one worker's share of memory: 25 MP are 75 to 100 MB. */
const PIXELS_PER_WORKER = 25_000_000;

/** Share of the workers that a job takes. */
export function costOf(pixels: number): number {
  return Math.ceil(pixels / PIXELS_PER_WORKER);
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

export function refuseTooManyPixels(facts: ImageFacts, sourcePixels: number, { maxSourcePixels }: LayoutLimits): void {
  if (sourcePixels <= maxSourcePixels && pixelsOf(facts) <= SOURCE_PIXELS_CEILING) return;
  const megapixels = (maxSourcePixels / 1e6).toFixed(1);
  const sides = `${facts.width}x${facts.height} pixels`;
  throw new ServiceError('too_many_pixels', `The original has ${sides}; at most ${megapixels} megapixels are decoded.`);
}

export function pixelsOf({ width, height }: Size): number {
  return width * height;
}
