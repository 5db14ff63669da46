import { acceptedFor, forwardedAccept } from './accept.ts';
import { canonicalise, canonicalQuery, type OptionPolicy, printedOptions } from './canonical.ts';
import { encodeKey } from './encode.ts';
import { refusedBesidePresets } from './names.ts';
import type { Options } from './options.ts';
import { type OptionReader, parseKey, splitTarget } from './parse.ts';
import type { Parsed } from './problem.ts';

/** What a cache has as its key and asks the origin for, instead of what a client sent. */
export interface CanonicalUrl {
  readonly path: string;
  /** Without its question mark; empty for none. */
  readonly query: string;
  /** The `Accept` header; empty for none, where the answer is the same for all, or the client names nothing that matters. */
  readonly accept: string;
}

/** How the origin reads URLs. */
export interface UrlPolicy extends OptionPolicy {
  /** Whether it knows neither signatures nor uploads that wait: what looks like one is an unknown option then, of which anybody could make any number. */
  readonly isUnsealed?: boolean;
}

/** What the origin serves under it is its own, and not for who comes through a cache. */
const RESERVED_PATH = '/-/';

/** Options that are about the URL as it was written, or about who shows it: what stands beside them is not touched. Nobody escapes their names. */
const SEAL = /(?:^|&)(?:sig|pending)=[^&]/;

/**
 * The one spelling of a raw request target and of what is accepted: two requests that mean the same picture have the same one, and it asks for
 * that picture. A problem for what the origin answers with 400. `read` is the reader of the policy's dialect: an edge has one of them.
 */
export function canonicalUrl(
  target: string,
  accept: string | undefined,
  policy: UrlPolicy,
  read: OptionReader,
): Parsed<CanonicalUrl> {
  const { path, query } = splitTarget(target);
  if (path.slice(0, RESERVED_PATH.length) === RESERVED_PATH) {
    return { value: { path: RESERVED_PATH, query: '', accept: '' } };
  }
  const key = parseKey(path);
  if (key.problem) return key;
  const given = read(query, policy);
  if (given.problem) return given;
  const canonical = canonicalise(given.value, policy);
  if (canonical.problem) return canonical;
  const options = canonical.value;
  const forwarded = forwardedAccept(acceptedFor(options, accept));
  if (!policy.isUnsealed && isSealed(query)) return { value: { path, query, accept: forwarded } };
  return {
    value: { path: `/${encodeKey(key.value)}`, query: queryOf(given.value, options, policy), accept: forwarded },
  };
}

/** Whether a query has a signature, or shows an upload that waits. */
export function isSealed(query: string): boolean {
  return SEAL.test(query);
}

/** A preset that stands alone stays one: where nothing else is served, or only presets are served unsigned, its options are refused. */
function queryOf(given: Options, options: Options, policy: OptionPolicy): string {
  const isPreset =
    given.preset !== undefined && refusedBesidePresets(given, { ...policy, presetsOnly: true }) === undefined;
  return isPreset ? printedOptions(given) : canonicalQuery(options, policy);
}
