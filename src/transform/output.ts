import { FORMATS, type OutputFormat } from '../formats.ts';
import type { Options } from '../request/options.ts';
import { strategyOf } from '../request/position.ts';
import { backgroundOf, isOpaque, type Workspace, workspaceOf } from './colour.ts';
import type { ImageFacts } from './facts.ts';
import { turnOf } from './turn.ts';
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
  /**
   * Whether that is done before all else, one after the other: sharp would blur a picture with its border, and frames into each
   * other; and to sharpen what it blurs, it blurs most of it over and over: 10.7 s for 16.7 MP, 3.1 s in two passes.
   */
  readonly softensApart: boolean;
  /** Laid over everything else. */
  readonly watermark?: Watermark;
  /** Whether the original has transparency that the format cannot hold. */
  readonly flatten: boolean;
  /** Whether the answer can be transparent anywhere. */
  readonly alpha: boolean;
  /** Behind what is transparent, and around what does not fill its box: `#rrggbb` or `#rrggbbaa`. */
  readonly background: string;
  /** Whether the original's profile is kept, and its colours as they are; otherwise it is applied and left out. */
  readonly keepsProfile: boolean;
  /** What pixels are brought to before anything is done to them, where sharp would take a wrong way. */
  readonly workspace?: Workspace;
  /** Whether the original's gain map is scaled beside it. */
  readonly keepsGainMap: boolean;
  readonly keepsCredit: boolean;
  /** Settings for sharp's encoder. */
  readonly encoder: Readonly<Record<string, string | number | boolean>>;
}

/** What an answer is made of: its format, whether it is animated, what is laid over it. */
export type Made = Pick<Output, 'format' | 'animated' | 'watermark'>;

/** `pixels` are those of one frame. */
export function outputOf(
  options: Options,
  facts: ImageFacts,
  { pixels, ...made }: Made & { readonly pixels: number },
  keeping: Keeping,
): Output {
  const { format, animated } = made;
  const { hasGround, ...ground } = groundOf(options, facts, format);
  const softening = softeningOf(options);
  const softensApart = isSoftenedApart(softening, animated || hasGround);
  // Pixels that are softened apart come out of it without a profile.
  const keepsProfile = keeping.keepsProfile && facts.wideGamut && FORMATS[format].profile && !softensApart;
  const workspace = workspaceOf(facts, keepsProfile, hasGround || ground.flatten ? ground.background : undefined);
  return {
    ...made,
    ...softening,
    softensApart,
    ...ground,
    keepsProfile,
    ...(workspace && { workspace }),
    keepsGainMap: keeping.keepsGainMap && canKeepGainMap(options, facts, made) && !softensApart,
    keepsCredit: keeping.keepsCredit,
    encoder: encoderOf(options, format, { hasGround, alpha: ground.alpha, isLarge: pixels > LARGE_PIXELS }),
  };
}

/** What lies behind a picture, and whether it can be seen beside it. */
function groundOf(options: Options, facts: ImageFacts, format: OutputFormat) {
  const { alpha } = FORMATS[format];
  const hasGround = options.pad !== undefined || options.fit === 'contain';
  const flatten = facts.alpha && !alpha;
  // Where nothing of it is seen, one colour is as good as another.
  const background = backgroundOf(format, hasGround || flatten ? options : {});
  return {
    hasGround,
    background,
    flatten,
    alpha: alpha && (facts.alpha || (hasGround && !isOpaque(background))),
  };
}

function softeningOf({ blur, sharpen }: Options): Pick<Output, 'blur' | 'sharpen'> {
  return { ...(blur !== undefined && { blur }), ...(sharpen !== undefined && { sharpen }) };
}

/**
 * sharp scales a gain map with its picture, and knows how to cut, mirror and sharpen it; not how to look for a part of it. Where it
 * copies pixels, to turn or to blur them, it decodes the gain map from memory that went with the copied ones: 0.35.5 fails or worse.
 */
function canKeepGainMap(
  { trim, pos, blur, ...options }: Options,
  { format, gainMapPixels }: ImageFacts,
  made: Made,
): boolean {
  const isJpeg = format === 'jpeg' && made.format === 'jpeg';
  const isSought = trim !== undefined || strategyOf(pos) !== undefined;
  const isCopied = blur !== undefined || turnOf(options).angle !== 0;
  return gainMapPixels > 0 && isJpeg && !isSought && !isCopied && !made.watermark;
}

function isSoftenedApart({ blur, sharpen }: Pick<Output, 'blur' | 'sharpen'>, isPart: boolean): boolean {
  const [isBlurred, isSharpened] = [blur !== undefined, sharpen !== undefined];
  return (isPart && (isBlurred || isSharpened)) || (isBlurred && isSharpened);
}

interface Writing {
  readonly hasGround: boolean;
  readonly alpha: boolean;
  readonly isLarge: boolean;
}

/** An answer of more pixels is written with less trouble, where an encoder can take less; up to there `auto` chooses AVIF. */
const LARGE_PIXELS = 4_000_000;
/** Of 16.7 MP, a photograph takes 0.7 s instead of 2.7; at quality 100, 1.6 instead of 5.7. It has some 3 % more bytes. */
const LARGE_AVIF = { effort: 0 };
/** 3.6 s instead of 6.3, for a fifth more bytes. */
const LARGE_PALETTE = { effort: 1 };

function encoderOf({ q, colors }: Options, format: OutputFormat, writing: Writing): Output['encoder'] {
  const { encoder } = FORMATS[format];
  const { hasGround, alpha, isLarge } = writing;
  return {
    ...encoder,
    ...(format === 'avif' && isLarge && LARGE_AVIF),
    ...(q !== undefined && 'quality' in encoder && { quality: q }),
    ...(colors !== undefined && PALETTES[format]?.(colors, isLarge)),
    // With half as many colours as pixels, those of what is clear reach into the edge of what is not.
    ...(format === 'avif' && alpha && { chromaSubsampling: '4:4:4' }),
    // The original's own palette has no colour for what is added.
    ...(format === 'gif' && hasGround && { reuse: false }),
  };
}

/** Encoder settings for a palette, of the formats that have one. */
const PALETTES: Partial<Record<OutputFormat, (colours: number, isLarge: boolean) => Output['encoder']>> = {
  png: (colours, isLarge) => ({ palette: true, colours, ...(isLarge && LARGE_PALETTE) }),
  gif: (colours) => ({ colours }),
};
