import type { OptionName } from './options.ts';

interface OptionText {
  /** What a value must be, completing "expected …". */
  readonly expected: string;
  /** For documents: what the option does. */
  readonly doc: string;
  /** For documents: what holds when the option is absent. */
  readonly default: string;
}

/** What is said of each option, apart from what is done with it: at a CDN's edge and in a page there is nobody to say it to. */
export const OPTION_TEXTS: { readonly [N in OptionName]-?: OptionText } = {
  w: {
    expected: 'a decimal number of at least 1',
    doc: 'Width of the box in CSS pixels; rounded, and clamped to `MAX_WIDTH`, both sides in proportion.',
    default: 'follows from `h`, in proportion',
  },
  h: {
    expected: 'a decimal number of at least 1',
    doc: 'Height of the box in CSS pixels; rounded, and clamped to `MAX_HEIGHT`, both sides in proportion.',
    default: 'follows from `w`, in proportion',
  },
  crop: {
    expected: 'x,y,width,height of what is cut out first: parts of the sides with a point, else pixels',
    doc: 'A region that is cut out of the upright original before anything else; what of it lies outside is left out.',
    default: 'all of it',
  },
  rot: {
    expected: 'one of 90, 180, 270',
    doc: 'Turns the upright picture clockwise, after `crop`; of an animation the first frame.',
    default: 'none',
  },
  flip: {
    expected: 'one of h, v, hv',
    doc: 'Mirrors it after `rot`: left to right (`h`), upside down (`v`) or both; upside down, of an animation the first frame.',
    default: 'none',
  },
  trim: {
    expected: 'a whole number from 0 to 255',
    doc: 'Cuts off a border of one colour, that of the upper left corner after `crop`, `rot` and `flip`; the number is how much the colour may differ. What is all border stays whole; of an animation the first frame.',
    default: 'none',
  },
  fit: {
    expected: 'one of cover, contain, fill, inside, outside',
    doc: 'How a box of `w` and `h` is filled: cut to it (`cover`), padded to it (`contain`), distorted (`fill`), or kept whole, not larger (`inside`) or not smaller (`outside`) than it.',
    default: '`cover`',
  },
  pos: {
    expected: 'centre, top, right top, right, …, entropy, attention, or a focal point such as 0.3,0.5',
    doc: 'What `cover` keeps, and where `contain` puts the picture: a side, a corner, or a focal point in fractions of the sides. `cover` can also look for the busiest part (`entropy`) or the one that draws the eye (`attention`); of an animation in the first frame, which is all that is kept.',
    default: '`centre`',
  },
  dpr: {
    expected: 'a decimal number from 0.5 to 4',
    doc: 'Device pixel ratio: `w` and `h` are multiplied by it.',
    default: '1',
  },
  enlarge: {
    expected: '0 or 1',
    doc: 'Whether a picture may become larger than its original; with `0` the box shrinks in its own shape, and `contain` pads.',
    default: '1',
  },
  blur: {
    expected: 'a decimal number from 0.3 to 100',
    doc: 'Blurs the picture: sigma in pixels of the result, rounded to tenths.',
    default: 'none',
  },
  sharpen: {
    expected: 'a decimal number from 0.5 to 10',
    doc: 'Sharpens the picture, after `blur`: sigma in pixels of the result, rounded to tenths.',
    default: 'none',
  },
  pad: {
    expected: 'top,right,bottom,left in whole CSS pixels, one of them above 0',
    doc: 'A border around the picture, multiplied by `dpr`; the picture shrinks where both together would exceed a limit.',
    default: 'none',
  },
  bg: {
    expected: 'a colour as 3, 4, 6 or 8 hexadecimal digits, or one of the basic names of CSS',
    doc: 'Colour behind what is transparent, where the format has no transparency, and of what `contain` and `pad` add.',
    default: 'white; where the format has transparency, none',
  },
  wm: {
    expected: 'the name of a watermark',
    doc: 'Lays a watermark of `WATERMARKS_FILE` over the picture and its border; ignored where there is none.',
    default: 'none',
  },
  preset: {
    expected: 'the name of a preset',
    doc: 'Stands for options by a name of `PRESETS_FILE`; what is given beside it comes first. Ignored where there is none.',
    default: 'none',
  },
  colors: {
    expected: 'a whole number from 2 to 256',
    doc: 'Colours of a palette at most, for PNG and GIF; other formats take none.',
    default: 'PNG: no palette; GIF: 256',
  },
  anim: {
    expected: '0 or 1',
    doc: 'Whether an animation stays one where the format can be one; with `0` its first frame.',
    default: '1',
  },
  f: {
    expected: 'one of jpeg, jpg, png, webp, avif, gif, auto',
    doc: 'Output format, in any case; `auto` picks the best one that the `Accept` header names.',
    default: "the original's; TIFF becomes JPEG, or PNG with alpha",
  },
  q: {
    expected: 'a whole number from 1 to 100',
    doc: 'Quality. PNG and GIF are lossless here and take none.',
    default: 'JPEG 75, WebP 80, AVIF 60',
  },
  dl: {
    expected: 'a file name of at most 128 characters, without slashes',
    doc: 'The answer is a download under this name; alone, the original is.',
    default: 'none: shown where it is asked for',
  },
  pending: {
    expected: 'what an upload was answered with',
    doc: 'Shows an upload that is not confirmed yet ([docs/uploads.md](docs/uploads.md)); once it is, this changes nothing. Ignored where there are no uploads.',
    default: 'none',
  },
  exp: {
    expected: 'a time in whole seconds since 1970',
    doc: 'When a signed URL ends: from then on it is a 403, and no answer to it is kept for longer.',
    default: 'never',
  },
  kid: {
    expected: 'the id of a signing key',
    doc: 'The key of `SIGNING_KEYS` that the URL is signed with.',
    default: 'any of them',
  },
  sig: {
    expected: 'a signature',
    doc: 'Signature of the path and of all options ([docs/signing.md](docs/signing.md)); ignored, like `exp` and `kid`, where none is required.',
    default: 'none',
  },
};
