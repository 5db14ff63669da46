import { ServiceError } from '../errors.ts';
import type { OriginalRecord, UntouchedContent } from '../render/record.ts';
import { identifyVariant, type Variant } from '../render/variant.ts';
import { createVariantMemo } from '../render/variant-memo.ts';
import { acceptedFor, type NegotiatedFormat } from '../request/accept.ts';
import type { Options } from '../request/options.ts';
import { type Plan, type PlanPolicy, planVariant } from '../transform/plan.ts';
import type { Watermark } from '../transform/watermark.ts';
import type { Asked } from './asked.ts';

/** What besides an original decides which picture is the answer. */
export interface ChoiceOf {
  readonly sourceId: string;
  /** The `Accept` header. */
  readonly accept: string | undefined;
  readonly asked: Pick<Asked, 'key' | 'options' | 'query'>;
  readonly watermark: Watermark | undefined;
}

/** The variant of an original that is asked for, decided before a pixel is decoded; undefined when the original itself is the answer. */
export type VariantChoice = (record: OriginalRecord, choice: ChoiceOf) => Variant | undefined;

export function createVariantChoice(planPolicy: PlanPolicy): VariantChoice {
  const memo = createVariantMemo();

  function planFor(
    { content }: OriginalRecord,
    options: Options,
    accepted: readonly NegotiatedFormat[],
    watermark: Watermark | undefined,
  ): Plan | undefined {
    if (content.kind === 'untouched' && isAnswer(content, options)) return undefined;
    const pixels = content.kind === 'untouched' ? content.drawn : content;
    // Turned into pixels, a drawing would run a renderer on a stranger's markup.
    if (!pixels)
      throw new ServiceError('unsupported_image', 'An SVG is not turned into pixels; ask for it without "f" and "wm".');
    if (pixels.kind === 'refused') throw pixels.error;
    return planVariant(options, pixels.facts, accepted, planPolicy, watermark);
  }

  return (record, { sourceId, accept, asked: { key, options, query }, watermark }) => {
    const accepted = acceptedFor(options, accept);
    return memo(record, `${query} ${accepted} ${watermark?.id ?? ''}`, () => {
      const plan = planFor(record, options, accepted, watermark);
      const { etag: originalEtag } = record.head;
      return plan && identifyVariant({ sourceId, objectKey: key, originalEtag, plan });
    });
  };
}

/** Whether what may be passed through is; the best format for a drawing is always its own. */
function isAnswer({ format }: UntouchedContent, { f, wm }: Options): boolean {
  return wm === undefined && (f === undefined || (f === 'auto' && format === 'svg'));
}
