/**
 * What is compared: one row per series, which is an encoder with everything but its quality fixed. `q` are the qualities of
 * the whole grid, `final` those that are measured again at more widths and with more pictures (`--final`).
 */

const JPEG = { chromaSubsampling: '4:2:0', progressive: false };
// The quantisation table that mozjpeg takes by default, without the rest of what it does.
const JPEG_3 = { ...JPEG, quantisationTable: 3 };
const WEBP = { effort: 4 };
const SMART = { smartSubsample: true };
const AVIF = { effort: 2, chromaSubsampling: '4:2:0' };

const FEW_JPEG = [65, 75, 85];
const FEW_WEBP = [70, 80, 90];
const FEW_AVIF = [50, 60, 70];
const FINAL_WEBP = [75, 80, 85];
const FINAL_AVIF = [50, 55, 60];

const LOSSY = [
  { format: 'jpeg', name: 'plain', options: JPEG, q: steps(60, 90), final: [70, 75, 80] },
  { format: 'jpeg', name: 'progressive', options: { ...JPEG, progressive: true }, q: [80] },
  { format: 'jpeg', name: 'fixed Huffman tables', options: { ...JPEG, optimiseCoding: false }, q: [80] },
  { format: 'jpeg', name: '4:4:4', options: { ...JPEG, chromaSubsampling: '4:4:4' }, q: FEW_JPEG },
  { format: 'jpeg', name: 'table 3', options: JPEG_3, q: FEW_JPEG, final: [70, 75, 80] },
  {
    format: 'jpeg',
    name: 'table 3, 4:4:4',
    options: { ...JPEG_3, chromaSubsampling: '4:4:4' },
    q: FEW_JPEG,
    final: [65, 70, 75],
  },
  { format: 'jpeg', name: 'trellis', options: { ...JPEG, trellisQuantisation: true }, q: FEW_JPEG },
  {
    format: 'jpeg',
    name: 'trellis, table 3',
    options: { ...JPEG_3, trellisQuantisation: true },
    q: FEW_JPEG,
  },
  { format: 'jpeg', name: 'mozjpeg', options: { chromaSubsampling: '4:2:0', mozjpeg: true }, q: steps(60, 90) },
  ...[2, 3, 5, 6].map((effort) => ({ format: 'webp', name: `effort ${effort}`, options: { effort }, q: FEW_WEBP })),
  { format: 'webp', name: 'effort 4', options: WEBP, q: steps(60, 90), final: FINAL_WEBP },
  { format: 'webp', name: 'effort 4, smart', options: { ...WEBP, ...SMART }, q: FEW_WEBP, final: FINAL_WEBP },
  { format: 'webp', name: 'effort 2, smart', options: { effort: 2, ...SMART }, q: FEW_WEBP, final: FINAL_WEBP },
  { format: 'webp', name: 'effort 6, smart', options: { effort: 6, ...SMART }, q: FEW_WEBP },
  ...[0, 1, 3, 4].map((effort) => ({
    format: 'avif',
    name: `effort ${effort}`,
    options: { ...AVIF, effort },
    q: FEW_AVIF,
  })),
  { format: 'avif', name: 'effort 2', options: AVIF, q: steps(35, 75), final: FINAL_AVIF },
  {
    format: 'avif',
    name: 'effort 2, 4:4:4',
    options: { ...AVIF, chromaSubsampling: '4:4:4' },
    q: FEW_AVIF,
    final: FINAL_AVIF,
  },
  { format: 'avif', name: 'effort 2, tune ssim', options: { ...AVIF, tune: 'ssim' }, q: FEW_AVIF },
  { format: 'avif', name: 'effort 2, tune psnr', options: { ...AVIF, tune: 'psnr' }, q: FEW_AVIF },
];

const OTHERS = [
  ...[6, 9].flatMap((compressionLevel) =>
    [true, false].map((adaptiveFiltering) => ({
      format: 'png',
      name: `level ${compressionLevel}, ${adaptiveFiltering ? 'adaptive' : 'no'} filters`,
      options: { compressionLevel, adaptiveFiltering, palette: false },
      lossless: true,
    })),
  ),
  ...[1, 4, 7, 10].map((effort) => ({ format: 'gif', name: `effort ${effort}`, options: { effort } })),
];

export const FORMATS = ['jpeg', 'webp', 'avif', 'png', 'gif'];

/** The settings of these formats, one for each quality of a series: `{ format, name, q, options, lossless }`. */
export function listSettings(formats, final) {
  const lossy = LOSSY.flatMap(({ options, q, final: fewer = [], ...series }) =>
    (final ? fewer : q).map((quality) => ({ ...series, q: quality, options: { ...options, quality } })),
  );
  return [...lossy, ...(final ? [] : OTHERS)].filter(({ format }) => formats.includes(format));
}

function steps(from, to) {
  return Array.from({ length: (to - from) / 5 + 1 }, (_, index) => from + 5 * index);
}
