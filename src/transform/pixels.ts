import sharp, { type Raw, type Sharp } from 'sharp';

/** A picture that has been worked out: its pixels, and how they lie. */
export interface Pixels {
  readonly data: Buffer;
  readonly raw: Raw;
}

export async function pixelsOf(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, raw: { width: info.width, height: info.height, channels: info.channels } };
}

export function openPixels({ data, raw }: Pixels): Sharp {
  return sharp(data, { raw });
}
