import { decodeForm } from './decode.ts';
import { type KeyFault, keyFault, MAX_KEY_BYTES } from './key.ts';
import { type Names, namesFor } from './names.ts';
import { OPTION_TEXTS } from './option-texts.ts';
import type { OptionName } from './options.ts';

/** What is wrong with a request: `bad_path` or `bad_option` of the error table, and the text that says so. */
export interface Problem {
  readonly code: 'bad_path' | 'bad_option';
  readonly message: string;
}

/** A value or a problem, told apart by `problem`: nothing here throws, since a CDN function must not. */
export type Parsed<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly problem: Problem; readonly value?: undefined };

/** What a `Parsed` is where there is no value. */
export interface Refused {
  readonly problem: Problem;
}

const PATH_COMPLAINTS: Readonly<Record<KeyFault | 'relative' | 'encoding', string>> = {
  relative: 'expected a path that begins with a slash',
  encoding: 'expected percent-encoded UTF-8',
  empty: 'expected /<object key>, for example /photo.jpg?w=400',
  long: `expected an object key of at most ${MAX_KEY_BYTES} bytes`,
  control: 'expected no control characters',
  backslash: 'expected no backslash',
  reserved: 'expected no key under the reserved prefix /-/',
  segment: 'expected no empty segment',
  dots: 'expected no "." or ".." segment',
};

/** What a decoded key is expected to be and is not; undefined for one that a request can name. */
export function keyComplaint(key: string): string | undefined {
  const fault = keyFault(key);
  return fault && PATH_COMPLAINTS[fault];
}

export function badPath(fault: keyof typeof PATH_COMPLAINTS): Refused {
  return { problem: { code: 'bad_path', message: `Bad path: ${PATH_COMPLAINTS[fault]}.` } };
}

export function givenTwice(name: OptionName): Refused {
  return badOption(name, 'expected it once, got it twice');
}

/** Of an option beside presets, where nothing else is served. */
export function besidePresets(name: OptionName): Refused {
  return badOption(name, 'expected "preset" alone, which is all that is served here');
}

/** Of a raw value. */
export function badValue(name: OptionName, text: string, names: Names | undefined): Refused {
  return badOption(name, `expected ${expected(name, names)}, got ${quote(decodeForm(text))}`);
}

/** Of a number that is on no rung of its ladder. */
export function onNoRung(name: 'w' | 'h' | 'q', value: number | undefined, ladder: readonly number[]): Refused {
  const rungs = ladder.slice(0, MAX_RUNGS).join(', ');
  return badOption(name, `expected one of ${rungs}${name === 'q' ? '' : ', in pixels'}, got ${value}`);
}

/** Rungs that an error counts up. */
const MAX_RUNGS = 40;
/** Names that an error counts up: enough to see a typing mistake. */
const MAX_NAMES = 20;

function expected(name: OptionName, names: Names | undefined): string {
  const known = names && namesFor(name, names)?.slice(0, MAX_NAMES).join(', ');
  const text = OPTION_TEXTS[name].expected;
  return known === undefined ? text : `${text} (${known})`;
}

function badOption(name: OptionName, complaint: string): Refused {
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
