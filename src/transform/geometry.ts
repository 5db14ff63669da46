import type { Options } from '../request/options.ts';
import { type Anchor, anchorOf, type Strategy, strategyOf } from '../request/position.ts';

/** Sides in whole pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

/** A part that is found by looking at the picture. */
export interface Sought extends Size {
  readonly strategy: Strategy;
}

/** Whether a part is to be found by looking at the picture. */
export function isSought(crop: Geometry['crop']): crop is Sought {
  return crop !== undefined && 'strategy' in crop;
}

export function isSameSize(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}

export interface Place {
  readonly left: number;
  readonly top: number;
}

export interface Geometry {
  /** The sides of the answer. */
  readonly output: Size;
  /** What is cut out of the upright original, or the turned one where a part is sought, before all else; absent when it is all. */
  readonly region?: Region;
  /** What that is scaled to, each side exactly so. */
  readonly scaled: Size;
  /** What of the scaled picture is kept; absent when it is all of it. */
  readonly crop?: Region | Sought;
  /** Where the scaled picture lies in the answer; absent when it fills it. */
  readonly place?: Place;
}

export interface SizeLimits {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Width times height of the answer. */
  readonly maxPixels: number;
  /** Width times height of what is scaled before it is cut, `maxPixels` unless given; above that it is cut first. */
  readonly maxScaledPixels?: number;
}

/** The options that say something of sides, in canonical form. */
export type GeometryOptions = Pick<Options, 'w' | 'h' | 'fit' | 'pos' | 'enlarge'>;

/**
 * Every side of a variant, in arithmetic alone: the box of `w` and `h`, filled as `fit` says, or the missing side in proportion.
 * What exceeds a limit is scaled down on both sides together, and never below one pixel.
 */
export function computeGeometry(original: Size, options: GeometryOptions, limits: SizeLimits): Geometry {
  const output = shrinkToLimits(boxOf(original, options), limits);
  const { w, h, fit = 'cover', pos } = options;
  if (w === undefined || h === undefined) return { output, scaled: output };
  if (fit === 'cover') return coverBox(original, output, pos, limits);
  if (fit === 'contain') return containBox(original, output, anchorOf(pos), options);
  return { output, scaled: output };
}

function coverBox(original: Size, output: Size, pos: Options['pos'], limits: SizeLimits): Geometry {
  const anchor = anchorOf(pos);
  const scale = ratios(original, output).larger;
  const scaled = coverOf(original, output, scale);
  if (isSameSize(scaled, output)) return { output, scaled };
  const { maxScaledPixels = limits.maxPixels } = limits;
  // 1x20000 covering 4096x4096 would be scaled to 82 million rows, which libvips refuses: cut first what will be kept.
  if (scaled.width * scaled.height > maxScaledPixels) {
    return { output, scaled: output, region: partOf(original, keptOf(original, output, scale), anchor) };
  }
  const strategy = strategyOf(pos);
  if (strategy) return { output, scaled, crop: { ...output, strategy } };
  // Otherwise cut last: cutting first would keep the JPEG decoder from decoding at a smaller scale.
  return { output, scaled, crop: partOf(scaled, output, anchor) };
}

function containBox(original: Size, output: Size, { x, y }: Anchor, { enlarge }: GeometryOptions): Geometry {
  const { smaller } = ratios(original, output);
  const scale = enlarge === 0 && smaller.of > smaller.to ? { of: 1, to: 1 } : smaller;
  const scaled = {
    width: Math.min(output.width, side((original.width * scale.of) / scale.to)),
    height: Math.min(output.height, side((original.height * scale.of) / scale.to)),
  };
  if (isSameSize(scaled, output)) return { output, scaled };
  const left = Math.round((output.width - scaled.width) * x);
  const top = Math.round((output.height - scaled.height) * y);
  return { output, scaled, place: { left, top } };
}

/** The sides of the answer, before any limit. */
function boxOf(original: Size, options: GeometryOptions): Size {
  const { w, h, fit = 'cover', enlarge } = options;
  if (w === undefined && h === undefined) return original;
  if (w === undefined || h === undefined) return inProportion(original, options, w !== undefined);
  const [across, down] = [w / original.width, h / original.height];
  if (fit === 'inside') return inProportion(original, options, across <= down);
  if (fit === 'outside') return inProportion(original, options, across >= down);
  const isLarger = across > 1 || down > 1;
  return enlarge === 0 && fit !== 'contain' && isLarger ? boxWithin(original, w, h) : { width: w, height: h };
}

/** The largest box of the shape of w and h that an original fills without being enlarged. */
function boxWithin({ width, height }: Size, w: number, h: number): Size {
  // By products, which are exact: divided by a quotient, a half would come out a rounding error short of itself.
  if (w * height > h * width) return { width, height: side((h * width) / w) };
  return { width: side((w * height) / h), height };
}

/** One side as it is asked for, the other as the original's shape wants it. */
function inProportion({ width, height }: Size, { w = 0, h = 0, enlarge }: GeometryOptions, byWidth: boolean): Size {
  if (enlarge === 0 && (byWidth ? w > width : h > height)) return { width, height };
  return byWidth ? { width: w, height: side((height * w) / width) } : { width: side((width * h) / height), height: h };
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

/** What a length is multiplied by before it is divided: 60 times 41 / 40 would be a rounding error short of 61.5, and a pixel of 62. */
interface Ratio {
  readonly of: number;
  readonly to: number;
}

/** The scales at which an original fits into a box and at which it covers it. */
function ratios(original: Size, box: Size): { readonly smaller: Ratio; readonly larger: Ratio } {
  const across = { of: box.width, to: original.width };
  const down = { of: box.height, to: original.height };
  const isWider = across.of * down.to > down.of * across.to;
  return isWider ? { smaller: down, larger: across } : { smaller: across, larger: down };
}

/** The smallest size of the original's shape that covers the box. */
function coverOf(original: Size, box: Size, { of, to }: Ratio): Size {
  return {
    width: Math.max(box.width, side((original.width * of) / to)),
    height: Math.max(box.height, side((original.height * of) / to)),
  };
}

/** The largest size of the box's shape that fits the original. */
function keptOf(original: Size, box: Size, { of, to }: Ratio): Size {
  return {
    width: Math.min(original.width, side((box.width * to) / of)),
    height: Math.min(original.height, side((box.height * to) / of)),
  };
}

/** A part of a whole; half a pixel goes to the right and downwards, as in sharp's own cover. */
function partOf(whole: Size, part: Size, { x, y, isFocus }: Anchor): Region {
  const start = (outer: number, inner: number, at: number) => {
    const wanted = isFocus ? outer * at - inner / 2 : (outer - inner) * at;
    return Math.min(outer - inner, Math.max(0, Math.round(wanted)));
  };
  return { ...part, left: start(whole.width, part.width, x), top: start(whole.height, part.height, y) };
}

function side(length: number): number {
  return Math.max(1, Math.round(length));
}

function floor(length: number): number {
  // 4096 / (4096 / 4096) must stay 4096 when the quotient comes out a rounding error short of it.
  return Math.max(1, Math.floor(length + 1e-6));
}
