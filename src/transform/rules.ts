import type { Format } from '../formats.ts';
import type { Dialect } from '../request/parse.ts';

/** An SVG passes through and is never turned into pixels; or it is where a format of pixels is asked for; or nobody gets one. */
export type SvgRule = 'pass' | 'rasterize' | 'refuse';

/** What is drawn in one way or another, by where the URLs come from. */
export interface DrawingRules {
  /** Formats whose originals are the answer where none is asked for, whatever their size or state. */
  readonly untouched: readonly Format[];
  /** Whether an animation stays one when its format is not left to `auto`. */
  readonly animates: boolean;
  /** Whether a TIFF stays one when no format is asked for; no browser but one shows it. */
  readonly keepsTiff: boolean;
  readonly svg: SvgRule;
}

export const DRAWING_RULES: Readonly<Record<Dialect, DrawingRules>> = {
  native: { untouched: ['svg'], animates: true, keepsTiff: false, svg: 'pass' },
  'lambda-edge': { untouched: ['svg', 'gif'], animates: false, keepsTiff: true, svg: 'rasterize' },
};

/** The rules of a dialect, with what an operator has decided otherwise. */
export function drawingRules(dialect: Dialect, svg: SvgRule | undefined): DrawingRules {
  return svg === undefined ? DRAWING_RULES[dialect] : { ...DRAWING_RULES[dialect], svg };
}
