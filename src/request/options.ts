import { FORMATS, type OutputFormat } from '../formats.ts';

/** What `f` may ask for: an output format, or the best one the client accepts. */
export type FormatOption = OutputFormat | 'auto';

/** The options of one request, each absent unless it was given a value. Sides are CSS pixels, not yet rounded. */
export interface Options {
  readonly w?: number;
  readonly h?: number;
  readonly f?: FormatOption;
  readonly q?: number;
}

export type OptionName = keyof Options;

interface OptionRow<T> {
  /** What a value must be, completing "expected …". */
  readonly expected: string;
  /** For documents: what the option does. */
  readonly doc: string;
  /** For documents: what holds when the option is absent. */
  readonly default: string;
  /** The typed value, or undefined when the text is not one. Linear in the length of the text. */
  readonly parse: (text: string) => T | undefined;
}

/** The options in canonical order. Adding one is adding a row. */
export const OPTIONS: { readonly [N in OptionName]-?: OptionRow<NonNullable<Options[N]>> } = {
  w: {
    expected: 'a decimal number of at least 1',
    doc: 'Width of the box in CSS pixels; rounded, and clamped to `MAX_WIDTH`, both sides in proportion.',
    default: 'follows from `h`, in proportion',
    parse: parseSide,
  },
  h: {
    expected: 'a decimal number of at least 1',
    doc: 'Height of the box in CSS pixels; rounded, and clamped to `MAX_HEIGHT`, both sides in proportion.',
    default: 'follows from `w`, in proportion',
    parse: parseSide,
  },
  f: {
    expected: 'one of jpeg, jpg, png, webp, avif, gif, auto',
    doc: 'Output format, in any case; `auto` picks the best one that the `Accept` header names.',
    default: "the original's; TIFF becomes JPEG, or PNG with alpha",
    parse: parseFormat,
  },
  q: {
    expected: 'a whole number from 1 to 100',
    doc: 'Quality. PNG and GIF are lossless here and take none.',
    default: 'JPEG 80, WebP 75, AVIF 50',
    parse: parseQuality,
  },
};

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** Whether a name is an option's: by comparison, since a look-up would also find `constructor` and `__proto__`. */
export function isOptionName(name: string): name is OptionName {
  return (OPTION_NAMES as readonly string[]).indexOf(name) >= 0;
}

function parseSide(text: string): number | undefined {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined;
  const side = Number(text);
  // Over 308 digits are Infinity, which no proportion survives.
  return side >= 1 && side < Infinity ? side : undefined;
}

function parseQuality(text: string): number | undefined {
  if (!/^[0-9]{1,3}$/.test(text)) return undefined;
  const quality = Number(text);
  return quality >= 1 && quality <= 100 ? quality : undefined;
}

function parseFormat(text: string): FormatOption | undefined {
  const name = text.toLowerCase();
  if (name === 'jpg') return 'jpeg';
  return name === 'auto' || isOutputFormat(name) ? name : undefined;
}

function isOutputFormat(name: string): name is OutputFormat {
  const format = (Object.keys(FORMATS) as (keyof typeof FORMATS)[]).find((known) => known === name);
  return format !== undefined && FORMATS[format].offered;
}
