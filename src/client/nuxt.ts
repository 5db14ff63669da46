import type { Site } from './image-url.ts';
import { type Asked, sizedUrl } from './sized.ts';

/** The names that Nuxt Image has for options. Others are options by their own names, or nothing to Lambent. */
const NAMES = new Map([
  ['width', 'w'],
  ['height', 'h'],
  ['quality', 'q'],
  ['format', 'f'],
  ['background', 'bg'],
  ['position', 'pos'],
]);

export interface Modifiers extends Asked {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly quality?: number | string | undefined;
  readonly format?: string | undefined;
  readonly background?: string | undefined;
  readonly position?: string | undefined;
}

/** The provider's `options`, and what is asked for. */
export interface Requested extends Site {
  readonly modifiers?: Modifiers;
}

export interface Provider {
  /** `src` is a path as `imageUrl` writes it. */
  getImage(src: string, requested: Requested): { readonly url: string };
}

/** A provider for Nuxt Image, which wants a default export that makes one. */
export default function nuxtProvider(): Provider {
  return { getImage: (src, { modifiers = {}, ...site }) => ({ url: sizedUrl(src, askedBy(modifiers), site) }) };
}

function askedBy(modifiers: Modifiers): Asked {
  const given = Object.entries(modifiers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [NAMES.get(name) ?? name, value]));
}
