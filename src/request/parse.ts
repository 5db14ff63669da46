import { hasControlCharacter } from './characters.ts';
import { decode, decodeForm } from './decode.ts';
import { readLambdaEdgeOptions } from './lambda-edge.ts';
import { type Names, NO_NAMES, namesFor, refusedBesidePresets } from './names.ts';
import { isOptionName, OPTIONS, type OptionName, type Options } from './options.ts';

/** What is wrong with a request: `bad_path` or `bad_option` of the error table, and the text that says so. */
export interface Problem {
  readonly code: 'bad_path' | 'bad_option';
  readonly message: string;
}

/** A value or a problem, told apart by `problem`: nothing here throws, since a CDN function must not. */
export type Parsed<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly problem: Problem; readonly value?: undefined };

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

const QUERY_READERS: Readonly<Record<Dialect, (query: string, names: Names) => Parsed<Options>>> = {
  native: parseOptions,
  'lambda-edge': (query) => ({ value: readLambdaEdgeOptions(query) }),
};

/** S3's own limit, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;
/** What the service itself serves; never a key, however it is encoded. */
const RESERVED_PREFIX = '-/';

/** Parses the raw request target (RFC 9112, 3.2.1: origin form), before anything has decoded it. */
export function parseRequest(target: string, reading: Reading = NATIVE): Parsed<ImageRequest> {
  const { path, query } = splitTarget(target);
  const key = parseKey(path);
  if (key.problem) return key;
  const options = QUERY_READERS[reading.dialect](query, reading);
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
  if (path.charAt(0) !== '/') return badPath('expected a path that begins with a slash');
  const key = decode(path.slice(1));
  if (key === undefined) return badPath('expected percent-encoded UTF-8');
  const complaint = keyComplaint(key);
  return complaint === undefined ? { value: key } : badPath(complaint);
}

/** What a decoded key is expected to be and is not; undefined for one that a request can name. */
export function keyComplaint(key: string): string | undefined {
  if (key === '') return 'expected /<object key>, for example /photo.jpg?w=400';
  if (utf8Bytes(key) > MAX_KEY_BYTES) return `expected an object key of at most ${MAX_KEY_BYTES} bytes`;
  if (hasControlCharacter(key)) return 'expected no control characters';
  if (key.indexOf('\\') >= 0) return 'expected no backslash';
  if (key.slice(0, RESERVED_PREFIX.length) === RESERVED_PREFIX) return 'expected no key under the reserved prefix /-/';
  const segments = key.split('/');
  if (segments.indexOf('') >= 0) return 'expected no empty segment';
  if (segments.indexOf('.') >= 0 || segments.indexOf('..') >= 0) return 'expected no "." or ".." segment';
  return undefined;
}

/**
 * The options of a raw query string. A known option with a bad value, or given twice, is a problem; an empty value is an
 * absent one; everything unknown is ignored, so that it never reaches a key.
 */
export function parseOptions(query: string, names: Names = NO_NAMES): Parsed<Options> {
  const parsed = parsePairs(query, names);
  const refused = parsed.problem ? undefined : refusedBesidePresets(parsed.value, names);
  return refused === undefined
    ? parsed
    : badOption(refused, 'expected "preset" alone, which is all that is served here');
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
    if (options[name] !== undefined) return badOption(name, 'expected it once, got it twice');
    const value = parseValue(name, text, names);
    if (value === undefined)
      return badOption(name, `expected ${expected(name, names)}, got ${quote(decodeForm(text))}`);
    // The row of a name yields that name's type; the union over all names is too wide for the compiler to follow.
    options[name] = value as never;
  }
  return { value: Object.freeze(options) as Options };
}

function parseValue(name: OptionName, text: string, names: Names | undefined): Options[OptionName] {
  const decoded = decodeForm(text);
  const value = decoded === undefined ? undefined : OPTIONS[name].parse(decoded);
  const known = names && namesFor(name, names);
  return known === undefined || known.indexOf(String(value)) >= 0 ? value : undefined;
}

/** Names that an error counts up: enough to see a typing mistake. */
const MAX_NAMES = 20;

function expected(name: OptionName, names: Names | undefined): string {
  const known = names && namesFor(name, names)?.slice(0, MAX_NAMES).join(', ');
  return known === undefined ? OPTIONS[name].expected : `${OPTIONS[name].expected} (${known})`;
}

/** The option of that name, unless it is one of a feature that is not configured. */
function optionName(text: string, names: Names | undefined): OptionName | undefined {
  const name = decodeForm(text);
  if (name === undefined || !isOptionName(name)) return undefined;
  return names && namesFor(name, names)?.length === 0 ? undefined : name;
}

function badPath(complaint: string): { readonly problem: Problem } {
  return { problem: { code: 'bad_path', message: `Bad path: ${complaint}.` } };
}

export function badOption(name: OptionName, complaint: string): { readonly problem: Problem } {
  return { problem: { code: 'bad_option', message: `Bad option "${name}": ${complaint}.` } };
}

const MAX_QUOTED = 32;

function escaped(character: string): string {
  return `\\u${`000${character.charCodeAt(0).toString(16)}`.slice(-4)}`;
}

/** A client's text, short enough and plain enough to be read back in an error or a log line. */
function quote(text: string | undefined): string {
  if (text === undefined) return 'something that is not percent-encoded UTF-8';
  const short = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  // JSON escapes line breaks; controls that JSON leaves alone, and letters that turn the direction of writing, are escaped too.
  return JSON.stringify(short).replace(/[^\x20-\x7e…]/g, escaped);
}

/** Length in UTF-8 of a well-formed string; each half of a surrogate pair counts two of the pair's four bytes. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    bytes += code < 0x80 ? 1 : code < 0x800 || isSurrogate ? 2 : 3;
  }
  return bytes;
}
