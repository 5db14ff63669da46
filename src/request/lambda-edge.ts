import type { OutputFormat } from '../formats.ts';
import { decodeLeniently } from './decode.ts';
import { PARSERS } from './option-parsers.ts';
import { isOptionName, type OptionName, type Options } from './options.ts';

/**
 * The options of a raw query string as the well-known Lambda@Edge resize function reads them (`querystring.parse`, then
 * `parseInt`), for pages that are full of such URLs. Nothing is a mistake: what cannot be read is absent, and without a side
 * nothing is asked for at all.
 */
export function readLambdaEdgeOptions(query: string): Options {
  const options: { [N in OptionName]?: Options[N] } = {};
  const seen: string[] = [];
  for (const pair of query.split('&')) {
    const [name, text] = splitPair(pair);
    // Of several, `parseInt` sees the first, also where that is empty.
    if (!isOptionName(name) || seen.indexOf(name) >= 0) continue;
    seen.push(name);
    const value = READERS[name](text);
    if (value !== undefined) options[name] = value as never;
  }
  const hasSide = options.w !== undefined || options.h !== undefined;
  return Object.freeze(hasSide ? (options as Options) : {});
}

function splitPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 0) return [decodeLeniently(pair), ''];
  return [decodeLeniently(pair.slice(0, equals)), decodeLeniently(pair.slice(equals + 1))];
}

const MAX_QUALITY = 100;

/** What each option's text is; undefined where it is nothing. */
const READERS: { readonly [N in OptionName]-?: (text: string) => Options[N] } = {
  w: readInteger,
  h: readInteger,
  q: readQuality,
  f: readFormat,
  // What the function does not know changes nothing in a URL that was written for it.
  crop: readNothing,
  rot: readNothing,
  flip: readNothing,
  trim: readNothing,
  fit: readNothing,
  pos: readNothing,
  dpr: readNothing,
  enlarge: readNothing,
  blur: readNothing,
  sharpen: readNothing,
  pad: readNothing,
  bg: readNothing,
  wm: readNothing,
  preset: readNothing,
  colors: readNothing,
  anim: readNothing,
  dl: readNothing,
  pending: readNothing,
  exp: readNothing,
  kid: readNothing,
  sig: readNothing,
};

function readNothing(): undefined {
  return undefined;
}

/** Zero is what the function takes for absent; what is below fails there. */
function readInteger(text: string): number | undefined {
  const value = Number.parseInt(text, 10);
  return value >= 1 && value < Infinity ? value : undefined;
}

function readQuality(text: string): number | undefined {
  const quality = readInteger(text);
  return quality === undefined ? undefined : Math.min(quality, MAX_QUALITY);
}

/** Names that sharp knows besides ours. */
const ALIASES: readonly (readonly [string, OutputFormat])[] = [
  ['jpe', 'jpeg'],
  ['tif', 'tiff'],
  ['tiff', 'tiff'],
];

function readFormat(text: string): Options['f'] {
  const alias = ALIASES.find(([known]) => known === text.toLowerCase());
  return alias ? alias[1] : PARSERS.f(text);
}
