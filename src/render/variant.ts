import { hash } from 'node:crypto';
import { variantOptions } from '../request/canonical.ts';
import type { Options } from '../request/options.ts';
import type { Plan } from '../transform/plan.ts';

/**
 * Raised by hand when pictures visibly change: a new default quality, another way to crop. Not a library's version, since an
 * upgrade that changes no picture must not empty every cache.
 */
export const PIPELINE_VERSION = 1;

/** One derived image: an original, one canonical set of options, one output format. */
export interface Variant {
  /** The key it is kept under in every tier, and one flight runs for. */
  readonly id: string;
  /** Weak, since another encoder version may write other bytes of the same picture. */
  readonly etag: string;
  readonly objectKey: string;
  readonly originalEtag: string;
  readonly plan: Plan;
}

export interface VariantParts {
  readonly sourceId: string;
  readonly objectKey: string;
  readonly originalEtag: string;
  /** In canonical form. */
  readonly options: Options;
  readonly plan: Plan;
}

export function identifyVariant({ sourceId, objectKey, originalEtag, options, plan }: VariantParts): Variant {
  const { format, animated, watermark, keepsProfile, keepsGainMap, keepsCredit } = plan;
  // As JSON, no choice of key and ETag can be spelt so that two variants share one string.
  const parts = [
    sourceId,
    objectKey,
    originalEtag,
    variantOptions(options, format),
    format,
    animated,
    [watermark?.id, keepsProfile, keepsGainMap, keepsCredit],
    PIPELINE_VERSION,
  ];
  const id = hash('sha256', JSON.stringify(parts), 'base64url');
  return { id, etag: `W/"${id}"`, objectKey, originalEtag, plan };
}
