import { imageUrl } from './image-url.ts';
import { attributeWidth, hasStyledSide, type ShownWidth, sizesWithin, styledWidth, withoutAuto } from './layout.ts';
import type { Attributes } from './picture.ts';
import type { ResponsiveOptions } from './responsive-options.ts';
import { candidates, srcsetOf } from './srcset.ts';
import type { StoredImage } from './stored-html.ts';
import { type Shape, type Size, shapeOf } from './stored-shape.ts';
import { storedPicture } from './stored-url.ts';

/** What takes the place of an image's `src`. */
export interface Rewritten {
  /** Where `src` stands in the text. */
  readonly start: number;
  readonly end: number;
  /** Its value, where it is another one. */
  readonly url: string | undefined;
  /** Attributes beside it. */
  readonly added: Attributes;
}

/** An image of the site with all that it lacks; `undefined` for one that is to be left alone. */
export function rewritten(image: StoredImage, options: ResponsiveOptions): Rewritten | undefined {
  const src = image.attributes.get('src');
  if (src === undefined || image.attributes.has('srcset')) return undefined;
  const { site = {}, origins = [], sizeOf } = options;
  const picture = storedPicture(src.value, site, origins);
  const shape = picture && shapeOf(picture.options, knownSize(sizeOf?.(picture.key)), site);
  if (picture === undefined || shape === undefined) return undefined;
  const added = attributesFor(image, picture.key, shape, options);
  const url = imageUrl(picture.key, picture.options, site);
  return added && { start: src.start, end: src.end, url: url === src.value ? undefined : url, added };
}

function knownSize(size: Size | undefined): Size | undefined {
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
}

function attributesFor(
  image: StoredImage,
  key: string,
  { shown, sized }: Shape,
  { site, widths, sizes, sizedOnly }: ResponsiveOptions,
): Attributes | undefined {
  const offered = candidates(key, { ...(sized.w === undefined && widths && { widths }), ...sized }, site);
  const within = shownWithin(image, shown.width);
  if (offered.length === 0 || (sizedOnly && within.length === 0)) return undefined;
  const sides = sidesFor(image, shown);
  return missingIn(image, {
    srcset: srcsetOf(offered),
    sizes: sizesFor(image, sizes, within, sides),
    ...sides,
    loading: 'lazy',
    decoding: 'async',
  });
}

function missingIn({ attributes }: StoredImage, wanted: Attributes): Attributes {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !attributes.has(name)));
}

/** What bounds the width of an image, from the outside to the inside; empty where nothing does. */
function shownWithin({ attributes, figure }: StoredImage, natural: number | undefined): readonly ShownWidth[] {
  const styled = [styledWidth(figure), styledWidth(attributes.get('style')?.value ?? '')].filter(
    (width) => width !== undefined,
  );
  if (styled.length > 0) return styled;
  const own = attributeWidth(attributes.get('width')?.value ?? '');
  if (own !== undefined) return [own];
  return natural === undefined ? [] : [{ pixels: natural }];
}

/** So that a page does not jump. One side that is given, or a style, says that the other follows. */
function sidesFor({ attributes }: StoredImage, { width, height }: Partial<Size>): Size | undefined {
  const isGiven = attributes.has('width') || attributes.has('height');
  if (isGiven || width === undefined || height === undefined) return undefined;
  return hasStyledSide(attributes.get('style')?.value ?? '') ? undefined : { width, height };
}

const AS_WIDE_AS_THE_PAGE = '100vw';

function sizesFor(
  { attributes }: StoredImage,
  sizes: string = AS_WIDE_AS_THE_PAGE,
  within: readonly ShownWidth[],
  sides: Size | undefined,
): string {
  const isLazy = (attributes.get('loading')?.value ?? 'lazy').toLowerCase() === 'lazy';
  const hasSides = sides !== undefined || (attributes.has('width') && attributes.has('height'));
  const allowed = isLazy && hasSides ? sizes : withoutAuto(sizes) || AS_WIDE_AS_THE_PAGE;
  return within.reduce(sizesWithin, allowed);
}
