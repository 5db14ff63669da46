import sharp, { type Raw, type Sharp } from 'sharp';
import { openPixels, type Pixels, pixelsOf } from './pixels.ts';
import type { Plan } from './plan.ts';
import { blur, openOriginal, sharpen, toPixels } from './steps.ts';

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

/** Blurs or sharpens a picture before anything else is done with it, each in a pass of its own; an animation frame by frame. */
export async function softenApart(original: Uint8Array, plan: Plan): Promise<Softened> {
  const scaled = await pixelsOf(toPixels(original, plan));
  if (!plan.animated) return { image: openPixels(await softenPixels(scaled, plan)), timing: {} };
  const { data, raw } = scaled;
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
    const pixels = { data: strip.subarray(start, start + length), raw: frame };
    (await softenPixels(pixels, plan)).data.copy(strip, start);
  }
}

async function softenPixels(pixels: Pixels, plan: Plan): Promise<Pixels> {
  const blurred = plan.blur === undefined ? pixels : await pixelsOf(blur(openPixels(pixels), plan));
  return plan.sharpen === undefined ? blurred : await pixelsOf(sharpen(openPixels(blurred), plan));
}
