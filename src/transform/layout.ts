import { FORMATS, type OutputFormat } from '../formats.ts';
import type { Options } from '../request/options.ts';
import { addPad, cropOf, cutFrom, padOf, withRoomFor } from './box.ts';
import type { ImageFacts } from './facts.ts';
import { computeGeometry, type Geometry, isSought, type Region, type Size, type SizeLimits } from './geometry.ts';
import { type Turn, turnedRegion, turnedSize, turnOf, unturned } from './turn.ts';
import { affordablePixels } from './work.ts';

export interface LayoutLimits {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Pixels to decode, over all frames; a JPEG counts at the scale it is decoded. */
  readonly maxSourcePixels: number;
}

/** What the sides of an answer follow from. */
export interface Layout {
  /** In canonical form. */
  readonly options: Options;
  /** Of the upright original. */
  readonly size: Size;
  readonly limits: SizeLimits;
}

/** As sharp counts for its own lock (0x3FFF squared): no setting lifts the limit above it. */
export const SOURCE_PIXELS_CEILING = 268_402_689;

/** Everything about sides: what is cut out first, how that fills its box when it is turned, and what is added around it. */
export function layOut({ options, size, limits }: Layout, cut: Region | undefined = cropOf(options, size)): Geometry {
  const [pad, turn] = [padOf(options), turnOf(options)];
  const whole = cut ?? size;
  const geometry = computeGeometry(turnedSize(whole, turn), options, withRoomFor(pad, limits));
  const region = geometry.region && unturned(geometry.region, turn, whole);
  const upright = region ? { ...geometry, region } : geometry;
  const placed = cut ? cutFrom(cut, upright) : upright;
  return addPad(isTurnedFirst(placed, turn) ? withTurnedRegion(placed, turn, size) : placed, pad);
}

/** sharp cuts what it has looked for to the sides from before it turned the picture: so it has to be turned before all else. */
function isTurnedFirst({ crop }: Geometry, { angle }: Turn): boolean {
  return isSought(crop) && angle !== 0;
}

function withTurnedRegion(geometry: Geometry, turn: Turn, size: Size): Geometry {
  return geometry.region ? { ...geometry, region: turnedRegion(geometry.region, turn, size) } : geometry;
}

/** What an answer is written as. */
interface Writing {
  readonly format: OutputFormat;
  readonly frames: number;
}

/** The layout of a variant; before anybody knows what it is written as, where nothing is said of that. */
export function layoutOf(options: Options, facts: ImageFacts, given: LayoutLimits, writing?: Writing): Layout {
  const { maxWidth, maxHeight } = given;
  const { format, width, height } = facts;
  const maxSide = writing ? FORMATS[writing.format].maxSide : Number.POSITIVE_INFINITY;
  const limits = {
    maxWidth: Math.min(maxWidth, maxSide),
    maxHeight: Math.min(maxHeight, maxSide),
    maxPixels: Math.max(
      1,
      Math.min(maxWidth * maxHeight, writing ? framePixels(options, facts, given, writing) : Infinity),
    ),
    // An SVG has no pixels before it is drawn, and is drawn where it is looked at: cut first, it would be enlarged after.
    ...(format === 'svg' && { maxScaledPixels: SOURCE_PIXELS_CEILING }),
  };
  return { options, size: { width, height }, limits };
}

/** An animation of its own size may take so many times as long as another answer: it was as large before. */
const OWN_SIZE = 3;

/**
 * Pixels of each frame at most, by the work that they are, which an animation is for all of them. Enlarged, it has together no more
 * than another answer: 5 KB of 256 frames were 50 MP once.
 */
function framePixels(
  options: Options,
  { width, height }: ImageFacts,
  { maxWidth, maxHeight, maxSourcePixels }: LayoutLimits,
  { format, frames }: Writing,
): number {
  const affordable = affordablePixels(options, { format, animated: frames > 1 }, maxWidth * maxHeight);
  if (frames === 1) return affordable;
  const own = Math.min(width * height * frames, affordable * OWN_SIZE);
  return Math.floor(Math.min(maxSourcePixels, Math.max(own, affordable)) / frames);
}
