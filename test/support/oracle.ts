import type { Options } from '../../src/request/options.ts';
import type { Size } from '../../src/transform/geometry.ts';

/** a / b of whole numbers, halves upwards, at least one: without floating point. */
function ratio(a: number, b: number): number {
  return Math.max(1, Number((2n * BigInt(a) + BigInt(b)) / (2n * BigInt(b))));
}

/** The sides of an answer without limits, told in words: which side decides, and what follows from it. */
export function oracle(original: Size, options: Options): Size {
  const { w, h, fit = 'cover', enlarge = 1 } = options;
  if (w === undefined && h === undefined) return original;
  if (w === undefined || h === undefined || fit === 'inside' || fit === 'outside') return followed(original, options);
  const { width, height } = original;
  if (enlarge === 1 || fit === 'contain' || (w <= width && h <= height)) return { width: w, height: h };
  // The side that is asked to grow most becomes the original's, the other follows the box.
  return w * height > h * width ? { width, height: ratio(h * width, w) } : { width: ratio(w * height, h), height };
}

/** One side as asked for, the other in the original's shape; compared by products, w / width being w * height. */
function followed({ width, height }: Size, { w = 0, h = 0, fit, enlarge }: Options): Size {
  const isSmallerByWidth = w * height < h * width;
  const isInsideBox = fit === 'inside' && w * h > 0;
  const followsWidth = isInsideBox ? isSmallerByWidth : !isSmallerByWidth;
  if (enlarge === 0 && (followsWidth ? w > width : h > height)) return { width, height };
  if (followsWidth) return { width: w, height: ratio(w * height, width) };
  return { width: ratio(h * width, height), height: h };
}
