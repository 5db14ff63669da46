import type { Sharp } from 'sharp';
import { isBare } from './bare.ts';
import { withCredit } from './credit.ts';
import type { Plan } from './plan.ts';
import { sharpError } from './sharp-error.ts';
import { type Softened, softenApart } from './soften.ts';
import { apply, blur, flatten, lay, place, type Step, sharpen, toPixels } from './steps.ts';
import { layOutTrimmed } from './trim.ts';
import { overlayOf } from './watermark.ts';

/** Never both: that takes two passes. */
const TO_SOFT: readonly Step[] = [blur, sharpen];
/** What is done with it on its ground. */
const TO_GROUND: readonly Step[] = [place, flatten];

/** Carries out a plan. */
export async function transform(original: Uint8Array, plan: Plan): Promise<Buffer> {
  try {
    const laidOut = plan.trim ? await layOutTrimmed(original, plan, plan.trim) : plan;
    const { image, timing } = laidOut.softensApart
      ? await softenApart(original, laidOut)
      : toPicture(original, laidOut);
    const laid = await layWatermark(apply(TO_GROUND, image, laidOut), laidOut);
    const credited = plan.keepsCredit ? await withCredit(laid, original) : laid;
    const made = await credited.toFormat(plan.format, { ...plan.encoder, ...timing }).toBuffer();
    return copyOf(isBetter(original, made, plan) ? original : made);
  } catch (error) {
    throw sharpError(error);
  }
}

/** Looked through only where it matters: of 25 MB it takes a fifth of a second, if somebody wants it to. */
function isBetter(original: Uint8Array, made: Buffer, { mayStay, from }: Plan): boolean {
  return mayStay && made.length > original.length && isBare(original, from);
}

function toPicture(original: Uint8Array, plan: Plan): Softened {
  return { image: apply(TO_SOFT, toPixels(original, plan), plan), timing: {} };
}

async function layWatermark(image: Sharp, plan: Plan): Promise<Sharp> {
  const { watermark, output, animated } = plan;
  return watermark ? lay(image, await overlayOf(watermark, output, animated), plan) : image;
}

/**
 * Out of the memory in which the encoder made it, which is up to twice as large, and which lies in pieces among what the
 * threads of the pool take and leave: with glibc, results kept there held 450 MB for a cache of 128.
 */
function copyOf(made: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(made.length);
  copy.set(made);
  return copy;
}
