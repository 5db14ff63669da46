import { POLICY } from 'lambent:policy';
import { type CanonicalUrl, canonicalUrl } from '../src/request/canonical-url.ts';
import { readLambdaEdgeOptions } from '../src/request/lambda-edge.ts';
import { type OptionReader, parseOptions } from '../src/request/parse.ts';

/** Written into the bundle by `bundle.mjs`. */
declare const LAMBENT_IS_NATIVE: boolean;

// Where it is known which of the two reads, the other one is left out.
const read: OptionReader = LAMBENT_IS_NATIVE ? parseOptions : (query) => ({ value: readLambdaEdgeOptions(query) });

/** What is asked for instead of a request target and its `Accept` header; undefined for what cannot be read, which the origin says more of. */
export function canonical(target: string, accept: string | undefined): CanonicalUrl | undefined {
  return canonicalUrl(target, accept, POLICY, read).value;
}
