import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { FORMATS } from '../../dist/formats.js';

/**
 * What a picture costs at least: the steps of src/transform/transform.ts in a bare loop, `workers` of them at once. Told by
 * message what to make, it answers `{ seconds, bytes }`: `sharp.mjs <folder> <workers>`.
 */
const [, , folder, workers] = process.argv;
sharp.concurrency(1);
sharp.cache(false);

process.on('message', async ({ pictures, format }) => process.send(await makeAll(pictures, format)));
process.once('disconnect', () => process.exit());

async function makeAll(pictures, format) {
  const waiting = pictures.values();
  const started = performance.now();
  let bytes = 0;
  const work = async () => {
    for (const picture of waiting) {
      const made = await make(picture, format);
      bytes += made.length;
    }
  };
  await Promise.all(Array.from({ length: Number(workers) }, work));
  return { seconds: (performance.now() - started) / 1000, bytes };
}

async function make({ key, width, height }, format) {
  return await sharp(await readFile(path.join(folder, key)), { failOn: 'error' })
    .resize(width, height, { fit: 'fill', fastShrinkOnLoad: false })
    .autoOrient()
    .toFormat(format, FORMATS[format].encoder)
    .toBuffer();
}
