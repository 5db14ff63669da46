/**
 * One row per format: what it is called, how its bytes begin, what it can hold and how it is written. Plain data and plain
 * functions without imports, so that the rows also serve at a CDN's edge and in a browser.
 */

/** Bytes at the start of an object that are enough to tell every format of the table. */
export const SNIFF_BYTES = 4096;

interface FormatRow {
  readonly mime: string;
  /** Whether the bytes, at least `SNIFF_BYTES` of them or the whole object, begin as this format does. */
  readonly sniff: (head: Uint8Array) => boolean;
  readonly alpha: boolean;
  readonly animated: boolean;
  /** Whether it can say what its colours mean by a profile. */
  readonly profile: boolean;
  /** The longest side that its encoder writes, in pixels; for JPEG and AVIF less than the format could store. */
  readonly maxSide: number;
  /** Whether a URL may ask for it; TIFF is written only for those who come from a service that did. */
  readonly offered: boolean;
  /** Encoder settings as sharp names them; absent for formats that are only read. Reasons: docs/decisions.md. */
  readonly encoder?: Readonly<Record<string, string | number | boolean>>;
}

export const FORMATS = {
  jpeg: {
    mime: 'image/jpeg',
    sniff: (head) => begins(head, 0, [0xff, 0xd8, 0xff]),
    alpha: false,
    animated: false,
    profile: true,
    maxSide: 65_500,
    offered: true,
    encoder: { quality: 75, quantisationTable: 3, chromaSubsampling: '4:2:0', progressive: false },
  },
  png: {
    mime: 'image/png',
    sniff: (head) => begins(head, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 2_147_483_647,
    offered: true,
    encoder: { compressionLevel: 6, adaptiveFiltering: true, palette: false },
  },
  webp: {
    mime: 'image/webp',
    sniff: (head) => beginsText(head, 0, 'RIFF') && beginsText(head, 8, 'WEBP'),
    alpha: true,
    animated: true,
    profile: true,
    maxSide: 16_383,
    offered: true,
    encoder: { quality: 80, effort: 4 },
  },
  avif: {
    mime: 'image/avif',
    sniff: (head) => isAvif(isoBrands(head)),
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 16_384,
    offered: true,
    encoder: { quality: 60, effort: 2, chromaSubsampling: '4:2:0' },
  },
  gif: {
    mime: 'image/gif',
    sniff: (head) => beginsText(head, 0, 'GIF87a') || beginsText(head, 0, 'GIF89a'),
    alpha: true,
    animated: true,
    profile: false,
    maxSide: 65_535,
    offered: true,
    encoder: { effort: 4 },
  },
  tiff: {
    mime: 'image/tiff',
    sniff: (head) => TIFF_MAGICS.some((magic) => begins(head, 0, magic)),
    alpha: true,
    animated: false,
    profile: true,
    maxSide: 65_535,
    offered: false,
    encoder: { compression: 'lzw', predictor: 'horizontal' },
  },
  svg: {
    mime: 'image/svg+xml',
    sniff: beginsSvg,
    alpha: true,
    animated: false,
    profile: false,
    maxSide: 0,
    offered: false,
  },
} as const satisfies Record<string, FormatRow>;

export type Format = keyof typeof FORMATS;
/** A format that variants are written in. */
export type OutputFormat = { [F in Format]: (typeof FORMATS)[F] extends { encoder: object } ? F : never }[Format];

/** The quality a format is written with when none is asked for; undefined for formats that take none. */
export function defaultQuality(format: OutputFormat): number | undefined {
  const encoder: Readonly<Record<string, unknown>> = FORMATS[format].encoder;
  return typeof encoder.quality === 'number' ? encoder.quality : undefined;
}

/** The format by the first bytes, never by a name or a stored type; undefined when it is none of the table. */
export function sniffFormat(head: Uint8Array): Format | undefined {
  for (const format of Object.keys(FORMATS) as Format[]) {
    if (FORMATS[format].sniff(head)) return format;
  }
  return undefined;
}

const TIFF_MAGICS = [
  [0x49, 0x49, 0x2a, 0x00],
  [0x4d, 0x4d, 0x00, 0x2a],
  [0x49, 0x49, 0x2b, 0x00],
  [0x4d, 0x4d, 0x00, 0x2b],
];

/** What may stand before `<svg`: how it opens and what closes it. */
const MARKUP_PROLOGUE = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!doctype', '>'],
] as const;

/** Whether markup begins with an svg element. Each character is looked at once: a pattern would backtrack on bad input. */
function beginsSvg(head: Uint8Array): boolean {
  const text = markupOf(head).toLowerCase();
  let at = skipSpace(text, 0);
  for (let opened = prologueAt(text, at); opened; opened = prologueAt(text, at)) {
    const end = opened[0] === '<!doctype' ? doctypeEnd(text, at) : text.indexOf(opened[1], at + opened[0].length);
    if (end < 0) return false;
    at = skipSpace(text, end + opened[1].length);
  }
  return text.startsWith('<svg', at) && /[\s/>]/.test(text.charAt(at + 4));
}

function prologueAt(text: string, at: number): readonly [string, string] | undefined {
  return MARKUP_PROLOGUE.find(([open]) => text.startsWith(open, at));
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}

/** Where a doctype closes: after its internal subset, when it has one. */
function doctypeEnd(text: string, at: number): number {
  const close = text.indexOf('>', at);
  const subset = text.indexOf('[', at);
  if (subset < 0 || subset > close) return close;
  const subsetEnd = text.indexOf(']', subset);
  return subsetEnd < 0 ? -1 : text.indexOf('>', subsetEnd);
}

/** The head as text when it may be markup, else nothing: its first visible byte decides. */
function markupOf(head: Uint8Array): string {
  const start = begins(head, 0, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  const first = head.subarray(start).find((byte) => byte > 0x20);
  return first === 0x3c ? latin1(head, start, SNIFF_BYTES) : '';
}

function begins(head: Uint8Array, offset: number, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[offset + index] === byte);
}

function beginsText(head: Uint8Array, offset: number, text: string): boolean {
  return latin1(head, offset, offset + text.length) === text;
}

/**
 * Also among the compatible brands: HEIC has the same container and not this brand. What says first of all that it is a sequence,
 * libvips does not take for a picture, though it may hold one.
 */
function isAvif(brands: readonly string[]): boolean {
  return brands.includes('avif') && brands[0] !== 'avis';
}

/** Major and compatible brands of an ISO base media file (ISO/IEC 14496-12, 4.3); none when it is not one. */
function isoBrands(head: Uint8Array): readonly string[] {
  if (!beginsText(head, 4, 'ftyp')) return [];
  const end = Math.min(head.length, new DataView(head.buffer, head.byteOffset).getUint32(0));
  const brands = [latin1(head, 8, 12)];
  for (let offset = 16; offset + 4 <= end; offset += 4) brands.push(latin1(head, offset, offset + 4));
  return brands;
}

function latin1(head: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...head.subarray(from, to));
}
