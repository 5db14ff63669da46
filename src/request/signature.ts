import { canonicalOptions, type OptionPolicy, saidOptions } from './canonical.ts';
import type { Ladders } from './ladder.ts';
import { OF_ACCESS } from './names.ts';
import { OPTION_NAMES, type OptionName, type Options } from './options.ts';
import { type Dialect, parseAllOptions, parseKey, splitTarget } from './parse.ts';
import type { Parsed } from './problem.ts';
import { signedText } from './signed-text.ts';

/** Requests that need no signature where others do: by a preset alone, or by sides and qualities that a ladder bounds. */
export type Exemption = 'presets' | 'ladder';

export interface ExemptionRule {
  readonly exemptions: readonly Exemption[];
  readonly policy: OptionPolicy;
}

/** Keys that URLs are signed with, by their ids. */
export interface Verifier {
  readonly kids: readonly string[];
  /** Whether a text is signed so by a key; takes as long for each wrong signature. */
  isSigned(kid: string, text: string, sig: string): boolean;
}

/** What a request's signature is about. */
export interface SignedRequest {
  /** Every known option that was given. */
  readonly options: Options;
  /** What is signed. */
  readonly text: string;
}

/** What is signed of a raw request target; `bad_path` or `bad_option` where it cannot be read. */
export function readSigned(target: string): Parsed<SignedRequest> {
  const { path, query } = splitTarget(target);
  const key = parseKey(path);
  if (key.problem) return key;
  const options = parseAllOptions(query);
  if (options.problem) return options;
  return { value: { options: options.value, text: signedText(key.value, options.value) } };
}

/** The option `pending` of a raw request target, as it came; undefined where there is none, or nothing can be read. */
export function readPending(target: string): string | undefined {
  // Nearly no request has one, and to read all options again takes as long as to read them once.
  return target.indexOf('pending=') < 0 ? undefined : parseAllOptions(splitTarget(target).query).value?.pending;
}

/** What is wrong with a signature; nothing where it is right. Whether its time is over is for whoever has a clock. */
export function judgeSignature({ options, text }: SignedRequest, { kids, isSigned }: Verifier): string | undefined {
  const { sig, kid } = options;
  if (sig === undefined) return 'The URL is not signed.';
  const candidates = kid === undefined ? kids : kids.filter((known) => known === kid);
  return candidates.some((known) => isSigned(known, text, sig)) ? undefined : 'The signature is wrong.';
}

/** What every way to read a URL reads, and what it draws by nothing but a side. */
const READ_BY_ALL: readonly OptionName[] = ['w', 'h', 'f', 'q'];

/**
 * What is signed and not served so: an option that is not configured here, or one that `COMPAT` reads otherwise. By a signature there is
 * one picture, or none.
 */
export function misread(signed: Options, served: Options, dialect: Dialect): OptionName | undefined {
  const isNative = dialect === 'native';
  const hasSide = [signed, served].some(({ w, h }) => w !== undefined || h !== undefined);
  // Without a side, nothing is asked for there.
  if (!isNative && !hasSide) return undefined;
  const names = isNative ? OPTION_NAMES.filter((name) => OF_ACCESS.indexOf(name) < 0) : READ_BY_ALL;
  return names.find((name) => signed[name] !== served[name]);
}

/** What takes few values, by itself or since a ladder bounds it. */
const OF_FEW_VALUES: readonly OptionName[] = ['w', 'h', 'dpr', 'enlarge', 'f'];

/**
 * Whether a request needs no signature: what it gives can only mean one of a few pictures. `canonical` is what that comes to, which is
 * where a side that holds by default is seen. What else is given must be what holds by default, which the canonical URL of a CDN says.
 */
export function isExempt(given: Options, canonical: Options, { exemptions, policy }: ExemptionRule): boolean {
  if (exemptions.indexOf('presets') >= 0 && Object.keys(given).every((name) => name === 'preset')) return true;
  if (exemptions.indexOf('ladder') < 0) return false;
  const { w, h, pad } = canonical;
  // Without a side the original's size is asked for; and a border that holds by default has as many widths as there are ratios.
  if ((w === undefined && h === undefined) || (pad !== undefined && given.dpr !== undefined)) return false;
  const { ladders } = policy;
  if (!isBounded(w, ladders.w) || !isBounded(h, ladders.h)) return false;
  const few = ofFewValues(given, ladders);
  const said = saidOptions(canonicalOptions(few, policy), policy);
  return (Object.keys(given) as OptionName[]).every((name) => few[name] !== undefined || given[name] === said[name]);
}

function ofFewValues(given: Options, { q }: Ladders): Options {
  const bounded: readonly OptionName[] = q.length > 0 ? [...OF_FEW_VALUES, 'q'] : OF_FEW_VALUES;
  return Object.fromEntries(Object.entries(given).filter(([name]) => bounded.indexOf(name as OptionName) >= 0));
}

function isBounded(value: number | undefined, ladder: readonly number[]): boolean {
  return value === undefined || ladder.length > 0;
}
