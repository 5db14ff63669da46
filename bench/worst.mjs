import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { makeLargeOriginals } from './pictures.mjs';
import { cpuSeconds, HAS_PROC, peakRss, rss } from './proc.mjs';
import { startService } from './service.mjs';

const HARBOUR = fileURLToPath(new URL('../samples/harbour.jpg', import.meta.url));
const LARGEST = 'w=4096&h=4096';
const FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif'];
const FRAMES = 256;

/** What costs most of what anybody may ask for: the rest of a query, after the largest sides. */
const PHOTO_QUERIES = [
  ...FORMATS.map((format) => `${LARGEST}&f=${format}`),
  ...['jpeg', 'webp', 'avif'].map((format) => `${LARGEST}&f=${format}&q=100`),
  'f=avif&q=100&w=2000&h=2000',
  'f=avif&w=2828&h=2828',
  ...[1, 10, 30, 100].map((sigma) => `${LARGEST}&f=jpeg&blur=${sigma}`),
  `${LARGEST}&f=jpeg&blur=100&pad=1,1,1,1`,
  `${LARGEST}&f=jpeg&blur=100&sharpen=10`,
  ...[0.5, 10].map((sigma) => `${LARGEST}&f=jpeg&sharpen=${sigma}`),
  ...['trim=10', 'pos=attention', 'pos=entropy', 'pad=500,500,500,500', 'wm=mark', 'rot=90', 'rot=180'].map(
    (option) => `${LARGEST}&f=jpeg&${option}`,
  ),
  `${LARGEST}&f=jpeg&trim=10&rot=90&flip=h`,
  `${LARGEST}&f=jpeg&pos=entropy&rot=90`,
  `${LARGEST}&f=png&colors=256`,
  `${LARGEST}&f=gif&colors=2`,
  `${LARGEST}&f=avif&q=100&blur=100&sharpen=10&pad=1,1,1,1&wm=mark&trim=10&rot=90`,
];

const DOT_QUERIES = [
  ...FORMATS.map((format) => `${LARGEST}&f=${format}`),
  `${LARGEST}&f=jpeg&blur=100`,
  `${LARGEST}&f=avif&q=100`,
];

const FRAME_QUERIES = [
  'f=gif',
  'f=webp',
  `${LARGEST}&f=gif`,
  `${LARGEST}&f=webp`,
  `${LARGEST}&f=gif&blur=100`,
  `${LARGEST}&f=webp&blur=100&sharpen=10`,
  `${LARGEST}&f=webp&wm=mark&pad=9,9,9,9`,
];

const COLUMNS = [
  ['original', 'original'],
  ['options', 'query'],
  ['status', 'status', 0],
  ['ms', 'ms', 0],
  ['CPU ms', 'cpu', 0],
  ['peak MB more', 'peakMb', 0],
  ['answer KB', 'kb', 0],
  ['sides', 'sides'],
];

/** The dearest requests there are, each to a service that has done nothing else. */
export async function worst({ folder, progress, only }) {
  if (!HAS_PROC)
    return { title: 'Worst cases', skipped: 'memory of another process is read from /proc, as Linux has it' };
  progress('worst: originals');
  await makeOriginals(folder);
  const records = [];
  for (const [original, query] of cases().filter(([name, query]) => !only || `${name}?${query}`.includes(only))) {
    progress(`worst: ${original}?${query}`);
    records.push({ original, query, ...(await measure(folder, original, query)) });
  }
  return {
    title: 'Worst cases: the dearest that may be asked for (target: about 2 s a request)',
    columns: COLUMNS,
    records,
  };
}

function cases() {
  return [
    ...PHOTO_QUERIES.map((query) => ['0.jpg', query]),
    ...['f=jpeg', 'f=webp', 'f=avif', 'f=avif&q=100'].map((query) => ['noise.jpg', `${LARGEST}&${query}`]),
    ...DOT_QUERIES.map((query) => ['dot.png', query]),
    ...['f=jpeg', 'f=avif&q=100', 'f=jpeg&trim=10&rot=90'].map((query) => ['deep.png', `${LARGEST}&${query}`]),
    ...['f=gif', 'f=webp', 'f=webp&blur=100&sharpen=10', 'w=350&f=webp'].map((query) => ['film.gif', query]),
    ...['frames.gif', 'frames.webp'].flatMap((name) => FRAME_QUERIES.map((query) => [name, query])),
  ];
}

async function measure(folder, original, query) {
  const service = await startService(folder, {
    env: {
      CACHE_MEMORY_BYTES: '0',
      CACHE_ORIGINALS_BYTES: '0',
      DEADLINE_MS: '600000',
      WORKERS: '1',
      WATERMARKS_FILE: path.join(folder, 'marks.json'),
    },
  });
  try {
    const [before, cpu] = [rss(service.pid), cpuSeconds(service.pid)];
    const started = performance.now();
    const answer = await fetch(`${service.url}/${original}?${query}`, { signal: AbortSignal.timeout(600_000) });
    const body = Buffer.from(await answer.arrayBuffer());
    const ms = performance.now() - started;
    const sides = answer.ok ? await sidesOf(body) : JSON.parse(body).error.code;
    return {
      status: answer.status,
      ms,
      cpu: (cpuSeconds(service.pid) - cpu) * 1000,
      peakMb: peakRss(service.pid) - before,
      kb: body.length / 1024,
      sides,
    };
  } finally {
    await service.stop();
  }
}

async function sidesOf(body) {
  const { width, height, pageHeight = height, pages = 1 } = await sharp(body, { limitInputPixels: false }).metadata();
  return pages > 1 ? `${width}x${pageHeight}, ${pages} frames` : `${width}x${height}`;
}

async function makeOriginals(folder) {
  await makeLargeOriginals(folder, 1);
  const write = async (name, image) => writeFileSync(path.join(folder, name), await image.toBuffer());
  await write('dot.png', sharp({ create: { width: 1, height: 1, channels: 4, background: '#c8102e80' } }).png());
  const gaussian = { type: 'gaussian', mean: 128, sigma: 60 };
  const noise = await sharp({ create: { width: 4096, height: 4096, channels: 3, noise: gaussian } })
    .jpeg()
    .toBuffer();
  writeFileSync(path.join(folder, 'noise.jpg'), noise);
  await write('mark.png', sharp({ create: { width: 400, height: 400, channels: 4, background: '#ffffff80' } }).png());
  writeFileSync(path.join(folder, 'marks.json'), JSON.stringify({ mark: { key: 'mark.png', scale: 1, opacity: 0.5 } }));
  const frames = () =>
    sharp(stripes(), { raw: { width: 8, height: 8 * FRAMES, channels: 3, pageHeight: 8 }, animated: true });
  await write('frames.gif', frames().gif({ colours: 16 }));
  await write('frames.webp', frames().webp({ lossless: true }));
  await write('film.gif', await film());
  const deep = sharp({ create: { width: 7000, height: 7000, channels: 4, background: '#c8102e80' } });
  await write('deep.png', deep.toColourspace('rgb16').png());
}

/** 100 frames of 700 x 700 that move over a photograph: as many pixels as an animation may have. */
async function film() {
  const photo = sharp(HARBOUR).resize(2100, 1400, { fit: 'fill' });
  const parts = Array.from({ length: 100 }, (_, at) => ({ left: at * 8, top: at * 5, width: 700, height: 700 }));
  const frames = await Promise.all(parts.map((part) => photo.clone().extract(part).raw().toBuffer()));
  const raw = { width: 700, height: 70_000, channels: 3, pageHeight: 700 };
  return sharp(Buffer.concat(frames), { raw, animated: true }).gif({ effort: 1 });
}

/** Frames of 8 x 8, each a little other than the one before: neither is left out. */
function stripes() {
  return Uint8Array.from({ length: 8 * 8 * FRAMES * 3 }, (_, at) => ((at * 7) % 192) + (Math.floor(at / 192) % 64));
}
