import { canonicalOptions } from '../request/canonical.ts';
import { isSealed } from '../request/canonical-url.ts';
import { hasControlCharacter } from '../request/characters.ts';
import { readLambdaEdgeOptions } from '../request/lambda-edge.ts';
import type { Options } from '../request/options.ts';
import { parseAllOptions, parseKey, splitTarget } from '../request/parse.ts';
import { type ImageOptions, policyOf, type Site } from './image-url.ts';

/** A picture that a stored URL names. */
export interface StoredPicture {
  readonly key: string;
  readonly options: ImageOptions;
}

/**
 * The picture that a URL in a text names, if it is one of the site's, or of `origins`, and can be asked for in other widths: not where it is
 * signed, or has to wait for a confirmation, or says by a preset what only the service knows.
 */
export function storedPicture(url: string, site: Site, origins: readonly string[]): StoredPicture | undefined {
  const target = targetOf(url.trim(), [site.base ?? '', ...origins]);
  if (target === undefined || target.indexOf('#') >= 0) return undefined;
  const { path, query } = splitTarget(target);
  const key = parseKey(path).value;
  const options = optionsOf(query, site);
  if (key === undefined || options === undefined || scalesByItself(key, options)) return undefined;
  return { key, options };
}

/** Path and query, as a browser sends them. */
function targetOf(url: string, bases: readonly string[]): string | undefined {
  // Which a browser takes out, so that what is read here would not be what it asks for.
  if (hasControlCharacter(url)) return undefined;
  const base = bases.find((start) => isBelow(url, start)) ?? bases.map(schemeless).find((start) => isBelow(url, start));
  return base === undefined ? undefined : encoded(url.slice(base.length));
}

/** `//` after an empty base is another host. */
function isBelow(url: string, base: string): boolean {
  return url.startsWith(`${base}/`) && (base !== '' || url.charAt(1) !== '/');
}

function schemeless(base: string): string {
  return base.replace(/^https?:/i, '');
}

/** What is no ASCII is escaped in UTF-8 (URL, 4.4), and half of a pair is what cannot be read. */
function encoded(text: string): string | undefined {
  try {
    return text.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  } catch {
    return undefined;
  }
}

function optionsOf(query: string, site: Site): ImageOptions | undefined {
  if (isSealed(query)) return undefined;
  const read: Options | undefined =
    policyOf(site).dialect === 'native' ? parseAllOptions(query).value : readLambdaEdgeOptions(query);
  if (read === undefined || read.preset !== undefined) return undefined;
  const { sig, pending, kid, exp, ...options } = read;
  return sig === undefined && pending === undefined ? withPixels(options, site) : undefined;
}

/** With the sides that are meant: multiplied, rounded, within the limits and on their rungs. */
function withPixels({ dpr, pad, ...options }: ImageOptions, site: Site): ImageOptions | undefined {
  // A border does not grow with its picture.
  if (pad !== undefined) return undefined;
  const policy = policyOf(site);
  const given = { ...options, ...(dpr !== undefined && { dpr }) };
  const { w, h } = options.w === undefined && options.h === undefined ? {} : canonicalOptions(given, policy);
  return {
    ...options,
    ...(w !== undefined && { w }),
    ...(h !== undefined && { h }),
    ...(policy.defaults.dpr !== undefined && { dpr: 1 }),
  };
}

/** A drawing is the same in every width, unless it is asked for as a picture. */
function scalesByItself(key: string, { f }: ImageOptions): boolean {
  return /\.svgz?$/i.test(key) && (f === undefined || f === 'auto');
}
