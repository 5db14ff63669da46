import type { Format } from '../formats.ts';
import { SIGNATURES, SNIFF_BYTES } from '../sniff.ts';

interface UploadTypeRow {
  /** Of the key, which is made before there are bytes. */
  readonly extension: string;
  /** What the decoder can say more of; undefined where only the first bytes are looked at. */
  readonly format: Format | undefined;
  /** Whether bytes, `SNIFF_BYTES` of them or all there are, begin so. */
  readonly sniff: (head: Uint8Array) => boolean;
}

/** A file of boxes (ISO/IEC 14496-12, 4.3) whose first brand is one of those. */
const MP4 = /^....ftyp(?:iso[2-9m]|mp4[12]|avc1|M4V[ P]|dash|MSNV)/s;
const QUICKTIME = /^....ftypqt {2}/s;
/** How EBML begins (RFC 8794, 11.2.1), and what WebM is called there, among the first elements. */
const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]).toString('latin1');
const WEBM = /^.{4,64}B\x82[\x80-\xff]webm/s;

/**
 * What can be uploaded, by media type; an operator chooses of these. Not SVG, which is a document with scripts in it to whoever opens it
 * alone, nor anything else that a browser runs.
 */
export const UPLOAD_TYPES = {
  'image/jpeg': { extension: 'jpg', format: 'jpeg', sniff: SIGNATURES.jpeg },
  'image/png': { extension: 'png', format: 'png', sniff: SIGNATURES.png },
  'image/webp': { extension: 'webp', format: 'webp', sniff: SIGNATURES.webp },
  'image/avif': { extension: 'avif', format: 'avif', sniff: SIGNATURES.avif },
  'image/gif': { extension: 'gif', format: 'gif', sniff: SIGNATURES.gif },
  'image/tiff': { extension: 'tif', format: 'tiff', sniff: SIGNATURES.tiff },
  'video/mp4': { extension: 'mp4', format: undefined, sniff: (head) => MP4.test(textOf(head)) },
  'video/quicktime': { extension: 'mov', format: undefined, sniff: (head) => QUICKTIME.test(textOf(head)) },
  'video/webm': {
    extension: 'webm',
    format: undefined,
    sniff: (head) => textOf(head).startsWith(EBML) && WEBM.test(textOf(head)),
  },
  'application/pdf': { extension: 'pdf', format: undefined, sniff: (head) => textOf(head).startsWith('%PDF-') },
} as const satisfies Record<string, UploadTypeRow>;

export type UploadType = keyof typeof UPLOAD_TYPES;

export function isUploadType(text: string): text is UploadType {
  return Object.hasOwn(UPLOAD_TYPES, text);
}

/** As what a picture of the type is decoded; undefined for what is no picture. */
export function formatOf(type: UploadType): Format | undefined {
  return UPLOAD_TYPES[type].format;
}

/** The type by the first bytes; undefined when it is none of the table. */
export function sniffUploadType(head: Uint8Array): UploadType | undefined {
  return (Object.keys(UPLOAD_TYPES) as UploadType[]).find((type) => UPLOAD_TYPES[type].sniff(head));
}

function textOf(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SNIFF_BYTES)).toString('latin1');
}
