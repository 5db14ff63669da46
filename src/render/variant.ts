import { hash } from 'node:crypto';
import { objectTag } from '../cache/tags.ts';
import type { Plan } from '../transform/plan.ts';

/**
 * Raised by hand when the same plan gives other pictures: another way to crop, a library that draws visibly better. Not a library's
 * version, since an upgrade that changes no picture must not empty every cache.
 */
export const PIPELINE_VERSION = 1;

/** One derived image: an original, and what is done to it. */
export interface Variant {
  /** The key it is kept under in every tier, and one flight runs for. It begins with the object's tag. */
  readonly id: string;
  /** Weak, since another encoder version may write other bytes of the same picture. */
  readonly etag: string;
  readonly objectKey: string;
  readonly originalEtag: string;
  readonly plan: Plan;
}

export type VariantParts = Pick<Variant, 'objectKey' | 'originalEtag' | 'plan'> & { readonly sourceId: string };

export function identifyVariant({ sourceId, ...parts }: VariantParts): Variant {
  const { objectKey, originalEtag, plan } = parts;
  // As JSON, no choice of key and ETag can be spelt so that two variants share one string.
  const named = JSON.stringify([sourceId, objectKey, originalEtag, drawingOf(plan), PIPELINE_VERSION]);
  const name = hash('sha256', named, 'base64url');
  return { ...parts, id: `${objectTag(objectKey)}-${name}`, etag: `W/"${name}"` };
}

/**
 * What of a plan can be seen in its picture. It follows from the options, the original's header and the configuration, so that
 * requests that come to the same share an entry, and instances with other limits or settings share none that would differ.
 */
function drawingOf({ sourcePixels: _s, cost: _c, firstOf: _f, watermark, ...drawing }: Plan): object {
  return { ...drawing, watermark: watermark?.id };
}
