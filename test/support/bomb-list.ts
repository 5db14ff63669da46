import { av1Frame, avifOf, gridOf } from './avif-items.ts';
import {
  avifBomb,
  type Claim,
  gifFrames,
  jpegBomb,
  jpegScans,
  LARGE,
  LARGEST_WEBP,
  pngBomb,
  pngText,
  tiffBomb,
  webpBomb,
  webpFrames,
} from './bombs.ts';

export interface Bomb {
  readonly name: string;
  readonly bytes: Buffer;
  /** Of the answer to who asks for a part of it as PNG. */
  readonly code: 'too_many_pixels' | 'too_complex' | 'corrupt_image';
}

/** One of each kind: what a header claims, where nothing of it is there. */
export async function bombs(): Promise<readonly Bomb[]> {
  const bomb = (name: string, bytes: Buffer, code: Bomb['code'] = 'too_many_pixels') => ({ name, bytes, code });
  return [
    bomb('a.png', pngBomb(LARGE)),
    bomb('one-bit.png', pngBomb({ width: 16_000, height: 16_000, depth: 1, colour: 'grey' })),
    bomb('deep.png', pngBomb({ width: 12_000, height: 12_000, depth: 16, colour: 'rgba' })),
    bomb('overflow.png', pngBomb({ width: 65_536, height: 65_536 })),
    bomb('endless.png', pngBomb({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }), 'corrupt_image'),
    bomb(
      'texts.png',
      pngBomb({ width: 1, height: 1, before: Array<Buffer>(50).fill(pngText(7_900_000)) }),
      'too_complex',
    ),
    bomb('a.jpg', jpegBomb(LARGE)),
    bomb('scans.jpg', jpegScans(2600, { width: 7000, height: 7000 }), 'too_complex'),
    // libvips itself draws the line at 16,383 a side.
    bomb('a.webp', webpBomb(LARGEST_WEBP), 'corrupt_image'),
    bomb('wide.webp', webpBomb({ width: 16_383, height: 16_383 })),
    bomb('frames.webp', webpFrames(100, LARGE), 'corrupt_image'),
    bomb('a.gif', gifFrames(1, { width: 65_535, height: 65_535 })),
    bomb('frames.gif', gifFrames(401, { width: 8000, height: 8000 })),
    bomb('a.tif', tiffBomb(LARGE)),
    bomb('a.avif', await avifBomb(LARGE)),
    bomb('frames.avif', await avifFrames(200, { width: 5000, height: 4000 }), 'too_complex'),
    bomb('tiles.avif', await avifTiles(5, 6, { width: 5000, height: 4000 }), 'too_complex'),
    bomb('wide.avif', await avifBomb({ width: 17_000, height: 17_000 })),
  ];
}

/** A still of so many frames. */
async function avifFrames(frames: number, { width, height }: Claim): Promise<Buffer> {
  return avifOf([{ data: Buffer.concat(Array<Buffer>(frames).fill(await av1Frame(16))), sides: [width, height] }]);
}

/** A picture that is hardly larger than one tile, of which there are so many: all the same. */
async function avifTiles(rows: number, columns: number, { width, height }: Claim): Promise<Buffer> {
  const sides = [width + 1, height + 1] as const;
  const parts = Array<number>(rows * columns).fill(1);
  return avifOf([
    { data: await av1Frame(16), sides: [width, height] },
    { type: 'grid', data: gridOf(rows, columns, sides), sides, parts },
  ]);
}
