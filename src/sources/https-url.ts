import { ServiceError } from '../errors.ts';
import { encodeKey } from '../request/encode.ts';

/** A base URL that ends with a slash, so that what is put behind it begins a segment of its own. */
export function baseUrl(text: string): URL {
  const { origin, pathname } = new URL(text);
  let end = pathname.length;
  while (pathname.charAt(end - 1) === '/') end--;
  return new URL(`${origin}${pathname.slice(0, end)}/`);
}

/**
 * The URL of the object under a key, below the base. Each segment is percent-encoded once, all but RFC 3986's unreserved
 * characters: nothing in a key is a delimiter. `not_found` for a key that would lead elsewhere all the same; requests have none.
 */
export function objectUrl(base: URL, key: string): URL {
  const url = new URL(base);
  const path = base.pathname + encodeKey(key);
  // The setter knows no host, no query and no fragment; it does resolve dots.
  url.pathname = path;
  if (url.href !== base.origin + path) throw new ServiceError('not_found');
  return url;
}

/** Where a `Location` leads, seen from the URL that sent it; undefined for what is not followed: all but https without a user. */
export function redirectUrl(location: string | undefined, from: URL): URL | undefined {
  if (location === undefined || !URL.canParse(location, from.href)) return undefined;
  const url = new URL(location, from);
  const isFollowed = url.protocol === 'https:' && url.username === '' && url.password === '';
  return isFollowed ? url : undefined;
}
