import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

const SIZE = 1200;
const HALO = [0xff, 0xb3, 0x57];

function halo() {
  const data = Buffer.alloc(SIZE * SIZE * 4);
  for (let p = 0; p < SIZE * SIZE; p++) {
    const away = Math.hypot((p % SIZE) - 600, Math.floor(p / SIZE) - 620) / 580;
    const light = 0.72 * (Math.exp(-3.2 * away ** 2) - Math.exp(-3.2));
    data.set([...HALO, Math.round(255 * Math.max(0, light))], p * 4);
  }
  return { input: data, raw: { width: SIZE, height: SIZE, channels: 4 }, blend: 'dest-over' };
}

/** logo.svg at ten times its size. The halo is laid under it here: rasterised, faint colours come out in rings. */
export async function logo() {
  const mark = (await readFile(new URL('../logo.svg', import.meta.url), 'utf8')).replace(/<circle id="glow".*/, '');
  return sharp(Buffer.from(mark), { density: 720 }).composite([halo()]).png({ compressionLevel: 9 });
}
