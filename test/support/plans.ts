import type { ImageFacts } from '../../src/transform/facts.ts';
import type { Plan } from '../../src/transform/plan.ts';

/** What the header of a plain photograph says. */
export const PHOTO: ImageFacts = {
  format: 'jpeg',
  width: 400,
  height: 300,
  frames: 1,
  alpha: false,
  progressive: false,
  wideGamut: false,
  deepProfile: false,
  grey: false,
  gainMap: false,
};

const sides = { width: 8, height: 6 };

/** A plan that is carried out by nobody. */
export const PLAN: Plan = {
  from: 'jpeg',
  output: sides,
  scaled: sides,
  format: 'webp',
  animated: false,
  firstOf: 1,
  turn: { angle: 0, isMirrored: false },
  softensApart: false,
  flatten: false,
  alpha: false,
  background: '#ffffff',
  keepsProfile: false,
  keepsGainMap: false,
  keepsCredit: false,
  encoder: { quality: 75 },
  mayStay: false,
  sourcePixels: 1200,
  cost: 1,
};
