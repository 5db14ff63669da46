import type { Site } from './image-url.ts';
import { sizedUrl } from './sized.ts';

/** What Astro asks for: its `ImageTransform`, with what an `<img>` has besides. */
export interface Transform {
  /** A path as `imageUrl` writes it, or a picture that the page imports. */
  readonly src: string | object;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly widths?: readonly number[] | undefined;
  readonly densities?: readonly (number | `${number}x`)[] | undefined;
  readonly quality?: number | string | undefined;
  readonly format?: string | undefined;
  readonly fit?: string | undefined;
  readonly position?: string | undefined;
  readonly background?: string | undefined;
  readonly [attribute: string]: unknown;
}

/** Of Astro's `image` configuration, what belongs to the service. */
export interface ImageConfig {
  readonly service: { readonly config: Site };
}

export interface Candidate<T> {
  readonly transform: T;
  readonly descriptor: string;
}

/** What Astro's own service means by these. */
const QUALITIES: Readonly<Record<string, number>> = { low: 25, mid: 50, high: 80, max: 100 };
/** Where CSS has another word for how a box is filled, or means something else by it: its `contain` adds no border to the picture. */
const FITS: Readonly<Record<string, string>> = { contain: 'inside', 'scale-down': 'inside', none: 'cover' };

/** An image service for Astro, which wants a default export. */
export default { validateOptions, getURL, getSrcSet, getHTMLAttributes };

function validateOptions<T extends Transform>(transform: T): T {
  if (typeof transform.src === 'string') return transform;
  throw new TypeError('src is a picture of the site itself; expected the path of an object that Lambent serves');
}

function getURL({ src, width, height, ...asked }: Transform, { service }: ImageConfig): string {
  const { quality, format, fit, position, background } = asked;
  const options = {
    w: width,
    h: height,
    fit: fit && (FITS[fit] ?? fit),
    pos: position,
    bg: background,
    // Drawings pass through as they are.
    f: format === 'svg' ? undefined : format,
    q: quality && (QUALITIES[quality] ?? quality),
  };
  return sizedUrl(String(src), options, service.config);
}

/** Candidates by width, or for a fixed width by density; the box keeps its shape. */
function getSrcSet<T extends Transform>(transform: T): Candidate<T>[] {
  const { width, height, widths = [], densities = [] } = transform;
  const candidate = (to: number, descriptor: string) => ({
    transform: { ...transform, width: to, height: width && height && Math.max(1, Math.round((to * height) / width)) },
    descriptor,
  });
  if (width === undefined || densities.length === 0) return ascending(widths).map((to) => candidate(to, `${to}w`));
  return ascending(densities.map((density) => Number.parseFloat(String(density)))).map((density) =>
    candidate(Math.round(width * density), `${density}x`),
  );
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** What is the element's own. */
function getHTMLAttributes(transform: Transform): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(transform).filter(([name]) => !OF_THE_PICTURE.includes(name)));
}

const OF_THE_PICTURE = [
  'src',
  'widths',
  'densities',
  'quality',
  'format',
  'formats',
  'fit',
  'position',
  'background',
  'layout',
  'priority',
];
