import type { Options } from '../request/options.ts';

/** Sides in whole pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

export interface Geometry {
  /** The sides of the answer. */
  readonly output: Size;
  /** What is cut out of the upright original before anything else; absent when it is all of it. */
  readonly region?: Region;
  /** What that is scaled to, each side exactly so. */
  readonly scaled: Size;
  /** What of the scaled picture is kept; absent when it is all of it. */
  readonly crop?: Region;
}

export interface SizeLimits {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Width times height of the answer. */
  readonly maxPixels: number;
  /** Width times height of what is scaled before it is cut, `maxPixels` unless given; above that it is cut first. */
  readonly maxScaledPixels?: number;
}

/**
 * Every side of a variant, in arithmetic alone: the box of `w` and `h` filled (cover) and cropped around its centre, or the
 * missing side in proportion. What exceeds a limit is scaled down on both sides together, and never below one pixel.
 */
export function computeGeometry(original: Size, options: Pick<Options, 'w' | 'h'>, limits: SizeLimits): Geometry {
  const output = shrinkToLimits(boxOf(original, options), limits);
  if (options.w === undefined || options.h === undefined) return { output, scaled: output };
  const scale = Math.max(output.width / original.width, output.height / original.height);
  const scaled = coverOf(original, output, scale);
  if (scaled.width === output.width && scaled.height === output.height) return { output, scaled };
  // 1x20000 covering 4096x4096 would be scaled to 82 million rows, which libvips refuses: cut first what will be kept.
  const { maxScaledPixels = limits.maxPixels } = limits;
  if (scaled.width * scaled.height > maxScaledPixels) {
    return { output, scaled: output, region: centreOf(original, keptOf(original, output, scale)) };
  }
  // Otherwise cut last: cutting first would keep the JPEG decoder from decoding at a smaller scale.
  return { output, scaled, crop: centreOf(scaled, output) };
}

function boxOf(original: Size, { w, h }: Pick<Options, 'w' | 'h'>): Size {
  if (w !== undefined && h !== undefined) return { width: w, height: h };
  if (w !== undefined) return { width: w, height: side((original.height * w) / original.width) };
  if (h !== undefined) return { width: side((original.width * h) / original.height), height: h };
  return original;
}

function shrinkToLimits({ width, height }: Size, limits: SizeLimits): Size {
  const excess = Math.max(
    width / limits.maxWidth,
    height / limits.maxHeight,
    Math.sqrt((width * height) / limits.maxPixels),
  );
  // Rounded down: rounded up, two sides together could exceed the area.
  if (excess <= 1) return { width, height };
  const shrunk = { width: floor(width / excess), height: floor(height / excess) };
  // A side that stops at one pixel leaves the other more than its part of the area.
  return {
    width: Math.min(shrunk.width, floor(limits.maxPixels / shrunk.height)),
    height: Math.min(shrunk.height, floor(limits.maxPixels / shrunk.width)),
  };
}

/** The smallest size of the original's shape that covers the box. */
function coverOf(original: Size, box: Size, scale: number): Size {
  return {
    width: Math.max(box.width, side(original.width * scale)),
    height: Math.max(box.height, side(original.height * scale)),
  };
}

/** The largest size of the box's shape that fits the original. */
function keptOf(original: Size, box: Size, scale: number): Size {
  return {
    width: Math.min(original.width, side(box.width / scale)),
    height: Math.min(original.height, side(box.height / scale)),
  };
}

/** The middle; half a pixel goes to the right and downwards, as sharp's own cover does. */
function centreOf(whole: Size, part: Size): Region {
  const middle = (outer: number, inner: number) => Math.floor((outer - inner + 1) / 2);
  return { ...part, left: middle(whole.width, part.width), top: middle(whole.height, part.height) };
}

function side(length: number): number {
  return Math.max(1, Math.round(length));
}

function floor(length: number): number {
  // 4096 / (4096 / 4096) must stay 4096 when the quotient comes out a rounding error short of it.
  return Math.max(1, Math.floor(length + 1e-6));
}
