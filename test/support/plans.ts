import type { Options } from '../../src/request/options.ts';
import type { ImageFacts } from '../../src/transform/facts.ts';
import { type Plan, planVariant } from '../../src/transform/plan.ts';
import { POLICY } from './variants.ts';

/** What the header of a plain photograph says. */
export const PHOTO: ImageFacts = {
  format: 'jpeg',
  width: 400,
  height: 300,
  frames: 1,
  bytesPerPixel: 3,
  alpha: false,
  progressive: false,
  scans: 1,
  wideGamut: false,
  deepProfile: false,
  grey: false,
  gainMapPixels: 0,
};

/** A plan that is carried out by nobody. */
export const PLAN: Plan = planOf({ w: 8, h: 6, f: 'webp', q: 75 });

function planOf(options: Options): Plan {
  const plan = planVariant(options, PHOTO, [], POLICY);
  if (plan === undefined) throw new Error('The original itself was the answer.');
  return plan;
}
