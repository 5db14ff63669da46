import type { Options } from '../../src/request/options.ts';
import { sniffFormat } from '../../src/sniff.ts';
import { type ImageFacts, readFacts } from '../../src/transform/facts.ts';
import { type Plan, type PlanPolicy, planVariant } from '../../src/transform/plan.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { transform } from '../../src/transform/transform.ts';

/** The limits that hold when nothing is configured. */
export const POLICY: PlanPolicy = {
  maxWidth: 4096,
  maxHeight: 4096,
  maxSourcePixels: 50_000_000,
  maxFrames: 256,
  avifMaxPixels: 4_000_000,
  rules: DRAWING_RULES.native,
  keepsProfile: false,
  keepsGainMap: false,
  keepsCredit: false,
};

export async function factsOf(original: Uint8Array): Promise<ImageFacts> {
  const format = sniffFormat(original);
  if (format === undefined || format === 'svg') throw new Error('Not a picture of pixels.');
  return await readFacts(original, format);
}

/** The plan for canonical options, for a client that accepts nothing in particular. */
export async function planFor(
  original: Uint8Array,
  options: Options,
  changed: Partial<PlanPolicy> = {},
): Promise<Plan> {
  const plan = planVariant(options, await factsOf(original), [], { ...POLICY, ...changed });
  if (plan === undefined) throw new Error('The original itself was the answer.');
  return plan;
}

export async function variant(
  original: Uint8Array,
  options: Options,
  changed: Partial<PlanPolicy> = {},
): Promise<Buffer> {
  return await transform(original, await planFor(original, options, changed));
}
