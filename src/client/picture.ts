import type { ImageOptions, Site } from './image-url.ts';
import { candidatesAs, type SizedOptions, srcsetOf } from './srcset.ts';

export interface PictureOptions extends Omit<SizedOptions, 'f'> {
  /** Read where the picture is not seen; empty for one that says nothing. */
  readonly alt: string;
  /** As `sizes()` writes them; without, as wide as the page. */
  readonly sizes?: string;
  /** The original's height in pixels, where it is known. */
  readonly height?: number;
  /** The best first, before the original's own. */
  readonly formats?: readonly ('avif' | 'webp')[];
  /** `eager` for what is seen first. */
  readonly loading?: 'lazy' | 'eager';
}

/** Attributes by their names in HTML. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The attributes of a `picture` element's children. */
export interface Picture {
  readonly sources: readonly Attributes[];
  readonly img: Attributes;
}

/** Widest picture for who does not choose. */
const PLAIN_WIDTH = 1280;

/**
 * A `picture` element whose formats are chosen by the browser: for a CDN that cannot keep answers apart by `Accept`. Elsewhere `srcset()` says the
 * same in one line.
 */
export function picture(key: string, options: PictureOptions, site: Site = {}): Picture {
  const { alt, sizes = '100vw', height, formats = ['avif', 'webp'], loading = 'lazy', ...sized } = options;
  const plain = candidatesAs(key, sized, site);
  const source = plain.filter(({ width }) => width <= PLAIN_WIDTH).pop() ?? plain[0];
  return {
    sources: formats.map((f) => ({
      type: `image/${f}`,
      srcset: srcsetOf(candidatesAs(key, { ...sized, f }, site)),
      sizes,
    })),
    img: {
      ...(source && { src: source.url }),
      srcset: srcsetOf(plain),
      sizes,
      ...shapeOf(sized, sized.width, height),
      alt,
      loading,
      decoding: 'async',
    },
  };
}

/** So that a page does not jump: the box's sides, or the original's. */
function shapeOf({ w, h }: ImageOptions, width: number | undefined, height: number | undefined): Attributes {
  if (w !== undefined && h !== undefined) return { width: w, height: h };
  return width === undefined || height === undefined ? {} : { width, height };
}
