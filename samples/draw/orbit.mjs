import sharp from 'sharp';
import { clamp, mixRgb, rgb } from './canvas.mjs';

const SIZE = 480;
const FRAMES = 24;
// Levels this coarse, dithered, keep the file small.
const STEP = 6;
const TRAIL = 44;
const CENTRE = [SIZE / 2, SIZE / 2];
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map((v) => v / 16 - 0.5);

// Several dots share an orbit, so each need only reach the place of the next one for the loop to close.
const ORBITS = [
  { radius: 92, dots: 1, colour: rgb('#ffb22e'), size: 7, way: 1 },
  { radius: 148, dots: 2, colour: rgb('#ff4d63'), size: 8, way: -1 },
  { radius: 204, dots: 3, colour: rgb('#6c5dff'), size: 8.5, way: 1 },
];

const place = ({ radius }, angle) => [SIZE / 2 + radius * Math.cos(angle), SIZE / 2 + radius * Math.sin(angle)];

function spot(light, [cx, cy], radius, colour, strength) {
  const reach = radius * 2.6;
  for (let y = Math.max(0, Math.ceil(cy - reach)); y < Math.min(SIZE, cy + reach); y++)
    for (let x = Math.max(0, Math.ceil(cx - reach)); x < Math.min(SIZE, cx + reach); x++) {
      const v = strength * (Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / radius ** 2) - 0.0012);
      const i = (y * SIZE + x) * 3;
      if (v > 0) for (let c = 0; c < 3; c++) light[i + c] += colour[c] * v;
    }
}

function backdrop() {
  const light = new Float32Array(SIZE * SIZE * 3);
  for (let i = 0; i < light.length; i += 3) light.set([0.035, 0.035, 0.105], i);
  for (const orbit of ORBITS)
    for (let a = 0; a < 720; a++) spot(light, place(orbit, (a / 360) * Math.PI), 1.2, orbit.colour, 0.035);
  spot(light, CENTRE, 120, rgb('#ff7a1f'), 0.1);
  spot(light, CENTRE, 58, rgb('#ff8a24'), 0.5);
  spot(light, CENTRE, 27, rgb('#ffd070'), 2.4);
  return light;
}

function comets(turn) {
  const light = new Float32Array(SIZE * SIZE * 3);
  for (const orbit of ORBITS)
    for (let dot = 0; dot < orbit.dots; dot++) {
      const head = ((dot + orbit.way * turn) / orbit.dots) * 2 * Math.PI + 0.6;
      for (let t = TRAIL; t >= 0; t--) {
        const age = 1 - t / TRAIL;
        const at = place(orbit, head - (orbit.way * t * 2.2) / orbit.radius);
        spot(light, at, orbit.size * (0.2 + 0.5 * age), orbit.colour, 0.24 * age ** 2);
      }
      const at = place(orbit, head);
      spot(light, at, orbit.size * 1.25, orbit.colour, 0.4);
      spot(light, at, orbit.size * 0.66, mixRgb(orbit.colour, [1, 1, 1], 0.55), 1.6);
    }
  return light;
}

const tone = (light) => 255 * (1 - Math.exp(-1.35 * light));

export function orbit() {
  const still = backdrop();
  const frame = still.length;
  const data = Buffer.alloc(frame * FRAMES);
  const settled = still.map((light, i) => {
    const p = Math.floor(i / 3);
    return tone(light) + STEP * BAYER[(Math.floor(p / SIZE) % 4) * 4 + (p % 4)];
  });
  for (let f = 0; f < FRAMES; f++) {
    const light = comets(f / FRAMES);
    for (let p = 0; p < frame; p += 3) {
      // Dithered where nothing moves, smooth where something does: the frames then differ only near the comets.
      const moving = light[p] + light[p + 1] + light[p + 2] > 0.03;
      for (let i = p; i < p + 3; i++)
        data[f * frame + i] = clamp(
          STEP * Math.round((moving ? tone(still[i] + light[i]) : settled[i]) / STEP),
          0,
          255,
        );
    }
  }
  return sharp(data, { raw: { width: SIZE, height: SIZE * FRAMES, channels: 3, pageHeight: SIZE } }).gif({
    loop: 0,
    delay: Array(FRAMES).fill(60),
    dither: 0,
    effort: 10,
  });
}
