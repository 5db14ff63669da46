import { FORMATS, type OutputFormat } from '../formats.ts';
import type { Options } from '../request/options.ts';
import { strategyOf } from '../request/position.ts';
import type { ImageFacts } from './facts.ts';
import type { Watermark } from './watermark.ts';

/** What is kept of an original besides its picture. */
export interface Keeping {
  /** Whether colours that sRGB lacks are kept, with their profile. */
  readonly keepsProfile: boolean;
  readonly keepsGainMap: boolean;
  /** Whether creator and copyright notice are. */
  readonly keepsCredit: boolean;
}

/** The part of a plan that has nothing to do with sides. */
export interface Output {
  readonly format: OutputFormat;
  /** Whether every frame is kept, or the first alone. */
  readonly animated: boolean;
  /** Sigma in pixels of the answer. */
  readonly blur?: number;
  readonly sharpen?: number;
  /** Whether that is done before all else: sharp would blur a picture with its border, and frames into each other. */
  readonly softensApart: boolean;
  /** Laid over everything else. */
  readonly watermark?: Watermark;
  /** Whether the original has transparency that the format cannot hold. */
  readonly flatten: boolean;
  /** Whether the answer can be transparent anywhere. */
  readonly alpha: boolean;
  /** Behind what is transparent, and around what does not fill its box: `#rrggbb` or `#rrggbbaa`. */
  readonly background: string;
  /** What becomes of the original's profile: applied and left out, as sharp does it or by a detour; or kept, colours as they are. */
  readonly profile: 'applied' | 'applied-in-two' | 'kept';
  /** Whether the original's gain map is scaled beside it. */
  readonly keepsGainMap: boolean;
  readonly keepsCredit: boolean;
  /** Settings for sharp's encoder. */
  readonly encoder: Readonly<Record<string, string | number | boolean>>;
}

/** What an answer is made of: its format, whether it is animated, what is laid over it. */
export type Made = Pick<Output, 'format' | 'animated' | 'watermark'>;

export function outputOf(options: Options, facts: ImageFacts, made: Made, keeping: Keeping): Output {
  const { format, animated } = made;
  const hasGround = options.pad !== undefined || options.fit === 'contain';
  const background = backgroundOf(format, options);
  const softening = softeningOf(options);
  const softensApart = Object.keys(softening).length > 0 && (animated || hasGround);
  return {
    ...made,
    ...softening,
    softensApart,
    flatten: facts.alpha && !FORMATS[format].alpha,
    alpha: FORMATS[format].alpha && (facts.alpha || (hasGround && background.length > '#rrggbb'.length)),
    background,
    profile: profileOf(facts, format, keeping.keepsProfile && !softensApart),
    keepsGainMap: keeping.keepsGainMap && canKeepGainMap(options, facts, made) && !softensApart,
    keepsCredit: keeping.keepsCredit,
    encoder: encoderOf(format, options),
  };
}

function softeningOf({ blur, sharpen }: Options): Pick<Output, 'blur' | 'sharpen'> {
  return { ...(blur !== undefined && { blur }), ...(sharpen !== undefined && { sharpen }) };
}

function profileOf(facts: ImageFacts, format: OutputFormat, isKept: boolean): Output['profile'] {
  if (isKept && facts.wideGamut && FORMATS[format].profile) return 'kept';
  return facts.deepProfile ? 'applied-in-two' : 'applied';
}

/** sharp scales a gain map with its picture, and knows how to cut, turn and blur it; not how to look for a part of it. */
function canKeepGainMap({ trim, pos }: Options, { format, gainMap }: ImageFacts, made: Made): boolean {
  const isJpeg = format === 'jpeg' && made.format === 'jpeg';
  return gainMap && isJpeg && trim === undefined && strategyOf(pos) === undefined && !made.watermark;
}

function encoderOf(format: OutputFormat, { q, colors }: Options): Output['encoder'] {
  const { encoder } = FORMATS[format];
  return {
    ...encoder,
    ...(q !== undefined && 'quality' in encoder && { quality: q }),
    ...(colors !== undefined && PALETTES[format]?.(colors)),
  };
}

/** Encoder settings for a palette, of the formats that have one. */
const PALETTES: Partial<Record<OutputFormat, (colours: number) => Output['encoder']>> = {
  png: (colours) => ({ palette: true, colours }),
  gif: (colours) => ({ colours }),
};

function backgroundOf(format: OutputFormat, { bg }: Options): string {
  if (FORMATS[format].alpha) return `#${bg ?? '00000000'}`;
  return `#${bg?.slice(0, 6) ?? 'ffffff'}`;
}
