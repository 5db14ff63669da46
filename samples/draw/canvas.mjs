import sharp from 'sharp';

export const clamp = (v, low = 0, high = 1) => Math.min(high, Math.max(low, v));
export const mix = (a, b, t) => a + (b - a) * t;
export const smooth = (low, high, v) => {
  const t = clamp((v - low) / (high - low));
  return t * t * (3 - 2 * t);
};
export const rgb = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255);
export const mixRgb = (a, b, t) => [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];

/** mulberry32: the same numbers on every machine, so the pictures never change by themselves. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Smooth value noise in -1..1, and its sum over octaves. */
export function noise(seed) {
  const next = random(seed);
  const lattice = Float32Array.from({ length: 65536 }, () => next() * 2 - 1);
  const at = (x, y) => {
    const xi = Math.floor(x);
    const yi = Math.floor(y);
    const u = smooth(0, 1, x - xi);
    const row = (yi & 255) << 8;
    const below = ((yi + 1) & 255) << 8;
    const left = xi & 255;
    const right = (xi + 1) & 255;
    const top = mix(lattice[row | left], lattice[row | right], u);
    return mix(top, mix(lattice[below | left], lattice[below | right], u), smooth(0, 1, y - yi));
  };
  const fbm = (x, y, octaves) => {
    let sum = 0;
    let amplitude = 0.5;
    let [px, py] = [x, y];
    for (let i = 0; i < octaves; i++) {
      sum += amplitude * at(px, py);
      // Turned between octaves, or the lattice shows.
      [px, py] = [1.6 * px + 1.2 * py + 17.3, 1.6 * py - 1.2 * px + 9.1];
      amplitude /= 2;
    }
    return sum;
  };
  return { at, fbm };
}

export function gradient(...stops) {
  const list = stops.map(([at, hex]) => [at, rgb(hex)]);
  return (t) => {
    const i = Math.max(
      1,
      list.findIndex(([at]) => at >= t),
    );
    const [[from, a], [to, b]] = t >= 1 ? list.slice(-2) : [list[i - 1], list[i]];
    return mixRgb(a, b, smooth(from, to, t) * 0.4 + clamp((t - from) / (to - from)) * 0.6);
  };
}

export const svg = (width, height, body) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`);

/** Float pixels that may pass 1: a sun brighter than white is what makes water glitter. */
export class Canvas {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.pixels = new Float32Array(width * height * 3);
  }

  /** paint(x, y, under) returns a colour, or undefined to leave the pixel. */
  paint(top, bottom, paint) {
    for (let y = top; y < bottom; y++) {
      for (let x = 0; x < this.width; x++) {
        const i = (y * this.width + x) * 3;
        const colour = paint(x, y, this.pixels.subarray(i, i + 3));
        if (colour) this.pixels.set(colour, i);
      }
    }
  }

  glow(cx, cy, radius, colour, strength) {
    const reach = radius * 3;
    for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(this.height, cy + reach); y++) {
      for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(this.width, cx + reach); x++) {
        const light = strength * (Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / radius ** 2) - Math.exp(-9));
        const i = (y * this.width + x) * 3;
        if (light > 0) for (let c = 0; c < 3; c++) this.pixels[i + c] += colour[c] * light;
      }
    }
  }

  over({ data, width, top = 0 }) {
    for (let i = 0, o = top * width * 3; i < data.length && o < this.pixels.length; i += 4, o += 3) {
      const a = data[i + 3] / 255;
      for (let c = 0; a && c < 3; c++) this.pixels[o + c] = mix(this.pixels[o + c], data[i + c] / 255, a);
    }
  }

  /** Soft highlights, then film grain: it hides banding, and it is what codecs differ on. */
  develop(grain, seed) {
    const { width, height, pixels } = this;
    const next = random(seed);
    const speck = Float32Array.from({ length: width * height }, () => next() + next() + next() - 1.5);
    const data = Buffer.alloc(pixels.length);
    for (let p = 0; p < speck.length; p++) {
      const film = grain * (speck[p] + 0.6 * (speck[Math.max(0, p - 1)] + speck[Math.max(0, p - width)]));
      for (let c = 0; c < 3; c++) {
        const v = pixels[p * 3 + c];
        const soft = v < 0.8 ? v : 1 - 0.2 * Math.exp((0.8 - v) / 0.2);
        data[p * 3 + c] = clamp(Math.round(soft * 255 + film * (1.2 - soft) + next() - 0.5), 0, 255);
      }
    }
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
}

export async function layer(width, height, body) {
  const { data } = await sharp(svg(width, height, body))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width, height };
}

const WAVES = [
  [0.9, 0.26],
  [0.33, 0.3],
  [0.12, 0.26],
  [0.045, 0.24],
  [0.018, 0.14],
];

/**
 * Each facet of the water mirrors what stands above the horizon: the mirror image moved up or down by the slope of
 * the waves. `afloat` are layers with a waterline of their own, drawn and mirrored about it.
 */
export function sea(canvas, { horizon, deep, swell, seed, focal = 2000, afloat = [] }) {
  const { width, height, pixels } = canvas;
  const { at } = noise(seed);
  const next = random(seed);
  const mirror = new Float32Array(3);
  const look = (x, down, shift) => {
    const px = clamp(Math.round(x), 0, width - 1);
    const i = (clamp(Math.round(horizon - 1 - Math.abs(down + shift)), 0, horizon - 1) * width + px) * 3;
    mirror.set(pixels.subarray(i, i + 3));
    for (const { data, waterline } of afloat) {
      const below = down - (waterline - horizon);
      // At its own waterline a hull touches its image; the waves part them further out.
      const row = Math.round(waterline - Math.abs(below + shift * Math.min(1, below / 160)));
      if (below < 0 || row < 0) continue;
      const o = (row * width + px) * 4;
      const a = data[o + 3] / 255;
      for (let c = 0; a && c < 3; c++) mirror[c] = mix(mirror[c], data[o + c] / 255, a);
    }
  };
  canvas.paint(horizon, height, (x, y) => {
    const samples = y - horizon < 160 ? 14 : 7;
    const sum = [0, 0, 0];
    for (let s = 0; s < samples; s++) {
      const py = y + next();
      const px = x + next();
      const down = py - horizon + 0.5;
      const across = (px - width / 2) / down;
      const away = focal / down;
      let slope = 0;
      for (const [length, amount] of WAVES) slope += amount * at(across / length / 1.7 + 40, away / length);
      look(px + slope * 14, down, slope * swell);
      const grazing = clamp(1 - Math.sin(clamp((down + slope * swell * 0.5) / focal, 0, 1)));
      const shine = 0.16 + 0.8 * grazing ** 5;
      for (let c = 0; c < 3; c++) sum[c] += mix(deep[c], mirror[c], shine) / samples;
    }
    return sum;
  });
  for (const plane of afloat) canvas.over(plane);
}
