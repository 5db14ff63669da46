import type { Site } from './image-url.ts';
import { sizedUrl } from './sized.ts';

/** What next/image asks a loader for: its `ImageLoaderProps`. */
export interface Requested {
  /** A path as `imageUrl` writes it; one with `w` and `h` is a box, whose shape every width keeps. */
  readonly src: string;
  readonly width: number;
  readonly quality?: number | undefined;
}

/** A loader for `images.loaderFile` of Next.js, or for one picture. */
export function nextLoader(site: Site = {}): (requested: Requested) => string {
  return ({ src, width, quality }) => sizedUrl(src, { w: width, q: quality }, site);
}
