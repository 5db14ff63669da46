import sharp from 'sharp';
import { ask, messageOf } from './ask.mjs';
import { asPixels, FEW, FORMATLESS, ORIGINAL, PROBE } from './options.mjs';

/** Folders with more pictures are shown in part. */
const MANY = 30;
const WHOLE_OF_MANY = 4;
/** A real photo, where pictures are many: not a test card or an icon. */
const PHOTO_PIXELS = 2_000_000;
/** What the page holds and a browser decodes without effort, over all frames. */
const EMBEDDED = { bytes: 1_500_000, pixels: 40_000_000 };

/**
 * The cells of all pictures: `{ key, option, query, answer, sides, message, embedded }`. Asked one at a time, so that the time of one says
 * something about it. Of many pictures, only the first photos get all rows.
 */
export async function fillCells(url, keys, rows, progress) {
  const many = keys.length > MANY;
  const cells = [];
  let photos = 0;
  for (const key of keys) {
    progress(key);
    const first = await askAll(url, key, [ORIGINAL, FORMATLESS, PROBE]);
    const whole = !many || (photos < WHOLE_OF_MANY && isPhoto(first[0]));
    if (many && whole) photos++;
    cells.push(...(await pictureCells(url, key, first, whole ? rows : FEW)));
  }
  const shown = cells.map((cell) => ({ ...cell, embedded: isEmbedded(cell, many) }));
  return { cells: shown, note: many ? noteOf(keys.length, photos) : '' };
}

/** Of many pictures some may be made to harm; a drawing of 700 bytes keeps a browser at work for minutes. */
function isEmbedded({ answer, sides }, many) {
  if (answer.status !== 200 || answer.body.length > EMBEDDED.bytes) return false;
  if (answer.type.startsWith('image/svg')) return !many;
  return sides !== undefined && sides.width * sides.height * sides.frames <= EMBEDDED.pixels;
}

function noteOf(pictures, photos) {
  return `${pictures} pictures are more than ${MANY}: each is shown in every format only, the first ${photos} photos with all options.`;
}

async function pictureCells(url, key, [original, formatless, probe], rows) {
  // Nothing else of a picture without pixels: the refusal would be the same in every cell.
  if (probe.answer.status !== 200) return [original, formatless, probe];
  const drawn = formatless.answer.type.startsWith('image/svg');
  // A few formats and the original fill one line.
  const first = rows === FEW ? [original] : [original, formatless];
  return [...first, ...(await askAll(url, key, drawn ? asPixels(rows) : rows))];
}

async function askAll(url, key, rows) {
  const cells = [];
  for (const row of rows) cells.push(await fillCell(url, key, row));
  return cells;
}

async function fillCell(url, key, { option, query }) {
  const answer = await ask(url, key, query);
  const sides = answer.status === 200 ? await sidesOf(answer) : undefined;
  return { key, option, query, answer, sides, message: answer.status === 200 ? '' : messageOf(answer) };
}

/** As shown: upright, and of an animation each frame; nothing for SVG, which has none, and for what cannot be read. */
async function sidesOf({ type, body }) {
  if (!type.startsWith('image/') || type.startsWith('image/svg')) return undefined;
  try {
    const { autoOrient, pages = 1 } = await sharp(body, { limitInputPixels: false }).metadata();
    return { width: autoOrient.width, height: autoOrient.height, frames: pages };
  } catch {
    return undefined;
  }
}

function isPhoto({ answer, sides }) {
  return answer.type === 'image/jpeg' && sides !== undefined && sides.width * sides.height >= PHOTO_PIXELS;
}
