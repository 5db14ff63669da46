import type { Test } from 'tap';
import { canonicalUrl } from '../../src/request/canonical-url.ts';
import { parseOptions } from '../../src/request/parse.ts';
import { PLAIN_POLICY } from './policies.ts';

/** Compares URLs with what they are to be, and each with what a CDN would make of it: the same. */
export function sameCanonicalUrls(t: Test, rows: readonly (readonly [url: string, expected: string])[]): void {
  for (const [url, expected] of rows) {
    t.equal(url, expected);
    const { pathname, search } = new URL(url, 'http://127.0.0.1');
    const { value } = canonicalUrl(pathname + search, undefined, PLAIN_POLICY, parseOptions);
    t.equal(`${value?.path}?${value?.query}`, pathname + search, 'and nothing is left to do for an edge');
  }
}
