import { offeredWidths, USUAL_WIDTHS } from '../request/offered-widths.ts';
import { type ImageOptions, imageUrl, policyOf, type Site } from './image-url.ts';

/** A picture in several widths. With `w` and `h`, each is a box of their shape; with `w` and no `widths`, it is offered once and twice as wide. */
export interface SizedOptions extends ImageOptions {
  /** Pixels, ascending. */
  readonly widths?: readonly number[];
  /** The original's width in pixels, where it is known: nothing wider is offered. */
  readonly width?: number;
}

/** One width of a picture. */
export interface Candidate {
  readonly url: string;
  /** Pixels that come, unless the original is smaller. */
  readonly width: number;
}

/** The widths of a picture, each with its URL: never enlarged, and in the best format that is accepted, unless `enlarge` and `f` say otherwise. */
export function candidates(key: string, options: SizedOptions = {}, site: Site = {}): readonly Candidate[] {
  const { defaults } = policyOf(site);
  return candidatesAs(key, { ...(defaults.f === undefined && { f: 'auto' }), ...options }, site);
}

/** Likewise, in the format that the options say. */
export function candidatesAs(key: string, options: SizedOptions, site: Site): readonly Candidate[] {
  const { widths, width, ...picture } = options;
  const { w, h } = picture;
  const ladder = policyOf(site).ladders.w;
  const usual = site.widths ?? (ladder.length > 0 ? ladder : USUAL_WIDTHS);
  return offeredWidths(widths ?? (w === undefined ? usual : [w, 2 * w]), width, ladder).map(({ asked, actual }) => ({
    url: imageUrl(
      key,
      { enlarge: 0, ...picture, w: asked, ...(w !== undefined && h !== undefined && { h: (asked * h) / w }) },
      site,
    ),
    width: actual,
  }));
}

/** `srcset` of an `img` or `source` element (HTML, 4.8.4.2.1), for `sizes`. */
export function srcset(key: string, options?: SizedOptions, site?: Site): string {
  return srcsetOf(candidates(key, options, site));
}

export function srcsetOf(list: readonly Candidate[]): string {
  return list.map(({ url, width }) => `${url} ${width}w`).join(', ');
}

/** `sizes` of an `img` or `source` element: the length that is usual, and those for which a media condition holds, the first one that does. */
export function sizes(usual: string, conditions: Readonly<Record<string, string>> = {}): string {
  return [...Object.entries(conditions).map(([condition, length]) => `${condition} ${length}`), usual].join(', ');
}
