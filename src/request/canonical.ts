import { defaultQuality } from '../formats.ts';
import { MAX_PAD } from './box.ts';
import { type Ladders, offLadder, snapped } from './ladder.ts';
import type { Names } from './names.ts';
import { OPTION_NAMES, type OptionName, type Options } from './options.ts';
import type { Dialect } from './parse.ts';
import { strategyOf } from './position.ts';
import { onNoRung, type Parsed } from './problem.ts';
import { canonicalTurn } from './turn.ts';

/** What the operator has decided about options; the same at the origin, at the CDN's edge and in the client. */
export interface OptionPolicy extends Names {
  /** How URLs are read. */
  readonly dialect: Dialect;
  /** Largest width and height that can be asked for, in pixels. */
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Applied wherever at least one option is given. */
  readonly defaults: Options;
  readonly ladders: Ladders;
}

/** Canonical options, or what a ladder that only allows its rungs says against them. */
export function canonicalise(given: Options, policy: OptionPolicy): Parsed<Options> {
  // Where nothing is asked for, defaults ask for nothing either.
  if (!asksForVariant(given)) return { value: given };
  const options = canonicalOptions(given, policy);
  const name = offLadder(options, policy.ladders);
  if (name === undefined || policy.ladders.mode === 'snap') return { value: options };
  return onNoRung(name, options[name], policy.ladders[name]);
}

/**
 * Options with presets and defaults applied, sides multiplied, rounded and clamped, and nothing said that goes without saying: two requests
 * that mean the same picture have the same ones.
 */
export function canonicalOptions(given: Options, policy: OptionPolicy): Options {
  const { dpr = 1, rot, flip, fit, pos, enlarge, pad, anim, ...options } = allOptions(given, policy);
  const clamped = clampedSides(options, dpr, policy);
  const sides = policy.ladders.mode === 'snap' ? snapped({ ...options, ...clamped }, policy.ladders, policy) : clamped;
  return Object.freeze({
    ...options,
    ...sides,
    ...canonicalTurn(rot, flip),
    ...(sides.w !== undefined && sides.h !== undefined && shapeOf(fit, pos)),
    ...(enlarge === 0 && { enlarge }),
    ...(pad !== undefined && { pad: multiplied(pad, dpr) }),
    ...(anim === 0 && { anim }),
  });
}

/** With what a preset stands for, and what holds by default. */
export function allOptions({ preset, ...given }: Options, { presets, defaults }: OptionPolicy): Options {
  return { ...defaults, ...(preset !== undefined && presets[preset]), ...given };
}

/** How a box is filled, where it is not as usual. Only a box that is cut or padded has a place that matters. */
function shapeOf(fit: Options['fit'] = 'cover', pos: Options['pos'] = 'centre'): Pick<Options, 'fit' | 'pos'> {
  const isPlaced = pos !== 'centre' && (fit === 'cover' || (fit === 'contain' && strategyOf(pos) === undefined));
  return { ...(fit !== 'cover' && { fit }), ...(isPlaced && { pos }) };
}

/** Whether a picture is asked for; without options the original itself is. */
export function asksForVariant(options: Options): boolean {
  return OPTION_NAMES.some((name) => name !== 'dl' && options[name] !== undefined);
}

/**
 * The query of the canonical URL, which knows nothing of the original: in table order, a default quality left out only
 * beside a format that is named.
 */
export function canonicalQuery(options: Options, policy: OptionPolicy): string {
  return printedOptions(saidOptions(options, policy));
}

/** The options that a canonical URL says. */
export function saidOptions(options: Options, { defaults }: OptionPolicy): Options {
  const isVariant = asksForVariant(options);
  const goesUnsaid = goesWithoutQuality(options, defaults);
  const said: { [N in OptionName]?: Options[N] } = {};
  for (const name of OPTION_NAMES) {
    // Whoever reads the URL applies the policy again: what that sets is said, or leaving it out would mean something else.
    const value = options[name] ?? (isVariant && defaults[name] !== undefined ? USUAL[name] : undefined);
    if (value !== undefined && !(goesUnsaid && name === 'q')) said[name] = value as never;
  }
  return said as Options;
}

/** A query that says these options and nothing else, in table order. */
export function printedOptions(options: Options): string {
  return OPTION_NAMES.filter((name) => options[name] !== undefined)
    .map((name) => `${name}=${encode(String(options[name]))}`)
    .join('&');
}

/** What goes without saying, of options that can say so. */
const USUAL: Options = { fit: 'cover', pos: 'centre', dpr: 1, enlarge: 1, anim: 1 };

/** Whether a format is named that takes no quality, or is written with this one anyway. */
function goesWithoutQuality({ f, q }: Options, defaults: Options): boolean {
  if (f === undefined || f === 'auto') return false;
  const usual = defaultQuality(f);
  return usual === undefined || (usual === q && defaults.q === undefined);
}

function clampedSides({ w, h }: Options, dpr: number, { maxWidth, maxHeight }: OptionPolicy): Pick<Options, 'w' | 'h'> {
  const [width, height] = [rounded(w, dpr), rounded(h, dpr)];
  const excess = Math.max((width ?? 0) / maxWidth, (height ?? 0) / maxHeight, 1);
  const clamped = (side: number) => Math.max(1, Math.round(side / excess));
  const sides: { [N in OptionName]?: number } = {};
  if (width !== undefined) sides.w = clamped(width);
  if (height !== undefined) sides.h = clamped(height);
  return sides;
}

function rounded(side: number | undefined, dpr: number): number | undefined {
  return side === undefined ? undefined : Math.max(1, Math.round(side * dpr));
}

function multiplied(pad: string, dpr: number): string {
  return pad
    .split(',')
    .map((side) => Math.min(MAX_PAD, Math.round(Number(side) * dpr)))
    .join(',');
}

/** Form encoding, with the commas of lists left as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).split('%20').join('+').split('%2C').join(',');
}
