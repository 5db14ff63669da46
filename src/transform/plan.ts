import { FORMATS, type OutputFormat } from '../formats.ts';
import type { NegotiatedFormat } from '../request/accept.ts';
import type { OptionName, Options } from '../request/options.ts';
import { strategyOf } from '../request/position.ts';
import { cropOf } from './box.ts';
import { costOf, decodedPixels, pixelsOf, refuseTooManyPixels, refuseTooManyScans } from './budget.ts';
import type { ImageFacts } from './facts.ts';
import { type Geometry, isSameSize, isSought } from './geometry.ts';
import { type Layout, type LayoutLimits, layOut, layoutOf } from './layout.ts';
import { type Keeping, type Output, outputOf } from './output.ts';
import { chooseFormat } from './output-format.ts';
import type { DrawingRules } from './rules.ts';
import type { Trim } from './trim.ts';
import { isTurned, type Turn, turnOf } from './turn.ts';
import type { Watermark } from './watermark.ts';

export interface PlanPolicy extends LayoutLimits, Keeping {
  readonly maxFrames: number;
  readonly avifMaxPixels: number;
  readonly rules: DrawingRules;
}

/** Everything that will be done to an original, decided before a pixel of it is decoded. */
export interface Plan extends Geometry, Output {
  /** The original's format. */
  readonly from: ImageFacts['format'];
  /** After the original was made upright, and before anything is said of sides. */
  readonly turn: Turn;
  /** How a border is found and left out; the sides are those of a picture without one until then. */
  readonly trim?: Trim;
  /** Frames of the original where the first stands for more than are allowed, else 1. */
  readonly firstOf: number;
  /** Whether the original would do as well, where it has fewer bytes and nothing in them but its picture. */
  readonly mayStay: boolean;
  /** Pixels to decode, over all frames. */
  readonly sourcePixels: number;
  /** Share of the workers the job takes, by the memory its pixels need. */
  readonly cost: number;
}

/**
 * What to do for a variant; undefined when the original's own bytes are the best answer: an animation with more frames than
 * allowed, of which nothing is asked that only a picture of ours can have.
 */
export function planVariant(
  options: Options,
  facts: ImageFacts,
  accepted: readonly NegotiatedFormat[],
  policy: PlanPolicy,
  watermark?: Watermark,
): Plan | undefined {
  const { frames: held, wasCut } = framesOf(options, facts, policy);
  if (wasCut && options.f === undefined && !watermark) return undefined;
  const format = formatOf(options, facts, accepted, policy);
  const frames = FORMATS[format].animated ? held : 1;
  const layout = layoutOf(options, facts, policy, { format, frames });
  const geometry = layOut(layout);
  const pixels = pixelsOf(geometry.output);
  const made = { format, animated: frames > 1, pixels, ...(watermark && { watermark }) };
  const output = outputOf(options, facts, made, policy);
  const [trim, turn] = [trimOf(options, layout), turnOf(options)];
  const isWhole =
    trim !== undefined || output.keepsGainMap || output.workspace !== undefined || isTurnedFirst(geometry, turn);
  const sourcePixels = decodedPixels(facts, { ...geometry, turn, isWhole }) * frames;
  refuseTooManyPixels(facts, sourcePixels, policy);
  refuseTooManyScans(facts);
  return {
    ...geometry,
    ...output,
    ...(trim && { trim }),
    from: facts.format,
    turn,
    firstOf: wasCut && FORMATS[format].animated ? facts.frames : 1,
    mayStay: facts.frames === frames && isSame(options, facts, { ...geometry, ...output }),
    sourcePixels,
    cost: costOf(facts, {
      source: sourcePixels,
      between: heldPixels({ ...geometry, ...output, trim }, sourcePixels, frames),
      gainMap: output.keepsGainMap ? facts.gainMapPixels : 0,
      written: pixels,
      ...made,
    }),
  };
}

/** Frames that are kept where the format can hold them, and whether it is one for no other reason than that they are too many. */
function framesOf(options: Options, facts: ImageFacts, policy: PlanPolicy) {
  const isAffordable = facts.frames <= policy.maxFrames && pixelsOf(facts) * facts.frames <= policy.maxSourcePixels;
  const animates = facts.frames > 1 && canAnimate(options) && (policy.rules.animates || options.f === 'auto');
  return { frames: animates && isAffordable ? facts.frames : 1, wasCut: animates && !isAffordable };
}

/** libvips turns the strip of all frames at once, which leaves each where it is only when it is mirrored; and it looks at one. */
function canAnimate({ anim, trim, pos, ...options }: Options): boolean {
  return anim !== 0 && trim === undefined && strategyOf(pos) === undefined && turnOf(options).angle === 0;
}

/** The sides that decide whether `auto` can mean AVIF are those before the format's own limit, which AVIF's never is. */
function formatOf(
  options: Options,
  facts: ImageFacts,
  accepted: readonly NegotiatedFormat[],
  policy: PlanPolicy,
): OutputFormat {
  return chooseFormat(facts, {
    asked: options.f,
    accepted,
    pixels: pixelsOf(layOut(layoutOf(options, facts, policy)).output),
    avifMaxPixels: policy.avifMaxPixels,
    keepsTiff: policy.rules.keepsTiff,
  });
}

/** Options that say how a picture is written, and nothing of what is to be seen. */
const OF_WRITING: readonly OptionName[] = ['w', 'h', 'fit', 'enlarge', 'bg', 'anim', 'f', 'q', 'dl'];

/** Whether an answer would be the original in other bytes. */
function isSame(
  options: Options,
  facts: ImageFacts,
  { format, output, scaled, crop, place, watermark }: Geometry & Output,
): boolean {
  const isWhole = [output, scaled].every((size) => isSameSize(size, facts)) && !crop && !place;
  const isPlain = (Object.keys(options) as OptionName[]).every((name) => OF_WRITING.includes(name)) && !watermark;
  return format === facts.format && isWhole && isPlain;
}

/** Whether all of a picture is turned before it is scaled: then no decoder can scale it. */
function isTurnedFirst({ crop }: Geometry, turn: Turn): boolean {
  return isSought(crop) && isTurned(turn);
}

/** Pixels that are held besides those that are decoded: all of them to find a border, those of each frame to soften it. */
function heldPixels({ output, softensApart, trim }: Held, sourcePixels: number, frames: number): number {
  return (trim ? sourcePixels : 0) + (softensApart ? pixelsOf(output) * frames * 2 : 0);
}

type Held = Pick<Plan, 'output' | 'softensApart'> & { readonly trim: Trim | undefined };

function trimOf({ trim: threshold, crop, ...others }: Options, layout: Layout): Trim | undefined {
  if (threshold === undefined) return undefined;
  const within = (crop !== undefined && cropOf({ crop }, layout.size)) || { left: 0, top: 0, ...layout.size };
  const options = Object.fromEntries(Object.entries(others).filter(([name]) => OF_SIDES.includes(name as OptionName)));
  return { threshold, within, layout: { ...layout, options } };
}

/** Options that sides follow from once something is cut out. */
const OF_SIDES: readonly OptionName[] = ['w', 'h', 'rot', 'flip', 'fit', 'pos', 'enlarge', 'pad'];
