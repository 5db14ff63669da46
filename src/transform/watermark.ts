import sharp from 'sharp';
import { anchorOf } from '../request/position.ts';
import type { Place, Region, Size } from './geometry.ts';

/** How a watermark is laid on, as an operator says it. */
export interface WatermarkSpec {
  /** Of an object in the source. */
  readonly key: string;
  /** As `pos` in canonical form, without strategies. */
  readonly pos: string;
  /** Of each side of the answer, the part that it may take at most. */
  readonly scale: number;
  /** 0 to 1. */
  readonly opacity: number;
  /** Space to the edges, as a part of the shorter side of the answer. */
  readonly margin: number;
}

/** A watermark with its picture, to be laid on whatever is drawn. */
export interface Watermark {
  /** Changes with every change of what is laid on. */
  readonly id: string;
  readonly spec: WatermarkSpec;
  /** A file in one of the formats that are read. */
  readonly picture: Uint8Array;
  /** Of the upright picture. */
  readonly size: Size;
}

/** Where a watermark lies in an answer, and how large it is there. */
export function placeWatermark({ spec, size }: Pick<Watermark, 'spec' | 'size'>, output: Size): Region {
  const scale = spec.scale * Math.min(output.width / size.width, output.height / size.height);
  const [width, height] = [Math.max(1, Math.round(size.width * scale)), Math.max(1, Math.round(size.height * scale))];
  const { x, y, isFocus } = anchorOf(spec.pos);
  const margin = isFocus ? 0 : Math.round(spec.margin * Math.min(output.width, output.height));
  const start = (outer: number, inner: number, at: number) => {
    const wanted = isFocus ? outer * at - inner / 2 : margin + (outer - inner - 2 * margin) * at;
    return Math.min(outer - inner, Math.max(0, Math.round(wanted)));
  };
  return { left: start(output.width, width, x), top: start(output.height, height, y), width, height };
}

/** What sharp lays over a picture. */
export interface Overlay extends Place {
  readonly input: Buffer;
  readonly raw: { readonly width: number; readonly height: number; readonly channels: 4 };
  /** Repeated over and over: the frames of an animation lie one below the other. */
  readonly tile: boolean;
}

/** Pixels of a watermark at most: its picture stays in memory, and is decoded for every answer it lies on. */
export const MAX_WATERMARK_PIXELS = 16_777_216;

/** A watermark at the size and with the opacity it has in an answer. */
export async function overlayOf(watermark: Watermark, output: Size, animated: boolean): Promise<Overlay> {
  const { width, height, ...place } = placeWatermark(watermark, output);
  const { opacity } = watermark.spec;
  const input = await sharp(watermark.picture, { failOn: 'error', limitInputPixels: MAX_WATERMARK_PIXELS })
    .resize(width, height, { fit: 'fill' })
    .autoOrient()
    .toColourspace('srgb')
    .ensureAlpha()
    .composite([{ input: veil(opacity), raw: { width: 1, height: 1, channels: 4 }, tile: true, blend: 'dest-in' }])
    .raw()
    .toBuffer();
  const overlay: Overlay = { input, raw: { width, height, channels: 4 }, ...place, tile: false };
  return animated ? await onFrame(overlay, output) : overlay;
}

/** A pixel that leaves so much of what it lies on. */
function veil(opacity: number): Buffer {
  return Buffer.from([0, 0, 0, Math.round(opacity * 255)]);
}

/** On an empty frame, which sharp then repeats down the strip of all frames. */
async function onFrame(overlay: Overlay, { width, height }: Size): Promise<Overlay> {
  const frame = { width, height, channels: 4 as const };
  const input = await sharp({ create: { ...frame, background: '#00000000' } })
    .composite([overlay])
    .raw()
    .toBuffer();
  return { input, raw: frame, left: 0, top: 0, tile: true };
}
