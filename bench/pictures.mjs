import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const HARBOUR = fileURLToPath(new URL('../samples/harbour.jpg', import.meta.url));
const ORIGINALS = 8;
const ORIGINAL = { width: 2048, height: 1365 };
const SMALL = { width: 96, height: 64 };
const JPEG = { quality: 85 };
/** Variants are 448 to 576 px wide, in an order that makes the first hundred as costly as the next. */
const WIDTHS = { first: 448, count: 129, step: 37 };

export const FORMAT_NAMES = ['jpeg', 'png', 'webp', 'avif'];

/** Eight JPEGs 2048 px wide in `<folder>/0`, parts of one scene, half of them mirrored; and a small one. */
export async function makeOriginals(folder) {
  mkdirSync(path.join(folder, '0'), { recursive: true });
  for (let index = 0; index < ORIGINALS; index++) {
    const part = { left: (index % 4) * 117, top: (index % 4) * 78, ...ORIGINAL };
    const image = sharp(HARBOUR)
      .extract(part)
      .flop(index >= 4);
    await image.jpeg(JPEG).toFile(path.join(folder, '0', `${index}.jpg`));
  }
  await makeSmallOriginal(folder);
}

async function makeSmallOriginal(folder) {
  const small = sharp(HARBOUR).resize(SMALL.width, SMALL.height);
  await small.jpeg(JPEG).toFile(path.join(folder, '0', 'small.jpg'));
}

/**
 * A list of `count` variants to make. Another series has the same pictures under other keys, so that nothing made before is
 * asked for again: its folder is a link to the one of the originals.
 */
export function listPictures(folder, series, count) {
  return Array.from({ length: count }, (_, index) => {
    const width = WIDTHS.first + ((index * WIDTHS.step) % WIDTHS.count);
    const link = `${series}-${Math.floor(index / (ORIGINALS * WIDTHS.count))}`;
    if (index % (ORIGINALS * WIDTHS.count) === 0) symlinkSync('0', path.join(folder, link));
    return {
      key: `${link}/${index % ORIGINALS}.jpg`,
      width,
      height: Math.round((ORIGINAL.height * width) / ORIGINAL.width),
    };
  });
}

/** A list of `count` variants so small that making one takes less than asking for it. */
export function listSmallPictures(folder, series, count) {
  return Array.from({ length: count }, (_, index) => {
    const link = `${series}-${Math.floor(index / SMALL.width)}`;
    if (index % SMALL.width === 0) symlinkSync('0', path.join(folder, link));
    const width = 1 + (index % SMALL.width);
    const height = Math.max(1, Math.round((SMALL.height * width) / SMALL.width));
    return { key: `${link}/small.jpg`, width, height };
  });
}

/** One more series of a folder, of one key alone. */
export function linkSeries(folder, series, name = '0.jpg') {
  symlinkSync('0', path.join(folder, series));
  return `${series}/${name}`;
}

/** A JPEG of 12 megapixels in `<folder>/0`, and a small one. */
export async function makeLargeOriginal(folder) {
  await makeLargeOriginals(path.join(folder, '0'), 1);
  await makeSmallOriginal(folder);
}

/** Eight JPEGs of 12 to 24 megapixels, tiled so that each pixel has as much detail as in a photo. */
export async function makeLargeOriginals(folder, count = ORIGINALS) {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const [width, height] = [4000, 3000].map((side, axis) => side + Math.round((index * [2000, 1000][axis]) / 7));
    const tile = await sharp(HARBOUR)
      .modulate({ hue: index * 40 })
      .flop(index % 2 === 1)
      .toBuffer();
    await sharp({ create: { width, height, channels: 3, background: '#000' } })
      .composite([{ input: tile, tile: true, gravity: 'northwest' }])
      .jpeg(JPEG)
      .toFile(path.join(folder, `${index}.jpg`));
  }
}

/** Names of the pictures directly in a folder. */
export function namesIn(folder) {
  return readdirSync(folder).filter((name) => /\.(jpe?g|png|webp|avif|tiff?)$/i.test(name));
}
