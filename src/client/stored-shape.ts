import { type ImageOptions, policyOf, type Site } from './image-url.ts';
import type { SizedOptions } from './srcset.ts';

/** Sides in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture of a text is shown, and what it can be offered in. */
export interface Shape {
  /** What a browser takes for its size, where that is known. */
  readonly shown: Partial<Size>;
  /** For `candidates`. */
  readonly sized: SizedOptions;
}

/**
 * The shape of a picture, of an original of that size where it is known; `undefined` where another width would be another picture, or one that is
 * not as wide as it is said to be.
 */
export function shapeOf(options: ImageOptions, original: Size | undefined, site: Site): Shape | undefined {
  const whole = options.crop === undefined && options.trim === undefined ? turned(original, options) : undefined;
  const { w, h, fit } = options;
  if (w !== undefined && h !== undefined) {
    return fit === 'inside' || fit === 'outside' ? undefined : boxShape(options, { width: w, height: h }, whole, site);
  }
  if (h !== undefined) return whole && shapeByHeight(options, h, whole, site);
  return w === undefined ? wholeShape(options, whole, site) : shapeByWidth(options, w, whole, site);
}

function turned(size: Size | undefined, { rot }: ImageOptions): Size | undefined {
  return size !== undefined && (rot === 90 || rot === 270) ? { width: size.height, height: size.width } : size;
}

function wholeShape(options: ImageOptions, whole: Size | undefined, site: Site): Shape {
  return {
    shown: whole ?? {},
    sized: { ...options, width: Math.min(whole?.width ?? Infinity, policyOf(site).maxWidth) },
  };
}

function shapeByWidth(options: ImageOptions, w: number, whole: Size | undefined, site: Site): Shape {
  if (whole === undefined) return unknownShape(options, { width: w }, site);
  const width = options.enlarge === 0 ? Math.min(w, whole.width) : w;
  const shown = { width, height: sideOf((width * whole.height) / whole.width) };
  return { shown, sized: { ...options, w, width: Math.min(whole.width, policyOf(site).maxWidth) } };
}

/** By the width that comes to it: a height beside other widths would cut them. */
function shapeByHeight({ h: _, ...options }: ImageOptions, h: number, whole: Size, site: Site): Shape {
  return shapeByWidth(options, sideOf((h * whole.width) / whole.height), whole, site);
}

function boxShape(options: ImageOptions, box: Size, whole: Size | undefined, site: Site): Shape {
  if (whole === undefined) return unknownShape(options, box, site);
  const { maxWidth, maxHeight } = policyOf(site);
  const ratio = box.width / box.height;
  const widest = Math.floor(Math.min(whole.width, whole.height * ratio, maxWidth, maxHeight * ratio));
  const width = options.enlarge === 0 ? Math.min(box.width, widest) : box.width;
  return { shown: { width, height: sideOf(width / ratio) }, sized: { ...options, width: Math.max(1, widest) } };
}

/** Enlarged where the original is smaller, as the URL says: what comes is then as wide as a browser is told. */
function unknownShape(options: ImageOptions, box: Partial<Size>, site: Site): Shape {
  const { maxWidth, maxHeight } = policyOf(site);
  const { w = 1, h } = options;
  const widest = h === undefined ? maxWidth : Math.floor(Math.min(maxWidth, (maxHeight * w) / h));
  return { shown: options.enlarge === 0 ? {} : box, sized: { enlarge: 1, ...options, width: widest } };
}

function sideOf(side: number): number {
  return Math.max(1, Math.round(side));
}
