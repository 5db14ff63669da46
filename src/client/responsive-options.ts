import type { Site } from './image-url.ts';
import type { Size } from './stored-shape.ts';

export interface ResponsiveOptions {
  /** Where the pictures are served: the images whose `src` begins with its `base` are rewritten, or with one slash where it has none. */
  readonly site?: Site;
  /** Other beginnings of `src`, before a slash, under which texts have the same keys, e.g. `https://old.example/images`. */
  readonly origins?: readonly string[];
  /** `sizes` of an image as wide as the text. Beginning with `auto`, that is for images that are lazy and have both sides. */
  readonly sizes?: string;
  /** The widths that an image is offered in whose URL says none: pixels, ascending. */
  readonly widths?: readonly number[];
  /** The size of an original, upright and in pixels, where it is known. */
  readonly sizeOf?: (key: string) => Size | undefined;
  /** Leaves images alone whose width is said by nothing. With `srcset`, those are shown as wide as `sizes`: a smiley, too. */
  readonly sizedOnly?: boolean;
  /** Texts with more characters are left alone. */
  readonly maxLength?: number;
}
