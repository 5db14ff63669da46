import sharp from 'sharp';
import { uint16, uint32 } from './big-endian.ts';

type Tag = readonly [name: string, data: Buffer];
/** Levels of CIE Lab as a table of bytes has them: 255 is L 100, and 128 is the grey of a and b. */
export type LabBytes = readonly [l: number, a: number, b: number];

const HEADER_BYTES = 128;
/** The white of the profile connection space, D50, as s15Fixed16Number. */
const D50 = [0xf6d6, 0x10000, 0xd32d] as const;
const IDENTITY = Buffer.from(Array.from({ length: 256 }, (_, level) => level));

/** A profile that comes with sharp. */
export async function knownProfile(name: 'srgb' | 'p3' | 'cmyk'): Promise<Buffer> {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } });
  const tagged = (name === 'cmyk' ? image.toColourspace('cmyk') : image).withIccProfile(name).jpeg();
  return (await sharp(await tagged.toBuffer()).metadata()).icc ?? Buffer.alloc(0);
}

/** A profile of greys that are stored with an exponent of their own, put together by hand. */
export function greyProfile(gamma: number): Buffer {
  const curve = Buffer.concat([text('curv'), uint32(0, 1), uint16(Math.round(gamma * 256), 0)]);
  return profileOf('mntrGRAYXYZ ', [['kTRC', curve]]);
}

/** A profile of four inks: what paper shows where each of them is printed in full, or not at all. */
export function inkProfile(colourOf: (inks: readonly number[]) => LabBytes): Buffer {
  const corners = Array.from({ length: 16 }, (_, corner) => [
    corner >> 3,
    (corner >> 2) & 1,
    (corner >> 1) & 1,
    corner & 1,
  ]);
  const matrix = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000);
  const table = Buffer.concat([
    ...[text('mft1'), uint32(0), Buffer.of(4, 3, 2, 0), matrix],
    ...[IDENTITY, IDENTITY, IDENTITY, IDENTITY],
    Buffer.from(corners.flatMap(colourOf)),
    ...[IDENTITY, IDENTITY, IDENTITY],
  ]);
  return profileOf('prtrCMYKLab ', [['A2B0', table]]);
}

/** `what` is class, colours and connection space, four letters each. */
function profileOf(what: string, own: readonly Tag[]): Buffer {
  const tags: readonly Tag[] = [
    ['desc', described('made')],
    ['cprt', Buffer.concat([text('text'), uint32(0), text('none\0\0\0\0')])],
    ['wtpt', Buffer.concat([text('XYZ '), uint32(0, ...D50)])],
    ...own,
  ];
  const table = [uint32(tags.length)];
  let offset = HEADER_BYTES + 4 + tags.length * 12;
  for (const [name, data] of tags) {
    table.push(text(name), uint32(offset, data.length));
    offset += data.length;
  }
  return Buffer.concat([header(what, offset), ...table, ...tags.map(([, data]) => data)]);
}

function header(what: string, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(0x02400000, 8);
  bytes.write(what, 12, 'latin1');
  bytes.write('acsp', 36, 'latin1');
  uint32(...D50).copy(bytes, 68);
  return bytes;
}

/** A name in ASCII, whose other two alphabets are empty; tags begin at multiples of four. */
function described(name: string): Buffer {
  const ascii = text(`${name}\0`);
  const bytes = Buffer.concat([text('desc'), uint32(0, ascii.length), ascii, Buffer.alloc(78)]);
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
