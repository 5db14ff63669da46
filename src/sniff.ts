import type { Format } from './formats.ts';

/** Bytes at the start of an object that are enough to tell every format of the table. */
export const SNIFF_BYTES = 4096;

/** Whether the bytes, at least `SNIFF_BYTES` of them or the whole object, begin as a format does. */
export const SIGNATURES: Readonly<Record<Format, (head: Uint8Array) => boolean>> = {
  jpeg: (head) => begins(head, 0, [0xff, 0xd8, 0xff]),
  png: (head) => begins(head, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  webp: (head) => beginsText(head, 0, 'RIFF') && beginsText(head, 8, 'WEBP'),
  avif: (head) => isAvif(isoBrands(head)),
  gif: (head) => beginsText(head, 0, 'GIF87a') || beginsText(head, 0, 'GIF89a'),
  tiff: (head) => TIFF_MAGICS.some((magic) => begins(head, 0, magic)),
  svg: beginsSvg,
};

/** The format by the first bytes, never by a name or a stored type; undefined when it is none of the table. */
export function sniffFormat(head: Uint8Array): Format | undefined {
  return (Object.keys(SIGNATURES) as Format[]).find((format) => SIGNATURES[format](head));
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
