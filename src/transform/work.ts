import type { OutputFormat } from '../formats.ts';
import type { Options } from '../request/options.ts';
import type { Output } from './output.ts';

/**
 * Nanoseconds of a worker for each pixel that is written, by a photograph of 16.7 MP (docs/performance.md, "Worst cases"): as usual,
 * and at the best qualities. AVIF and palettes as they are written where there are many pixels.
 */
const WRITING: Readonly<Record<OutputFormat, readonly [usual: number, best: number]>> = {
  jpeg: [25, 30],
  png: [85, 85],
  webp: [105, 165],
  avif: [40, 100],
  gif: [335, 335],
  tiff: [60, 60],
};
const BEST_QUALITY = 90;
const PNG_PALETTE = 215;
const WATERMARK = 90;

/** Frames are softened one by one, each with the margins of a whole picture. */
const FRAME_MARGINS = 3;

/** What a pixel may take, so that the largest answer there is takes a worker 2.5 s. */
const AFFORDABLE = 150;
/** The largest area unless configured: who allows less of it does not mean that each pixel may take less. */
const USUAL_AREA = 4096 * 4096;

/**
 * Pixels that may be asked for at once in a format, with what is asked to be done to them. A 4096 x 4096 GIF takes 5.6 s, a palette
 * for a PNG of that size 3.6 s: they get as many as take no longer than the others. Who allows a larger area, allows the time for it.
 */
export function affordablePixels(
  options: Options,
  { format, animated }: Pick<Output, 'format' | 'animated'>,
  area: number,
): number {
  const whole = writingOf(options, format) + layingOf(options) + softeningOf(options) * (animated ? FRAME_MARGINS : 1);
  return Math.floor((Math.max(area, USUAL_AREA) * AFFORDABLE) / whole);
}

function writingOf({ q = 0, colors }: Options, format: OutputFormat): number {
  if (format === 'png' && colors !== undefined) return PNG_PALETTE;
  const [usual, best] = WRITING[format];
  return q > BEST_QUALITY ? best : usual;
}

function layingOf({ wm }: Options): number {
  return wm === undefined ? 0 : WATERMARK;
}

/** What takes more with each pixel of its radius. */
function softeningOf({ blur, sharpen }: Options): number {
  const blurring = blur === undefined ? 0 : 5 + blur / 2;
  const sharpening = sharpen === undefined ? 0 : 30 + sharpen * 7.5;
  return blurring + sharpening;
}
