import sharp, { type Raw, type Sharp } from 'sharp';
import type { Plan } from './plan.ts';
import { crop, cutRegion, keep, openOriginal, orient, type Step, scale, soften } from './steps.ts';

/** A picture whose pixels have been worked out, and how long each of its frames is shown. */
export interface Softened {
  readonly image: Sharp;
  readonly timing: Timing;
}

export interface Timing {
  /** Milliseconds for each frame. */
  readonly delay?: number[];
  /** 0 for ever. */
  readonly loop?: number;
}

const TO_PIXELS: readonly Step[] = [cutRegion, scale, crop, orient, keep];

/** Blurs or sharpens a picture before anything else is done with it; an animation frame by frame. */
export async function softenApart(original: Uint8Array, plan: Plan): Promise<Softened> {
  const scaled = TO_PIXELS.reduce((image, step) => step(image, plan), openOriginal(original, plan));
  const image = plan.animated ? scaled : soften(scaled, plan);
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  if (!plan.animated) return { image: sharp(data, { raw }), timing: {} };
  const { pages = 1, delay, loop } = await openOriginal(original, plan).metadata();
  const pageHeight = raw.height / pages;
  await softenFrames(data, { ...raw, height: pageHeight }, plan);
  return {
    image: sharp(data, { raw: { ...raw, pageHeight }, animated: true }),
    timing: { ...(delay && { delay }), ...(loop !== undefined && { loop }) },
  };
}

/** Of a strip of frames, each by itself and in its place. */
async function softenFrames(strip: Buffer, frame: Raw, plan: Plan): Promise<void> {
  const length = frame.width * frame.height * frame.channels;
  for (let start = 0; start < strip.length; start += length) {
    const image = sharp(strip.subarray(start, start + length), { raw: frame });
    (await soften(image, plan).raw().toBuffer()).copy(strip, start);
  }
}
