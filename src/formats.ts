/**
 * One row per format: what it is called, what it can hold and how it is written; `sniff.ts` has how its bytes begin. Plain data without
 * imports, so that the rows also serve at a CDN's edge and in a browser.
 */

interface FormatRow {
  readonly mime: string;
  readonly alpha: boolean;
  readonly animated: boolean;
  /** Whether it can say what its colours mean by a profile. */
  readonly profile: boolean;
  /** The longest side that its encoder writes, in pixels; for JPEG and AVIF less than the format could store. */
  readonly maxSide: number;
  /** Encoder settings as sharp names them; absent for formats that are only read. Reasons: docs/decisions.md. */
  readonly encoder?: Readonly<Record<string, string | number | boolean>>;
}

// By names, as they are also part of what a URL means: a bundle that only reads URLs has these and not the table.
const JPEG_QUALITY = 75;
const WEBP_QUALITY = 80;
const AVIF_QUALITY = 60;
const QUALITIES: { readonly [F in OutputFormat]?: number } = {
  jpeg: JPEG_QUALITY,
  webp: WEBP_QUALITY,
  avif: AVIF_QUALITY,
};

/** What a URL may ask for; TIFF is written only for those who come from a service that did. */
export const OFFERED = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const;

export const FORMATS = {
  jpeg: {
    mime: 'image/jpeg',
    alpha: false,
    animated: false,
    profile: true,
    maxSide: 65_500,
    encoder: { quality: JPEG_QUALITY, quantisationTable: 3, chromaSubsampling: '4:2:0', progressive: false },
  },
  png: {
    mime: 'image/png',
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 2_147_483_647,
    encoder: { compressionLevel: 6, adaptiveFiltering: true, palette: false },
  },
  webp: {
    mime: 'image/webp',
    alpha: true,
    animated: true,
    profile: true,
    maxSide: 16_383,
    encoder: { quality: WEBP_QUALITY, effort: 4 },
  },
  avif: {
    mime: 'image/avif',
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 16_384,
    encoder: { quality: AVIF_QUALITY, effort: 2, chromaSubsampling: '4:2:0' },
  },
  gif: {
    mime: 'image/gif',
    alpha: true,
    animated: true,
    profile: false,
    maxSide: 65_535,
    encoder: { effort: 4 },
  },
  tiff: {
    mime: 'image/tiff',
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 65_535,
    encoder: { compression: 'lzw', predictor: 'horizontal' },
  },
  svg: {
    mime: 'image/svg+xml',
    alpha: true,
    animated: false,
    profile: false,
    maxSide: 0,
  },
} as const satisfies Record<string, FormatRow>;

export type Format = keyof typeof FORMATS;
/** A format that variants are written in. */
export type OutputFormat = { [F in Format]: (typeof FORMATS)[F] extends { encoder: object } ? F : never }[Format];

/** The quality a format is written with when none is asked for; undefined for formats that take none. */
export function defaultQuality(format: OutputFormat): number | undefined {
  return QUALITIES[format];
}
