import sharp, { type Sharp } from 'sharp';
import { uint16, uint32 } from './big-endian.ts';
import { paint } from './pictures.ts';

type Place = readonly [x: number, y: number];
export type Corners = readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string];

/** The four quarters of a picture, each in a colour of its own, so that every way to turn it is another order of names. */
export const UPRIGHT: Corners = ['red', 'green', 'blue', 'white'];
export const COLOURS = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] } as const;

export const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Where a stored pixel is shown, by which sides row 0 and column 0 are (EXIF 2.32, 4.6.4, tag 0x0112); `right` and `bottom` are the last ones. */
const SHOWN_AT: readonly ((at: Place, last: Place) => Place)[] = [
  ([x, y]) => [x, y],
  ([x, y], [right]) => [right - x, y],
  ([x, y], [right, bottom]) => [right - x, bottom - y],
  ([x, y], [, bottom]) => [x, bottom - y],
  ([x, y]) => [y, x],
  ([x, y], [right]) => [right - y, x],
  ([x, y], [right, bottom]) => [right - y, bottom - x],
  ([x, y], [, bottom]) => [y, bottom - x],
];

/** The quarters in `width` x `height` pixels, as a camera stores them that was held in this orientation. */
export function storedAs(orientation: number, width: number, height: number): Sharp {
  const shownAt = SHOWN_AT[orientation - 1] ?? ((at: Place) => at);
  const [across, down] = orientation > 4 ? [height, width] : [width, height];
  return paint(across, down, (x, y) => {
    const [right, bottom] = shownAt([x, y], [width - 1, height - 1]);
    return quarterAt(right < width / 2, bottom < height / 2);
  });
}

function quarterAt(isLeft: boolean, isTop: boolean): readonly [number, number, number] {
  if (isTop) return isLeft ? COLOURS.red : COLOURS.green;
  return isLeft ? COLOURS.blue : COLOURS.white;
}

/** The names of the quarters of an encoded picture, or of one frame of it. */
export async function cornersOf(encoded: Uint8Array, page = 0): Promise<Corners> {
  const { data, info } = await sharp(encoded, { page }).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const nameAt = (right: number, down: number) => {
    const at = (Math.floor(info.height * down) * info.width + Math.floor(info.width * right)) * 4;
    return nameOf(data.subarray(at, at + 4));
  };
  return [nameAt(0.25, 0.25), nameAt(0.75, 0.25), nameAt(0.25, 0.75), nameAt(0.75, 0.75)];
}

function nameOf(found: Uint8Array): string {
  if (found[3] === 0) return 'clear';
  const names = Object.entries(COLOURS).filter(([, colour]) =>
    colour.every((level, channel) => Math.abs(level - (found[channel] ?? -1000)) < 60),
  );
  return names[0]?.[0] ?? `none: ${found.join()}`;
}

/** EXIF of one field, without the name that JPEG puts before it. */
export function exifOrientation(orientation: number): Buffer {
  const field = [uint16(1, 0x0112, 3), uint32(1), uint16(orientation, 0)];
  return Buffer.concat([Buffer.from('MM\0*', 'latin1'), uint32(8), ...field, uint32(0)]);
}

/** As an AVIF says it: counter-clockwise quarter turns first, then a mirror (MIAF, ISO/IEC 23000-22). */
export interface BoxTurn {
  readonly quarters: number;
  readonly mirror?: 'top with bottom' | 'left with right';
}

export function turnedBy({ quarters, mirror }: BoxTurn, corners: Corners): Corners {
  let [topLeft, topRight, bottomLeft, bottomRight] = corners;
  for (let turn = 0; turn < quarters; turn++) {
    [topLeft, topRight, bottomLeft, bottomRight] = [topRight, bottomRight, topLeft, bottomLeft];
  }
  if (mirror === undefined) return [topLeft, topRight, bottomLeft, bottomRight];
  if (mirror === 'left with right') return [topRight, topLeft, bottomRight, bottomLeft];
  return [bottomLeft, bottomRight, topLeft, topRight];
}

/** An AVIF whose boxes say one thing, and whose EXIF says another. */
export async function boxedAvif({ quarters, mirror }: BoxTurn, orientation: number): Promise<Buffer> {
  // Encoders write the boxes of an orientation that needs them: 6 is a turn, 5 a turn and a mirror.
  const written = mirror === undefined ? 6 : 5;
  const image = storedAs(1, 80, 40).withMetadata({ orientation: written });
  const encoded = await image.avif({ effort: 0, quality: 80 }).toBuffer();
  encoded[afterBytes(encoded, Buffer.from('irot', 'latin1'))] = quarters;
  if (mirror !== undefined) {
    encoded[afterBytes(encoded, Buffer.from('imir', 'latin1'))] = mirror === 'left with right' ? 1 : 0;
  }
  encoded[afterBytes(encoded, Buffer.from('1201030001000000', 'hex'))] = orientation;
  return encoded;
}

function afterBytes(encoded: Buffer, bytes: Buffer): number {
  const at = encoded.indexOf(bytes);
  if (at < 0) throw new Error(`The encoder wrote no ${bytes.toString('latin1')}.`);
  return at + bytes.length;
}
