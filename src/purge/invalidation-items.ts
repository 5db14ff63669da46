import { EVERYTHING, folderTag, objectTag } from '../cache/tags.ts';
import { encodeKey } from '../request/encode.ts';
import { keyComplaint } from '../request/problem.ts';
import type { PurgeOrder } from './purge-order.ts';

/** Everything that a distribution has. */
const ALL_PATHS = '/*';

// CloudFront refuses `~` as it is and takes `%7E`, which then matches nothing (aws/aws-sdk-js-v3#4042). The others are characters that
// browsers leave as they are and CloudFront wants encoded, so that the same may be true of them; `*` is none but at the end.
const UNMATCHED = /[~*[\]|^].*/s;

// RFC 3986, 3.3, but for `~` and `*`. CloudFront: "Do not URL encode any other characters in the path, or CloudFront won't invalidate
// the old version of the updated file" (invalidation-specifying-objects.html).
const ENCODED = /[^A-Za-z0-9\-._!$&'()+,;=:@/]+/g;

/** What an order is to a distribution that knows tags: one item for each key, prefix and tag. */
export function itemsByTag(order: PurgeOrder): readonly string[] {
  const tags = [...askable(order.keys).map(objectTag), ...order.prefixes.map(folderTag), ...order.tags];
  return unique(tags.map((tag) => (tag === EVERYTHING ? ALL_PATHS : `#${tag}`)));
}

/**
 * And to one that does not: paths, as URLs have them that encode what they must and nothing else, or everything but letters and digits. Each ends in a wildcard, since
 * variants differ by their queries. Throws for an order that names tags.
 */
export function itemsByPath(order: PurgeOrder): readonly string[] {
  if (order.tags.length > 0) throw new Error('CloudFront is told paths here, and no path is that of a tag.');
  const folders = order.prefixes.map((prefix) => (prefix === '/' ? '' : prefix));
  return unique([...askable(order.keys), ...folders].flatMap(spellings).flatMap(pathsOf));
}

/** An object whose key has spaces is served under one with plus signs, too. */
function spellings(key: string): readonly string[] {
  return [key, key.replaceAll(' ', '+')];
}

/** A key that no request can name is not at the CDN; that of a folder's marker, `a/`, would be taken for all that is in it. */
function askable(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => keyComplaint(key) === undefined);
}

/**
 * As most URLs spell it, and as the function at the edge does (`edge/cloudfront`), which is the same for nearly all. More than was asked for, where
 * the path alone may miss: a wildcard takes the place of what may be spelled otherwise.
 */
function pathsOf(text: string): readonly string[] {
  // By bytes and back, half a character becomes U+FFFD, which can be encoded.
  const known = Buffer.from(text.replace(UNMATCHED, '')).toString();
  return [known.replace(ENCODED, encodeURIComponent), encodeKey(known)].map((path) => `/${path}*`);
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
