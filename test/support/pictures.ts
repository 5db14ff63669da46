import { randomBytes } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';

type Rgb = readonly [number, number, number];

/** Pixels by arithmetic: a colour for each place, so that a test can say what it expects where. */
export function paint(width: number, height: number, colourAt: (x: number, y: number) => Rgb): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(colourAt(x, y), (y * width + x) * 3);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** Red left to right, green top to bottom: any turn, flip or shift shows. */
export function gradient(width: number, height: number): Sharp {
  const part = (at: number, length: number) => Math.round((255 * at) / Math.max(1, length - 1));
  return paint(width, height, (x, y) => [part(x, width), part(y, height), 128]);
}

/** Without any redundancy: the largest and slowest there is to encode. */
export function noise(width: number, height: number): Sharp {
  return sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });
}

export function jpeg(width = 400, height = 300): Promise<Buffer> {
  return gradient(width, height).jpeg({ quality: 90 }).toBuffer();
}

export function png(width = 400, height = 300): Promise<Buffer> {
  return gradient(width, height).png().toBuffer();
}

/** Left half opaque red, right half fully transparent. */
export async function transparentPng(width = 400, height = 300): Promise<Buffer> {
  const left = await paint(Math.ceil(width / 2), height, () => [255, 0, 0])
    .png()
    .toBuffer();
  const background = { r: 0, g: 0, b: 0, alpha: 0 };
  return await sharp({ create: { width, height, channels: 4, background } })
    .composite([{ input: left, left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** A JPEG stored turned, whose EXIF orientation says how to show it; upright it is `width` x `height` of `gradient`. */
export async function orientedJpeg(orientation: number, width = 400, height = 300): Promise<Buffer> {
  const upright = await gradient(width, height).png().toBuffer();
  const store = STORED_AS[orientation - 1] ?? ((image: Sharp) => image);
  const stored = await store(sharp(upright)).png().toBuffer();
  return await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
}

// The inverse of what EXIF 2.32, 4.6.4 (tag 0x0112) asks a viewer to do, one after the other for each of its eight values.
const STORED_AS: readonly ((image: Sharp) => Sharp)[] = [
  (image) => image,
  (image) => image.flop(),
  (image) => image.rotate(180),
  (image) => image.flip(),
  (image) => image.rotate(270).flop(),
  (image) => image.rotate(270),
  (image) => image.rotate(90).flop(),
  (image) => image.rotate(90),
];

/** An animation of plain frames, each in its own grey. */
export async function animation(format: 'gif' | 'webp', frames = 4, width = 60, height = 40): Promise<Buffer> {
  const shade = (frame: number) => Math.round((255 * (frame + 1)) / frames);
  const strip = paint(width, height * frames, (_x, y) => {
    const level = shade(Math.floor(y / height));
    return [level, level, level];
  });
  const raw = await strip.raw().toBuffer();
  const input = { width, height: height * frames, channels: 3, pageHeight: height } as const;
  const image = sharp(raw, { raw: input, animated: true });
  return await (format === 'gif' ? image.gif({ delay: 100, loop: 0 }) : image.webp({ delay: 100, loop: 0 })).toBuffer();
}

export const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10"/></svg>';

/** The colour at a place of an encoded picture, and its alpha when it has one. */
export async function colourAt(encoded: Uint8Array, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

/** Greatest difference of any channel of any pixel between two pictures of the same size. */
export async function distance(one: Uint8Array, other: Uint8Array): Promise<number> {
  const [a, b] = await Promise.all([one, other].map((encoded) => sharp(encoded).removeAlpha().raw().toBuffer()));
  if (a === undefined || b === undefined || a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? 0))), 0);
}

/** Of the picture that an answer has. */
export async function heightOf({ body }: { readonly body: Buffer }): Promise<number> {
  return (await sharp(body).metadata()).height;
}
