import sharp, { type Metadata } from 'sharp';
import { FORMATS, type Format } from '../formats.ts';
import { refuseAvifWork } from './avif-work.ts';
import { gainMapPixels } from './gain-map.ts';
import { refusePackedText } from './packed-text.ts';
import { countScans, MAX_SCANS } from './scans.ts';
import { sharpError } from './sharp-error.ts';

/** What a picture's header says, without its pixels. */
export interface ImageFacts {
  readonly format: Format;
  /** Sides of one frame in pixels, upright: after the orientation its metadata asks for. */
  readonly width: number;
  readonly height: number;
  /** Frames that can be kept: 1 for an animation that has to be turned, which libvips would do to all frames at once. */
  readonly frames: number;
  /** Of one pixel as the decoder puts it out: 1 for 8 bits of grey, 8 for 16 bits of colour and alpha, more in a TIFF of floats. */
  readonly bytesPerPixel: number;
  readonly alpha: boolean;
  /** A progressive JPEG is held whole in memory, at whatever scale it is decoded. */
  readonly progressive: boolean;
  /** Of a progressive JPEG: how often its decoder goes over all of it, counted up to one more than are allowed. Else 1. */
  readonly scans: number;
  /** Whether its profile may have colours that sRGB has not. */
  readonly wideGamut: boolean;
  /** Whether it has a profile and 16 bits a channel. */
  readonly deepProfile: boolean;
  /** Whether it has no colours: one channel, besides alpha. */
  readonly grey: boolean;
  /**
   * Pixels of what tells how to brighten it for screens that can show more; none where that cannot be kept, or the picture has to be turned
   * upright. Known only where it is kept.
   */
  readonly gainMapPixels: number;
}

/**
 * Reads the header of a picture whose first bytes are those of `format`. Without a pixel limit of sharp's own: nothing is
 * decoded here, and the caller judges the size with a message that says so.
 */
export async function readFacts(bytes: Uint8Array, format: ImageFacts['format']): Promise<ImageFacts> {
  refuseHidden(bytes, format);
  const metadata = await metadataOf(bytes);
  const { width, height } = metadata.autoOrient;
  return {
    format,
    width,
    height,
    frames: FORMATS[format].animated && !isTurned(metadata) ? (metadata.pages ?? 1) : 1,
    bytesPerPixel: metadata.channels * BYTES[metadata.depth],
    alpha: metadata.hasAlpha,
    progressive: metadata.isProgressive,
    scans: format === 'jpeg' && metadata.isProgressive ? countScans(bytes, MAX_SCANS) : 1,
    wideGamut: metadata.icc !== undefined && isWide(metadata.icc),
    deepProfile: metadata.icc !== undefined && ['rgb16', 'grey16'].includes(metadata.space),
    grey: ['b-w', 'grey16'].includes(metadata.space),
    gainMapPixels: metadata.gainMap && !isTurned(metadata) ? gainMapPixels(metadata.gainMap.image, width * height) : 0,
  };
}

/** What libvips would not tell, or do on the way. */
function refuseHidden(bytes: Uint8Array, format: Format): void {
  if (format === 'png') refusePackedText(bytes);
  if (format === 'avif') refuseAvifWork(bytes);
}

/** Bytes of one channel, by what libvips calls its depth. */
const BYTES: Readonly<Record<Metadata['depth'], number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  complex: 8,
  double: 8,
  dpcomplex: 16,
};

/** Upside down or on its side; EXIF orientation 2 alone is a mirror image that keeps rows where they are. */
function isTurned({ orientation = 1 }: Metadata): boolean {
  return orientation > 2;
}

/**
 * Of a profile that is looked at for a name: those with tables have up to 2 MB, and their names at the start; as text, 25 MB of it took
 * 1.3 s.
 */
const PROFILE_BYTES = 1_000_000;
/** As a profile writes it: one byte a letter, or two. */
const SRGB_NAMES = ['sRGB', 's\0R\0G\0B'].map((name) => Buffer.from(name, 'latin1'));

/** Of RGB (ICC.1, 7.2.6: the colour space at byte 16) and of another name than sRGB. */
function isWide(profile: Buffer): boolean {
  const start = profile.subarray(0, PROFILE_BYTES);
  return start.toString('latin1', 16, 20) === 'RGB ' && !SRGB_NAMES.some((name) => start.includes(name));
}

async function metadataOf(bytes: Uint8Array): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata();
  } catch (error) {
    throw sharpError(error);
  }
}
