import { allOptions, asksForVariant, canonicalise, canonicalQuery, type OptionPolicy } from '../request/canonical.ts';
import { decodeLeniently } from '../request/decode.ts';
import { isOptionName, type Options } from '../request/options.ts';
import { parseRequest } from '../request/parse.ts';
import type { Problem } from '../request/problem.ts';

/** How a query string would be answered, for whatever object. */
export interface Verdict {
  /** `original`: nothing is asked for. `clamped`: asked for more than the limits allow. `refused`: 400. */
  readonly outcome: 'original' | 'accepted' | 'clamped' | 'refused';
  /** The query of the canonical URL, or why it is refused. */
  readonly text: string;
  /** Names in it that change nothing; the first few. */
  readonly ignored: readonly string[];
  /** In canonical form. */
  readonly options: Options;
}

const MAX_IGNORED = 8;

export function judge(query: string, policy: OptionPolicy): Verdict {
  const parsed = parseRequest(`/x?${query}`, policy);
  if (parsed.problem) return refused(parsed.problem);
  const given = parsed.value.options;
  const ignored = namesIn(query)
    .filter((name) => !isOptionName(name) || given[name] === undefined)
    .slice(0, MAX_IGNORED);
  if (!asksForVariant(given)) return { outcome: 'original', text: '', ignored, options: given };
  const canonical = canonicalise(given, policy);
  if (canonical.problem) return refused(canonical.problem);
  const options = canonical.value;
  const outcome = isClamped(allOptions(given, policy), options) ? 'clamped' : 'accepted';
  return { outcome, text: canonicalQuery(options, policy), ignored, options };
}

function refused({ message }: Problem): Verdict {
  return { outcome: 'refused', text: message, ignored: [], options: {} };
}

function isClamped(given: Options, options: Options): boolean {
  const isLess = (name: 'w' | 'h') => (options[name] ?? 0) < Math.round(given[name] ?? 0);
  return isLess('w') || isLess('h');
}

function namesIn(query: string): readonly string[] {
  const names = query.split('&').map((pair) => decodeLeniently(pair.replace(/=.*/s, '')));
  return [...new Set(names)].filter((name) => name !== '');
}
