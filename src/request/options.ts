import type { OutputFormat } from '../formats.ts';
import type { Flip, Rotation } from './turn.ts';

/** What `f` may ask for: an output format, or the best one the client accepts. */
export type FormatOption = OutputFormat | 'auto';

/** How a box of two sides is filled. */
export type Fit = 'cover' | 'contain' | 'fill' | 'inside' | 'outside';

/** The options of one request, each absent unless it was given a value. Sides are CSS pixels, not yet rounded. */
export interface Options {
  readonly w?: number;
  readonly h?: number;
  readonly fit?: Fit;
  /** See `box.ts`. */
  readonly crop?: string;
  readonly rot?: Rotation;
  readonly flip?: Flip;
  /** How much the colour of a border may differ from place to place, of 255. */
  readonly trim?: number;
  /** See `position.ts`. */
  readonly pos?: string;
  readonly dpr?: number;
  readonly enlarge?: 0 | 1;
  /** Sigma in pixels of the variant. */
  readonly blur?: number;
  /** Sigma in pixels of the variant. */
  readonly sharpen?: number;
  /** See `box.ts`. */
  readonly pad?: string;
  /** See `colour.ts`. */
  readonly bg?: string;
  /** The name of a watermark. */
  readonly wm?: string;
  /** The name of other options; never in canonical form. */
  readonly preset?: string;
  readonly colors?: number;
  readonly anim?: 0 | 1;
  readonly f?: FormatOption;
  readonly q?: number;
  /** Says nothing of the picture, like what follows. */
  readonly dl?: string;
  /** Read apart from all others, like what follows: see `signature.ts`. */
  readonly pending?: string;
  readonly exp?: number;
  readonly kid?: string;
  readonly sig?: string;
}

export type OptionName = keyof Options;

/**
 * The options in canonical order. Adding one is adding its name here, and a row to `PARSERS` and `OPTION_TEXTS`; without the parsers, which a
 * page that only writes URLs does not need.
 */
export const OPTION_NAMES: readonly OptionName[] = [
  'w',
  'h',
  'crop',
  'rot',
  'flip',
  'trim',
  'fit',
  'pos',
  'dpr',
  'enlarge',
  'blur',
  'sharpen',
  'pad',
  'bg',
  'wm',
  'preset',
  'colors',
  'anim',
  'f',
  'q',
  'dl',
  'pending',
  'exp',
  'kid',
  'sig',
];

/** Whether a name is an option's: by comparison, since a look-up would also find `constructor` and `__proto__`. */
export function isOptionName(name: string): name is OptionName {
  return (OPTION_NAMES as readonly string[]).indexOf(name) >= 0;
}
