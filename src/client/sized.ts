import { OF_ACCESS } from '../request/names.ts';
import { PARSERS } from '../request/option-parsers.ts';
import { isOptionName, type OptionName } from '../request/options.ts';
import { type ImageOptions, imageUrl, type Site } from './image-url.ts';

/** What a framework asks for, by the names of options; as its users write it, who may give a number as a text. */
export type Asked = { readonly [N in keyof ImageOptions]?: ImageOptions[N] | string | undefined };

/**
 * The canonical URL of a framework's `src` in a size. `src` is a path as `imageUrl` writes it: percent-encoded, with options of its own where the
 * framework has no other place for them; what it asks for comes before those. A picture of another site keeps its URL. A `TypeError` for a value
 * that is none of its option.
 */
export function sizedUrl(src: string, asked: Asked, site: Site): string {
  const path = pathOf(src, site);
  if (path === undefined) return src;
  const mark = path.indexOf('?');
  const [key, query] = mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)];
  const { w, h, dpr, ...own } = valuesOf(new URLSearchParams(query));
  const wanted = valuesOf(Object.entries(asked));
  const sides = sidesOf(wanted, valuesOf(Object.entries({ w, h, dpr })));
  return imageUrl(decoded(key), { enlarge: 0, ...unasked(site), ...own, ...wanted, ...sides }, site);
}

/** What follows the base, if there is one; keys, too, may begin with a base that is a path alone. */
function pathOf(src: string, { base = '' }: Site): string | undefined {
  if (!isAbsolute(src)) return src;
  return isAbsolute(base) && src.startsWith(`${base}/`) ? src.slice(base.length) : undefined;
}

function isAbsolute(url: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(url);
}

/** A name that was not encoded, such as `100%.jpg`, stands for itself. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Options among others by their names, absent or empty alike. */
function valuesOf(pairs: Iterable<readonly [name: string, value: unknown]>): ImageOptions {
  const values: [OptionName, unknown][] = [];
  for (const [name, value] of pairs) {
    if (!isOptionName(name) || OF_ACCESS.includes(name) || value === undefined || value === '') continue;
    const read = PARSERS[name](String(value));
    if (read === undefined) throw new TypeError(`Bad option "${name}": ${value}`);
    values.push([name, read]);
  }
  return Object.fromEntries(values);
}

/** The best format that is accepted, unless the service sets one where none is asked for. */
function unasked({ policy }: Site): ImageOptions {
  return policy?.defaults?.f === undefined ? { f: 'auto' } : {};
}

/** A width alone keeps the shape of the box that `src` has; without any size, that box is what is meant. */
function sidesOf({ w, h }: ImageOptions, own: ImageOptions): ImageOptions {
  if (w === undefined && h === undefined) return own;
  if (w === undefined || h !== undefined || own.w === undefined || own.h === undefined) return {};
  return { h: (w * own.h) / own.w };
}
