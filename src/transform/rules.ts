import type { Format } from '../formats.ts';
import type { Dialect } from '../request/parse.ts';

/** What is drawn in one way or another, by where the URLs come from. */
export interface DrawingRules {
  /** Formats whose originals are the answer where none is asked for, whatever their size or state. */
  readonly untouched: readonly Format[];
  /** Whether an animation stays one when its format is not left to `auto`. */
  readonly animates: boolean;
  /** Whether a TIFF stays one when no format is asked for; no browser but one shows it. */
  readonly keepsTiff: boolean;
  /** Whether an SVG is turned into pixels when a format of pixels is asked for. */
  readonly rasterizesSvg: boolean;
}

export const DRAWING_RULES: Readonly<Record<Dialect, DrawingRules>> = {
  native: { untouched: ['svg'], animates: true, keepsTiff: false, rasterizesSvg: false },
  'lambda-edge': { untouched: ['svg', 'gif'], animates: false, keepsTiff: true, rasterizesSvg: true },
};
