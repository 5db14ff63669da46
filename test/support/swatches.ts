import sharp from 'sharp';
import type { Test } from 'tap';
import { jpegOf } from './jpeg-blocks.ts';
import type { PngSamples } from './png-chunks.ts';
import { variant } from './variants.ts';

/** Levels of the channels of a colour, 0 to 255; the fourth is alpha. */
export type Colour = readonly number[];

/** Pixels to a side of a colour: enough that its middle keeps clear of its neighbours when it is scaled and compressed. */
const SWATCH = 32;

/** One row of samples in which each of the colours is as wide as the others. */
function rowOf(colours: readonly Colour[]): readonly number[] {
  return colours.flatMap((colour) => Array.from({ length: SWATCH }, () => colour).flat());
}

export function pngSwatches(
  depth: PngSamples['depth'],
  colour: PngSamples['colour'],
  swatches: readonly Colour[],
): PngSamples {
  const row = rowOf(swatches);
  return { width: swatches.length * SWATCH, height: SWATCH, depth, colour, row: () => row };
}

/** The same in sixteen bits as in eight. */
export function deep(colours: readonly Colour[]): readonly Colour[] {
  return colours.map((colour) => colour.map((level) => level * 257));
}

/** A JPEG whose components are stored as they are given. */
export function jpegSwatches(stored: readonly Colour[], segments: readonly Buffer[] = []): Buffer {
  const [across, down] = [stored.length * (SWATCH / 8), SWATCH / 8];
  return jpegOf({ across, down, block: (x) => stored[Math.floor(x / (SWATCH / 8))] ?? [], segments });
}

/** What the middles of so many colours side by side show in an encoded picture, by a decoder alone. */
async function swatchesOf(encoded: Uint8Array, count: number): Promise<readonly Colour[]> {
  const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const middle = Math.floor(height / 2);
  return Array.from({ length: count }, (_, index) => {
    const x = Math.floor(((index + 0.5) * width) / count);
    const at = (middle * width + x) * channels;
    return [...data.subarray(at, at + channels)];
  });
}

/** Whether each colour is what was expected; where nothing is to be seen, it may be any. */
function areNear(found: readonly Colour[], expected: readonly Colour[], tolerance: number): boolean {
  return expected.every((colour, index) => isNear(found[index] ?? [], colour, tolerance));
}

function isNear(found: Colour, expected: Colour, tolerance: number): boolean {
  const [first = -1] = found;
  const full = [...found, ...(found.length === 1 ? [first, first] : []), 255];
  const [alpha = 255, foundAlpha = 255] = [expected[3], full[3]];
  if (Math.abs(alpha - foundAlpha) > tolerance) return false;
  if (alpha === 0) return true;
  return [0, 1, 2].every((channel) => Math.abs((full[channel] ?? -1000) - (expected[channel] ?? 0)) <= tolerance);
}

/** A colour with alpha as it looks on an opaque one. */
export function over(colour: Colour, [red = 0, green = 0, blue = 0]: Colour): Colour {
  const alpha = (colour[3] ?? 255) / 255;
  return [red, green, blue].map((level, channel) => (colour[channel] ?? 0) * alpha + level * (1 - alpha));
}

const FORMATS_TO_SEE = ['png', 'jpeg', 'webp', 'avif', 'gif'] as const;
type WrittenFormat = (typeof FORMATS_TO_SEE)[number];
export const WHITE = [255, 255, 255] as const;

export interface Shown {
  readonly original: Buffer;
  readonly colours: readonly Colour[];
  /** What is lost where colours are worked out by other arithmetic; encoders lose some more. */
  readonly tolerance?: number;
  /** Where the way out of a format is not the question, one is enough. */
  readonly formats?: readonly WrittenFormat[];
}

/** How a colour with alpha looks in a format: GIF has no alpha between all and nothing, JPEG none at all. */
function seenIn(format: WrittenFormat, colour: Colour): Colour {
  const [red = 0, green = 0, blue = 0, alpha = 255] = colour;
  if (format === 'jpeg') return over(colour, WHITE);
  return [red, green, blue, format === 'gif' ? (alpha < 128 ? 0 : 255) : alpha];
}

/** That each format shows the colours, in sRGB, eight bits deep and without saying so; as it is and scaled down. */
export async function isShown(
  t: Test,
  { original, colours, tolerance = 2, formats = FORMATS_TO_SEE }: Shown,
  what: string,
): Promise<void> {
  const width = colours.length * SWATCH;
  for (const format of formats) {
    for (const w of [width, width / 2]) {
      const encoded = await variant(original, { f: format, w, ...(format !== 'png' && format !== 'gif' && { q: 95 }) });
      const found = await swatchesOf(encoded, colours.length);
      const lost = tolerance + (format === 'png' ? 0 : 6);
      const expected = colours.map((colour) => seenIn(format, colour));
      t.ok(areNear(found, expected, lost), `${what}, ${format} ${w}: ${found.join(' ')}, not ${expected.join(' ')}`);
      const metadata = await sharp(encoded).metadata();
      t.equal(metadata.hasProfile, false, `${what}, ${format}`);
      // At the same size, the original may do as it is.
      if (w < width) t.match(metadata, { space: 'srgb', depth: 'uchar' }, `${what}, ${format}`);
    }
  }
}
