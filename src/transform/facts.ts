import sharp, { type Metadata } from 'sharp';
import { FORMATS, type Format } from '../formats.ts';
import { sharpError } from './sharp-error.ts';

/** What a picture's header says, without its pixels. */
export interface ImageFacts {
  readonly format: Format;
  /** Sides of one frame in pixels, upright: after the orientation its metadata asks for. */
  readonly width: number;
  readonly height: number;
  /** Frames that can be kept: 1 for an animation that has to be turned, which libvips would do to all frames at once. */
  readonly frames: number;
  readonly alpha: boolean;
  /** A progressive JPEG is held whole in memory, at whatever scale it is decoded. */
  readonly progressive: boolean;
}

/**
 * Reads the header of a picture whose first bytes are those of `format`. Without a pixel limit of sharp's own: nothing is
 * decoded here, and the caller judges the size with a message that says so.
 */
export async function readFacts(bytes: Uint8Array, format: ImageFacts['format']): Promise<ImageFacts> {
  const metadata = await metadataOf(bytes);
  const { width, height } = metadata.autoOrient;
  return {
    format,
    width,
    height,
    frames: FORMATS[format].animated && !isTurned(metadata) ? (metadata.pages ?? 1) : 1,
    alpha: metadata.hasAlpha,
    progressive: metadata.isProgressive,
  };
}

/** Upside down or on its side; EXIF orientation 2 alone is a mirror image that keeps rows where they are. */
function isTurned({ orientation = 1 }: Metadata): boolean {
  return orientation > 2;
}

async function metadataOf(bytes: Uint8Array): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata();
  } catch (error) {
    throw sharpError(error);
  }
}
