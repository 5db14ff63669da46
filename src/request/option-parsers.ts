import { OFFERED } from '../formats.ts';
import { parseCrop, parsePad } from './box.ts';
import { parseColour } from './colour.ts';
import { parseFileName } from './file-name.ts';
import { parseName } from './names.ts';
import { parseRatio, parseSeconds, parseSide, parseSwitch, tenths, wholeNumber } from './numbers.ts';
import type { Fit, FormatOption, OptionName, Options } from './options.ts';
import { parsePosition } from './position.ts';
import { parseFlip, parseRotation } from './turn.ts';

/** The typed value, or undefined when the text is not one. Linear in the length of the text. */
type Parser<T> = (text: string) => T | undefined;

/** What each option's text means. */
export const PARSERS: { readonly [N in OptionName]-?: Parser<NonNullable<Options[N]>> } = {
  w: parseSide,
  h: parseSide,
  crop: parseCrop,
  rot: parseRotation,
  flip: parseFlip,
  trim: wholeNumber(0, 255),
  fit: parseFit,
  pos: parsePosition,
  dpr: parseRatio,
  enlarge: parseSwitch,
  blur: tenths(0.3, 100),
  sharpen: tenths(0.5, 10),
  pad: parsePad,
  bg: parseColour,
  wm: parseName,
  preset: parseName,
  colors: wholeNumber(2, 256),
  anim: parseSwitch,
  f: parseFormat,
  q: wholeNumber(1, 100),
  dl: parseFileName,
  pending: parseSeal,
  exp: parseSeconds,
  kid: parseName,
  sig: parseSeal,
};

/** A text of any length that one can have; what it is worth is for whoever has the keys to say. */
function parseSeal(text: string): string | undefined {
  return text.length <= 128 ? text : undefined;
}

const FITS: readonly Fit[] = ['cover', 'contain', 'fill', 'inside', 'outside'];

function parseFit(text: string): Fit | undefined {
  return FITS.find((fit) => fit === text);
}

function parseFormat(text: string): FormatOption | undefined {
  const name = text.toLowerCase();
  if (name === 'jpg') return 'jpeg';
  return name === 'auto' ? name : OFFERED.find((format) => format === name);
}
