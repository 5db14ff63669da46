import { parseCrop, parsePad } from '../request/box.ts';
import {
  asksForVariant,
  canonicalOptions,
  type OptionPolicy,
  printedOptions,
  saidOptions,
} from '../request/canonical.ts';
import { parseColour } from '../request/colour.ts';
import { encodeKey } from '../request/encode.ts';
import { NO_LADDERS } from '../request/ladder.ts';
import { NO_NAMES } from '../request/names.ts';
import type { Options } from '../request/options.ts';
import { parsePosition } from '../request/position.ts';

/** Where pictures are served, and how. */
export interface Site {
  /** What stands before the path of a picture, e.g. `https://images.example.com`; without one URLs begin with the path. */
  readonly base?: string;
  /** The widths that a picture is offered in where a call names none: pixels, ascending. Without them, the rungs of the policy's ladder. */
  readonly widths?: readonly number[];
  /** What the service is configured to otherwise than by default, so that URLs are the canonical ones there, too. */
  readonly policy?: Partial<OptionPolicy>;
}

/** The options of a picture, by the names of a URL; strings as a URL has them. */
export type ImageOptions = Omit<Options, 'pending' | 'exp' | 'kid' | 'sig'>;

const USUAL: OptionPolicy = {
  ...NO_NAMES,
  ladders: NO_LADDERS,
  dialect: 'native',
  maxWidth: 4096,
  maxHeight: 4096,
  defaults: {},
};

/** The canonical URL of a picture. `key` is the object's, not percent-encoded; a slash before it does not count. */
export function imageUrl(key: string, options: ImageOptions = {}, site: Site = {}): string {
  return urlOf(key, saidBy(options, site), site);
}

/** The URL of a key, and of options as they stand. */
export function urlOf(key: string, options: Options, { base = '' }: Site): string {
  const query = printedOptions(options);
  return `${base}/${encodeKey(bareKey(key))}${query === '' ? '' : `?${query}`}`;
}

export function bareKey(key: string): string {
  return key.charAt(0) === '/' ? key.slice(1) : key;
}

export function policyOf({ policy }: Site): OptionPolicy {
  return { ...USUAL, ...policy };
}

/** What options say in a canonical URL. A `TypeError` for a text that is no value of its option. */
export function saidBy(options: ImageOptions, site: Site): Options {
  const policy = policyOf(site);
  const read: Options = { ...options, ...canonicalTexts(options) };
  // What a preset stands for is known to the service: what stands beside it may be otherwise than usual because of that.
  if (read.preset !== undefined || !asksForVariant(read)) return read;
  return saidOptions(canonicalOptions(read, policy), policy);
}

/** Values that are written in more than one way. */
const TEXTS = { crop: parseCrop, pos: parsePosition, pad: parsePad, bg: parseColour } as const;

function canonicalTexts(options: ImageOptions): Options {
  const names = (Object.keys(TEXTS) as (keyof typeof TEXTS)[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => {
      const value = TEXTS[name](String(options[name]));
      if (value === undefined) throw new TypeError(`Bad option "${name}": ${options[name]}`);
      return [name, value];
    }),
  );
}
