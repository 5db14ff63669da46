import { decode, decodeForm } from './decode.ts';
import { keyFault } from './key.ts';
import { readLambdaEdgeOptions } from './lambda-edge.ts';
import { type Names, NO_NAMES, namesFor, refusedBesidePresets } from './names.ts';
import { PARSERS } from './option-parsers.ts';
import { isOptionName, type OptionName, type Options } from './options.ts';
import { badPath, badValue, besidePresets, givenTwice, type Parsed } from './problem.ts';

/** One request, parsed once and frozen. */
export interface ImageRequest {
  /** The object key: the path without its leading slash, percent-decoded exactly once. */
  readonly key: string;
  /** The options that were given a value; empty when the original itself is asked for. */
  readonly options: Options;
}

/** How a query string is read: by this project's own rules, or as the Lambda@Edge function does. */
export type Dialect = 'native' | 'lambda-edge';

/** How requests are read. */
export interface Reading extends Names {
  readonly dialect: Dialect;
}

const NATIVE: Reading = { ...NO_NAMES, dialect: 'native' };

/** What reads the options of a raw query string. */
export type OptionReader = (query: string, names: Names) => Parsed<Options>;

export const OPTION_READERS: Readonly<Record<Dialect, OptionReader>> = {
  native: parseOptions,
  'lambda-edge': (query) => ({ value: readLambdaEdgeOptions(query) }),
};

/** Parses the raw request target (RFC 9112, 3.2.1: origin form), before anything has decoded it. */
export function parseRequest(target: string, reading: Reading = NATIVE): Parsed<ImageRequest> {
  const { path, query } = splitTarget(target);
  const key = parseKey(path);
  if (key.problem) return key;
  const options = OPTION_READERS[reading.dialect](query, reading);
  if (options.problem) return options;
  return { value: Object.freeze({ key: key.value, options: options.value }) };
}

/** A raw request target at its first question mark. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The object key in a raw path. Decoded exactly once and judged afterwards: what is checked is what is used. A plus is a
 * plus, a space is %20, and %2F is a slash, as in S3's own REST addresses.
 */
export function parseKey(path: string): Parsed<string> {
  if (path.charAt(0) !== '/') return badPath('relative');
  const key = decode(path.slice(1));
  if (key === undefined) return badPath('encoding');
  const fault = keyFault(key);
  return fault === undefined ? { value: key } : badPath(fault);
}

/**
 * The options of a raw query string. A known option with a bad value, or given twice, is a problem; an empty value is an
 * absent one; everything unknown is ignored, so that it never reaches a key.
 */
export function parseOptions(query: string, names: Names = NO_NAMES): Parsed<Options> {
  const parsed = parsePairs(query, names);
  const refused = parsed.problem ? undefined : refusedBesidePresets(parsed.value, names);
  return refused === undefined ? parsed : besidePresets(refused);
}

/** Every known option as it was given, whatever is configured: what a signature is about. */
export function parseAllOptions(query: string): Parsed<Options> {
  return parsePairs(query, undefined);
}

/** By the names that are configured; without any, every name is one. */
function parsePairs(query: string, names: Names | undefined): Parsed<Options> {
  const options: { [N in OptionName]?: Options[N] } = {};
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? undefined : optionName(pair.slice(0, equals), names);
    const text = pair.slice(equals + 1);
    if (name === undefined || text === '') continue;
    if (options[name] !== undefined) return givenTwice(name);
    const value = parseValue(name, text, names);
    if (value === undefined) return badValue(name, text, names);
    // The row of a name yields that name's type; the union over all names is too wide for the compiler to follow.
    options[name] = value as never;
  }
  return { value: Object.freeze(options) as Options };
}

function parseValue(name: OptionName, text: string, names: Names | undefined): Options[OptionName] {
  const decoded = decodeForm(text);
  const value = decoded === undefined ? undefined : PARSERS[name](decoded);
  const known = names && namesFor(name, names);
  return known === undefined || known.indexOf(String(value)) >= 0 ? value : undefined;
}

/** The option of that name, unless it is one of a feature that is not configured. */
function optionName(text: string, names: Names | undefined): OptionName | undefined {
  const name = decodeForm(text);
  if (name === undefined || !isOptionName(name)) return undefined;
  return names && namesFor(name, names)?.length === 0 ? undefined : name;
}
