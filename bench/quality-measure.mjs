import path from 'node:path';
import sharp from 'sharp';
import { median } from './figures.mjs';

/** An encoder is run again until it has used this much CPU time, since one run of 5 ms says little. */
const ENCODING_MS = 40;

// As the service encodes: one thread for a picture, nothing remembered.
sharp.concurrency(1);
sharp.cache(false);

/**
 * The picture that encoders are given: upright, sRGB, reduced in linear light, as raw pixels. In two steps: a picture with a
 * profile of its own that sharp takes into scRGB at once comes out black.
 */
export async function makeReference(file, width) {
  const upright = sharp(file).autoOrient().flatten({ background: '#fff' }).toColourspace('srgb');
  const whole = await rawOf(upright);
  const reduced = sharp(whole.data, { raw: whole.raw })
    .pipelineColourspace('scrgb')
    .resize({ width, withoutEnlargement: true })
    .toColourspace('srgb');
  return rawOf(reduced);
}

async function rawOf(image) {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, raw: { width: info.width, height: info.height, channels: info.channels } };
}

/**
 * Each setting with one picture: `{ bytes, cpuMs, score }` in the order of settings. First all are encoded, then all are scored,
 * so that the scorer's threads are not counted.
 */
export async function measurePicture({ file, width, settings, score, folder }) {
  const { data, raw } = await makeReference(file, width);
  const results = [];
  for (const { format, options } of settings) {
    results.push(await encode(() => sharp(data, { raw }).toFormat(format, options).toBuffer()));
  }
  const reference = path.join(folder, 'reference.png');
  await writePng(sharp(data, { raw }), reference);
  const scored = [];
  for (const [index, { encoded, cpuMs }] of results.entries()) {
    const { lossless } = settings[index];
    scored.push({ bytes: encoded.length, cpuMs, score: lossless ? 100 : await compare(reference, encoded) });
  }
  return scored;

  async function compare(original, encoded) {
    const decoded = path.join(folder, 'decoded.png');
    await writePng(sharp(encoded), decoded);
    return score(original, decoded);
  }
}

async function writePng(image, file) {
  await image.removeAlpha().toColourspace('srgb').png({ compressionLevel: 1 }).toFile(file);
}

async function encode(run) {
  const times = [];
  let spent = 0;
  let encoded;
  while (spent < ENCODING_MS) {
    const before = process.cpuUsage();
    encoded = await run();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    spent += times.at(-1);
  }
  return { encoded, cpuMs: median(times) };
}
