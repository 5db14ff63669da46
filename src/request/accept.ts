import type { Options } from './options.ts';

/** The formats that `f=auto` can choose because a client names them; every client takes JPEG, PNG and GIF. */
export type NegotiatedFormat = 'avif' | 'webp';

// AVIF first: measured at equal quality it has about 30 % fewer bytes than WebP (docs/decisions.md).
const NEGOTIATED: readonly NegotiatedFormat[] = ['avif', 'webp'];

/**
 * The modern formats an `Accept` header names, best first (RFC 9110, 12.5.1): by weight, then by our own preference.
 * Wildcards name nothing: a client that says only "image/*" has not said that it can decode AVIF.
 */
export function acceptedFormats(accept: string | undefined): readonly NegotiatedFormat[] {
  if (accept === undefined || accept.length > MAX_ACCEPT_LENGTH) return [];
  const weights = weightsOf(accept.toLowerCase());
  return NEGOTIATED.filter((format) => weights[format] > 0).sort((a, b) => weights[b] - weights[a]);
}

/** What a client accepts, where its options leave the format to that. */
export function acceptedFor({ f }: Options, accept: string | undefined): readonly NegotiatedFormat[] {
  return f === 'auto' ? acceptedFormats(accept) : [];
}

/**
 * The shortest `Accept` header that names these formats in this order. There are five, where browsers send dozens: a cache that has it in its
 * key has five entries of a picture at most, and mostly two.
 */
export function forwardedAccept([first, second]: readonly NegotiatedFormat[]): string {
  if (first === undefined) return '';
  if (second === undefined) return `image/${first}`;
  // Of equal weights the first of ours is chosen.
  return `image/${first},image/${second}${first === NEGOTIATED[0] ? '' : ';q=0.5'}`;
}

/** Browsers send about 100 characters; what is far longer is not worth reading. */
const MAX_ACCEPT_LENGTH = 2048;

function weightsOf(accept: string): Record<NegotiatedFormat, number> {
  const weights = { avif: 0, webp: 0 };
  for (const element of accept.split(',')) {
    const parts = element.split(';').map((part) => part.trim());
    for (const format of NEGOTIATED) {
      if (parts[0] === `image/${format}`) weights[format] = weightOf(parts);
    }
  }
  return weights;
}

/** The weight among the parts of one element, 1 when it has none; one that is not well formed is no consent. */
function weightOf(parts: readonly string[]): number {
  const weight = parts.find((part) => part.slice(0, 2) === 'q=');
  if (weight === undefined) return 1;
  return /^q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight.slice(2)) : 0;
}
