import { ServiceError } from '../errors.ts';
import { FORMATS, type OutputFormat } from '../formats.ts';
import type { NegotiatedFormat } from '../request/accept.ts';
import type { Options } from '../request/options.ts';
import { addPad, cropOf, cutFrom, padOf, withRoomFor } from './box.ts';
import type { ImageFacts } from './facts.ts';
import { computeGeometry, type Geometry, type Size, type SizeLimits } from './geometry.ts';
import { chooseFormat } from './output-format.ts';
import type { DrawingRules } from './rules.ts';
import { isOnSide, type Turn, turnedSize, turnOf, unturned } from './turn.ts';

export interface PlanLimits {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Pixels to decode, over all frames; a JPEG counts at the scale it is decoded. */
  readonly maxSourcePixels: number;
  readonly maxFrames: number;
  readonly avifMaxPixels: number;
}

export interface PlanPolicy extends PlanLimits {
  readonly rules: DrawingRules;
}

/** Everything that will be done to an original, decided before a pixel of it is decoded. */
export interface Plan extends Geometry {
  /** After the original was made upright, and before anything is said of sides. */
  readonly turn: Turn;
  /** The original's format. */
  readonly from: ImageFacts['format'];
  readonly format: OutputFormat;
  /** Whether every frame is kept, or the first alone. */
  readonly animated: boolean;
  /** Whether the original has transparency that the format cannot hold. */
  readonly flatten: boolean;
  /** Behind what is transparent, and around what does not fill its box: `#rrggbb` or `#rrggbbaa`. */
  readonly background: string;
  /** Settings for sharp's encoder. */
  readonly encoder: Readonly<Record<string, string | number | boolean>>;
  /** Pixels to decode, over all frames. */
  readonly sourcePixels: number;
  /** Share of the workers the job takes, by the memory its pixels need. */
  readonly cost: number;
}

/** Pixels whose decoding takes one worker's share of memory: 25 MP are 75 to 100 MB. */
const PIXELS_PER_WORKER = 25_000_000;
/** As sharp counts for its own lock (0x3FFF squared): no setting lifts the limit above it. */
export const SOURCE_PIXELS_CEILING = 268_402_689;

/**
 * What to do for a variant; undefined when the original's own bytes are the best answer, as for an animation with more
 * frames than allowed whose format nobody asked to change.
 */
export function planVariant(
  options: Options,
  facts: ImageFacts,
  accepted: readonly NegotiatedFormat[],
  policy: PlanPolicy,
): Plan | undefined {
  const affordable = facts.frames <= policy.maxFrames && pixelsOf(facts) * facts.frames <= policy.maxSourcePixels;
  const turn = turnOf(options);
  // libvips turns the strip of all frames at once, which leaves each where it is only when it is mirrored.
  const animates = options.anim !== 0 && turn.angle === 0 && (policy.rules.animates || options.f === 'auto');
  if (animates && !affordable && facts.frames > 1 && options.f === undefined) return undefined;
  const format = formatOf(options, facts, accepted, policy);
  const frames = affordable && animates && FORMATS[format].animated ? facts.frames : 1;
  const geometry = layOut(options, facts, sizeLimits(facts, policy, frames, FORMATS[format].maxSide));
  const sourcePixels = decodedPixels(facts, geometry, turn) * frames;
  refuseTooManyPixels(facts, sourcePixels, policy);
  return {
    ...geometry,
    turn,
    from: facts.format,
    format,
    animated: frames > 1,
    flatten: facts.alpha && !FORMATS[format].alpha,
    background: backgroundOf(format, options),
    encoder: encoderOf(format, options),
    sourcePixels,
    cost: Math.ceil(sourcePixels / PIXELS_PER_WORKER),
  };
}

/** Everything about sides: what is cut out first, how that fills its box when it is turned, and what is added around it. */
function layOut(options: Options, facts: ImageFacts, limits: SizeLimits): Geometry {
  const cut = cropOf(options, facts);
  const [pad, turn] = [padOf(options), turnOf(options)];
  const whole = cut ?? facts;
  const geometry = computeGeometry(turnedSize(whole, turn), options, withRoomFor(pad, limits));
  const region = geometry.region && unturned(geometry.region, turn, whole);
  const upright = region ? { ...geometry, region } : geometry;
  return addPad(cut ? cutFrom(cut, upright) : upright, pad);
}

/** The sides that decide whether `auto` can mean AVIF are those before the format's own limit, which AVIF's never is. */
function formatOf(
  options: Options,
  facts: ImageFacts,
  accepted: readonly NegotiatedFormat[],
  policy: PlanPolicy,
): OutputFormat {
  const { output } = layOut(options, facts, sizeLimits(facts, policy));
  return chooseFormat(facts, {
    asked: options.f,
    accepted,
    pixels: pixelsOf(output),
    avifMaxPixels: policy.avifMaxPixels,
    keepsTiff: policy.rules.keepsTiff,
  });
}

function sizeLimits(
  { format }: ImageFacts,
  { maxWidth, maxHeight, maxSourcePixels }: PlanLimits,
  frames = 1,
  maxSide = Number.POSITIVE_INFINITY,
): SizeLimits {
  // An animation writes every frame: the pixels that may be read bound those that may be written.
  const perFrame = frames > 1 ? Math.floor(maxSourcePixels / frames) : Number.POSITIVE_INFINITY;
  return {
    maxWidth: Math.min(maxWidth, maxSide),
    maxHeight: Math.min(maxHeight, maxSide),
    maxPixels: Math.max(1, Math.min(maxWidth * maxHeight, perFrame)),
    // An SVG has no pixels before it is drawn, and is drawn where it is looked at: cut first, it would be enlarged after.
    ...(format === 'svg' && { maxScaledPixels: SOURCE_PIXELS_CEILING }),
  };
}

/**
 * Pixels the decoder will put out for one frame. sharp lets the JPEG decoder skip all but each 2nd, 4th or 8th pixel, as
 * long as twice the wanted size is left (`fastShrinkOnLoad: false`), and not when a region is cut first. A progressive JPEG
 * keeps all its coefficients until the end and counts whole. An SVG is drawn at the size it is wanted in.
 */
function decodedPixels(facts: ImageFacts, { output, scaled, region }: Geometry, turn: Turn): number {
  if (facts.format === 'svg' && !region) return pixelsOf(output);
  if (facts.format !== 'jpeg' || facts.progressive || region) return pixelsOf(facts);
  const { width, height } = isOnSide(turn) ? { width: scaled.height, height: scaled.width } : scaled;
  const shrink = Math.min(facts.width / width, facts.height / height);
  const factor = [8, 4, 2].find((candidate) => shrink >= candidate * 2) ?? 1;
  return Math.ceil(facts.width / factor) * Math.ceil(facts.height / factor);
}

function refuseTooManyPixels(facts: ImageFacts, sourcePixels: number, limits: PlanLimits): void {
  if (sourcePixels <= limits.maxSourcePixels && pixelsOf(facts) <= SOURCE_PIXELS_CEILING) return;
  const megapixels = (limits.maxSourcePixels / 1e6).toFixed(1);
  const sides = `${facts.width}x${facts.height} pixels`;
  throw new ServiceError('too_many_pixels', `The original has ${sides}; at most ${megapixels} megapixels are decoded.`);
}

function encoderOf(format: OutputFormat, { q, colors }: Options): Plan['encoder'] {
  const { encoder } = FORMATS[format];
  return {
    ...encoder,
    ...(q !== undefined && 'quality' in encoder && { quality: q }),
    ...(colors !== undefined && PALETTES[format]?.(colors)),
  };
}

/** Encoder settings for a palette, of the formats that have one. */
const PALETTES: Partial<Record<OutputFormat, (colours: number) => Plan['encoder']>> = {
  png: (colours) => ({ palette: true, colours }),
  gif: (colours) => ({ colours }),
};

function backgroundOf(format: OutputFormat, { bg }: Options): string {
  if (FORMATS[format].alpha) return `#${bg ?? '00000000'}`;
  return `#${bg?.slice(0, 6) ?? 'ffffff'}`;
}

function pixelsOf({ width, height }: Size): number {
  return width * height;
}
