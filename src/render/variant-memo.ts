import type { OriginalRecord } from './record.ts';
import type { Variant } from './variant.ts';

/** Variants of one record that are remembered; a page's srcset has about ten of a picture. */
const VARIANTS_PER_RECORD = 64;

/** The variant of a record by what was asked for; `undefined` stands for the original itself. */
export type VariantMemo = (
  record: OriginalRecord,
  asked: string,
  identify: () => Variant | undefined,
) => Variant | undefined;

/**
 * Remembers which variant a request means. Plan and key follow from the record and the canonical options alone: worked out
 * anew they took 20 of the 58 microseconds of a hit. Forgotten with the record, and when there are many of one.
 */
export function createVariantMemo(): VariantMemo {
  const byRecord = new WeakMap<OriginalRecord, Map<string, Variant | undefined>>();
  return (record, asked, identify) => {
    const known = byRecord.get(record);
    if (known?.has(asked)) return known.get(asked);
    const variant = identify();
    const room = known && known.size < VARIANTS_PER_RECORD ? known : new Map<string, Variant | undefined>();
    byRecord.set(record, room.set(asked, variant));
    return variant;
  };
}
