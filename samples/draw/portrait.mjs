import { Canvas, clamp, gradient, layer, mixRgb, noise, random, rgb, sea, smooth } from './canvas.mjs';

const WIDTH = 1200;
const HEIGHT = 1600;
const HORIZON = 1130;
const LANTERN = [668, 398];
const LAMP = rgb('#ffdf9e');
const DAWN = [120, 1110];

const sky = gradient(
  [0, '#0b2a45'],
  [0.28, '#175468'],
  [0.55, '#4b9a9a'],
  [0.76, '#b4d2b2'],
  [0.9, '#fbdcaa'],
  [1, '#ffb389'],
);

function paintSky(canvas) {
  const { fbm } = noise(31);
  canvas.paint(0, HORIZON, (x, y, stars) => {
    const far = Math.hypot(x - DAWN[0], (y - DAWN[1]) * 1.5);
    const clear = sky(clamp(y / HORIZON - 0.04 + 0.08 * Math.exp(-far / 500))).map((v, i) => v + stars[i]);
    const rise = (HORIZON - y + 170) / HORIZON;
    const cloud = (off) => fbm((x - 300 - off * 300) / 900 / rise + 21, (1.5 + off) / rise + x / 4000, 7);
    const density = cloud(0);
    const lit = clamp((density - cloud(0.05)) * 2 + 0.45) * Math.exp(-far / 1400);
    const shade = mixRgb(mixRgb(rgb('#2a6478'), rgb('#8fa9a4'), y / HORIZON), rgb('#ffd3ae'), clamp(lit * 1.5));
    const colour = mixRgb(clear, shade, 0.85 * smooth(0.04, 0.4, density) * smooth(HORIZON, HORIZON - 200, y));
    const halo = 0.45 * Math.exp(-far / 190);
    return [colour[0] + halo, colour[1] + halo * 0.7, colour[2] + halo * 0.36];
  });
}

/** Two opposite shafts of light, widening and fading away from the lantern. */
function paintBeams(canvas) {
  const { fbm } = noise(62);
  for (const [heading, reach] of [
    [Math.PI + 0.13, 900],
    [0.13, 620],
  ])
    canvas.paint(0, HORIZON, (x, y, under) => {
      const [dx, dy] = [x - LANTERN[0], y - LANTERN[1]];
      const along = dx * Math.cos(heading) + dy * Math.sin(heading);
      if (along <= 0) return;
      const aside = Math.abs(dy * Math.cos(heading) - dx * Math.sin(heading));
      const edge = 15 + along * 0.105;
      const mist = 0.85 + 0.5 * fbm(x / 170, y / 120, 4);
      const light = 0.86 * mist * Math.exp(-((aside / edge) ** 3) * 1.6) * Math.exp(-along / reach);
      return under.map((v, i) => v + (1 - v * 0.55) * LAMP[i] * light);
    });
}

/** Cracked stone: how far (x, y) is from the nearest crack, and a number of its own for each facet. */
function facets(seed) {
  const next = random(seed);
  const cells = Float32Array.from({ length: 64 * 64 * 3 }, next);
  return (x, y) => {
    let [first, second, tone] = [9, 9, 0];
    for (let k = 0; k < 9; k++) {
      const [cx, cy] = [Math.floor(x) + (k % 3) - 1, Math.floor(y) + Math.floor(k / 3) - 1];
      const i = ((cy & 63) * 64 + (cx & 63)) * 3;
      const away = Math.abs(cx + cells[i] - x) + Math.abs(cy + cells[i + 1] - y);
      if (away < first) [first, second, tone] = [away, first, cells[i + 2]];
      else if (away < second) second = away;
    }
    return [second - first, tone];
  };
}

function paintCliff(canvas) {
  const { at, fbm } = noise(41);
  const [slabs, stones] = [facets(5), facets(6)];
  const rock = gradient([0, '#0a1c28'], [0.4, '#1f3b47'], [0.7, '#58605f'], [0.86, '#b98a72'], [1, '#ffc99a']);
  const turf = gradient([0, '#0c2a30'], [0.45, '#1f5348'], [0.75, '#6f8f58'], [1, '#f3d78c']);
  const crest = Array.from({ length: WIDTH }, (_, x) => {
    const [bx] = stones(x / 44, 3.3);
    return LAND(x) + (10 * fbm(x / 50, 2.5, 5) + 16 * bx) * smooth(640, 520, x) + 5 * fbm(x / 60, 7.5, 3);
  });
  canvas.paint(1000, HEIGHT, (x, y, under) => {
    const cover = clamp(y - crest[x] + 0.5);
    if (cover === 0) return;
    const depth = y - crest[x];
    const [wx, wy] = [x + 26 * fbm(x / 90, y / 90, 3), y + 26 * fbm(x / 80 + 9, y / 80, 3)];
    const [crack, slab] = slabs(wx / 74 + wy / 300, wy / 190 - wx / 700);
    const [chip, stone] = stones(wx / 40 + wy / 110, wy / 84);
    const light =
      0.16 + 0.34 * slab ** 1.4 + 0.22 * stone ** 2 + 0.1 * fbm(x / 12, y / 12, 3) + 0.34 * smooth(620, 300, x);
    const cracked = light * (0.62 + 0.38 * smooth(0, 0.12, crack)) * (0.9 + 0.1 * smooth(0, 0.12, chip));
    const rim = 0.34 * Math.exp(-depth / 9);
    const bare = rock(clamp(cracked + rim * 0.8 - depth * 0.0009));
    const fringe = depth / (26 + 2.1 * Math.max(0, x - 500)) + 0.6 * fbm(x / 70, y / 40, 5) + 0.1 * at(x / 4, y / 14);
    const blades = 0.1 * at(x / 2.6, y / 9) + 0.3 * fbm(x / 110, y / 34, 4);
    const meadow = turf(clamp(0.5 + blades + rim - depth * 0.0012));
    return mixRgb(under, mixRgb(bare, meadow, smooth(1.02, 0.9, fringe) * smooth(440, 520, x)), cover);
  });
}

const LAND = (x) =>
  1700 - 300 * smooth(180, 420, x) - 168 * smooth(380, 560, x) - 22 * smooth(800, 1200, x) + 14 * Math.sin(x / 140);

function tufts(count, spread, seed) {
  const next = random(seed);
  const blades = { '#16423f': '', '#3c6f50': '', '#9aa863': '' };
  const tones = Object.keys(blades);
  for (let i = 0; i < count; i++) {
    const far = next() ** 2 * spread;
    const x = 545 + far * 0.4 + next() * 660;
    const y = LAND(x) + 2 + far;
    const lean = (next() - 0.3) * (9 + far / 40);
    const tone = tones[Math.floor(next() ** (1.4 + far / 150) * 3)];
    blades[tone] += `M${x} ${y}q${lean * 0.2} -6 ${lean} ${-8 - next() * (12 + far / 16)}`;
  }
  return tones
    .map((tone) => `<path d="${blades[tone]}" stroke="${tone}" stroke-width="1.7" stroke-linecap="round" fill="none"/>`)
    .join('');
}

function flowers() {
  const next = random(53);
  return Array.from({ length: 170 }, () => {
    const [x, near] = [600 + next() * 600, next() ** 0.8];
    if (x < 570 + near * 130) return '';
    const r = 1.6 + near * 2.6;
    const tone = ['#ffe9b8', '#ff9d8a', '#fff6ea'][Math.floor(next() * 3)];
    return `<ellipse cx="${x}" cy="${LAND(x) + 30 + near * 330}" rx="${r}" ry="${r * 0.8}" fill="${tone}"/>`;
  }).join('');
}

const path = `<linearGradient id="path" x2="0" y2="1">${'<stop stop-color="#ecd2a6"/><stop offset="1" stop-color="#9a9172"/>'}</linearGradient>
  <path d="M651 1236h36q14 26 112 40q150 22 172 66q16 40-70 96q-96 66-80 162H640q4-96 124-176q90-58 66-88q-30-30-118-48q-52-12-61-52z" fill="url(#path)"/>`;

const rocks = `<g><path d="M86 1452l22-46 34-22 26 12 30-8 34 40 26 24z" fill="#17323f"/><path d="M86 1452l22-46 34-22 6 30-26 38z" fill="#c9967a"/><path d="M142 1384l26 12-12 40-34 16 26-38z" fill="#5b5f62"/>
  <path d="M168 1396l30-8 34 40-40-6z" fill="#2a4853"/><path d="M16 1452l18-22 22-6 14 28z" fill="#1d3a46"/><path d="M16 1452l18-22 10 22z" fill="#b98a72"/></g>`;

const stop = (at, colour, opacity = 1) => `<stop offset="${at}" stop-color="${colour}" stop-opacity="${opacity}"/>`;

// The tower tapers: its half width at height y.
const half = (y) => 66 + (y - 480) * 0.052;

function band(top, bottom, fill) {
  const [cx, a, b] = [LANTERN[0], half(top), half(bottom)];
  return `<path fill="url(#${fill})" d="M${cx - a} ${top}Q${cx} ${top + 16} ${cx + a} ${top}L${cx + b} ${bottom}Q${cx} ${bottom + 18} ${cx - b} ${bottom}z"/>`;
}

function tower() {
  const [cx] = LANTERN;
  const round = (id, ...tones) =>
    `<linearGradient id="${id}">${tones
      .map((tone, i) => stop([0, 0.2, 0.5, 0.88, 1][i], tone))
      .join('')}</linearGradient>`;
  const defs =
    round('white', '#ffd9b4', '#fff3df', '#d3dad0', '#5d8189', '#4c737d') +
    round('red', '#ff9a68', '#ec5a40', '#b93038', '#5a1b35', '#4b1a34') +
    round('iron', '#6f7f86', '#3a5560', '#1c3440', '#0e212c', '#1d3a46') +
    `<radialGradient id="glass" gradientUnits="userSpaceOnUse" cx="${cx}" cy="398" r="62">${stop(0, '#fffdf2')}${stop(0.35, '#ffedb4')}${stop(1, '#f2a95c')}</radialGradient>`;
  const edges = [480, 612, 744, 876, 1008, 1140, 1226];
  const bands = edges.slice(1).map((bottom, i) => band(edges[i], bottom, i % 2 ? 'red' : 'white'));
  const windows = [560, 824, 1076].map(
    (y) =>
      `<path d="M${cx - 12} ${y + 36}v-30a12 13 0 0 1 24 0v30z" fill="#17323f"/><path d="M${cx - 8} ${y + 34}v-28a8 9 0 0 1 16 0v28z" fill="#ffd48a"/>`,
  );
  const rails = Array.from({ length: 15 }, (_, i) => `M${cx - 98 + i * 14} 462v-34`).join('');
  const panes = [-46, -24, 0, 24, 46].map((x) => `M${cx + x} 356v84`).join('');
  return `<defs>${defs}</defs>${bands.join('')}
    <path d="M${cx - 30} 1238v-74a30 32 0 0 1 60 0v76z" fill="#f3dcc0"/><path d="M${cx - 22} 1238v-72a22 24 0 0 1 44 0v74z" fill="#1d4752"/>
    ${windows.join('')}
    <path d="M${cx - 66} 496l-36-34h204l-36 34z" fill="url(#iron)"/><path d="M${cx - 108} 456h216v10h-216z" fill="url(#iron)"/>
    <path d="M${cx - 52} 356h104v102h-104z" fill="url(#glass)"/>
    <path d="${panes}M${cx - 50} 398h100" stroke="#1c3440" stroke-width="3.5"/>
    <path d="M${cx - 54} 440h108v20h-108z" fill="url(#red)"/>
    <path d="${rails}M${cx - 104} 428h208M${cx - 102} 444h204" stroke="#12303c" stroke-width="3.4" fill="none"/>
    <path d="M${cx - 64} 358q0-12 10-14q14-54 54-62q40 8 54 62q10 2 10 14z" fill="url(#red)"/>
    <path d="M${cx} 284v-56" stroke="#12303c" stroke-width="4"/><circle cx="${cx}" cy="278" r="10" fill="url(#iron)"/>
    <path d="M${cx - 30} 240h46v-6l16 9-16 9v-6h-46z" fill="#12303c"/>`;
}

const cottage = `<defs><linearGradient id="wall">${stop(0, '#c9cfc2')}${stop(1, '#6f949b')}</linearGradient><linearGradient id="gable" x2="1">${stop(0, '#ffe6c6')}${stop(1, '#f0d9bd')}</linearGradient>
  <linearGradient id="roof" x2=".25" y2="1">${stop(0, '#a8504a')}${stop(1, '#52283c')}</linearGradient></defs>
  <path d="M1004 1100v-52h30v52z" fill="#8fa3a0"/><path d="M1004 1100v-52h11v52z" fill="#f0d2b2"/><path d="M999 1042h40v9h-40z" fill="#4a2c3c"/>
  <path d="M852 1236v-104l40-56 40 56v104z" fill="url(#gable)"/><path d="M932 1236v-106h166v106z" fill="url(#wall)"/>
  <path d="M892 1066l148 0 68 68H934z" fill="url(#roof)"/><path d="M932 1134h166v9h-166z" fill="#2b4d58" opacity=".45"/>
  <path d="M892 1066l-50 72 8 5 42-58 40 56 10-5z" fill="#6d3340"/>
  <g fill="#ffd083" stroke="#23464f" stroke-width="3"><path d="M878 1140h28v36h-28zM958 1158h28v30h-28zM1052 1158h28v30h-28z"/><path d="M892 1140v36M878 1158h28M972 1158v30M958 1173h28M1066 1158v30M1052 1173h28"/></g>
  <path d="M1004 1236v-78h30v78z" fill="#2a5560"/>`;

const gull = (x, y, s, turn) => `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${s})">
  <path d="M-4 2Q-34-40-92-32Q-50-22-26 10Q-12 20 0 18Q14 18 26 8Q48-26 90-40Q34-44 8 2z" fill="#fdf6ea"/>
  <path d="M-92-32Q-66-28-52-19Q-62-30-74-34zM90-40Q66-34 55-24Q62-37 74-41z" fill="#2b4a55"/>
  <path d="M-26 10Q-12 20 0 18Q14 18 26 8Q12 30-2 34Q-18 26-26 10z" fill="#b9cdca"/><path d="M-6 30l-6 12 10-2 8 4-2-14z" fill="#fdf6ea"/></g>`;

export async function portrait() {
  const canvas = new Canvas(WIDTH, HEIGHT);
  const next = random(8);
  for (let i = 0; i < 120; i++) {
    const [x, y] = [next() * WIDTH, next() ** 1.5 * 420];
    canvas.glow(x, y, 0.7 + next() ** 5 * 1.3, [0.95, 0.98, 1], (0.2 + next() * 0.6) * (1 - y / 470));
  }
  paintSky(canvas);
  paintBeams(canvas);
  const afloat = [{ ...(await layer(WIDTH, 1452, rocks)), waterline: 1452 }];
  sea(canvas, { horizon: HORIZON, deep: rgb('#0d3a4a'), swell: 300, seed: 14, focal: 1500, afloat });
  paintCliff(canvas);
  canvas.over(
    await layer(WIDTH, HEIGHT, tufts(1500, 380, 51) + flowers() + path + cottage + tower() + tufts(800, 50, 52)),
  );
  canvas.glow(LANTERN[0], LANTERN[1], 210, LAMP, 0.24);
  canvas.glow(LANTERN[0], LANTERN[1], 58, LAMP, 0.6);
  canvas.over(await layer(WIDTH, HEIGHT, gull(250, 640, 0.9, -8) + gull(390, 790, 0.5, 10) + gull(960, 690, 0.6, 6)));
  // Stored lying on its side; orientation 6 is what stands it up again.
  return canvas
    .develop(2.4, 98)
    .rotate(270)
    .withExif({
      IFD0: {
        Orientation: '6',
        Make: 'Lambent',
        Model: 'draw.mjs',
        ImageDescription: 'A lighthouse at dawn',
        Copyright: 'CC0 1.0: public domain',
      },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '47/1 30/1 0/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '15/1 45/1 0/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 86, chromaSubsampling: '4:2:0', mozjpeg: true });
}
