import sharp, { type Raw, type Sharp } from 'sharp';
import { openPixels, pixelsOf } from './pixels.ts';
import type { Plan } from './plan.ts';
import { openOriginal, soften, toPixels } from './steps.ts';

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

/** Blurs or sharpens a picture before anything else is done with it; an animation frame by frame. */
export async function softenApart(original: Uint8Array, plan: Plan): Promise<Softened> {
  const scaled = toPixels(original, plan);
  const image = plan.animated ? scaled : soften(scaled, plan);
  const pixels = await pixelsOf(image);
  if (!plan.animated) return { image: openPixels(pixels), timing: {} };
  const { data, raw } = pixels;
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
    const image = openPixels({ data: strip.subarray(start, start + length), raw: frame });
    (await soften(image, plan).raw().toBuffer()).copy(strip, start);
  }
}
