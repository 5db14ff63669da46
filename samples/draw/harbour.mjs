import { Canvas, clamp, gradient, layer, mixRgb, noise, random, rgb, sea, smooth } from './canvas.mjs';

const WIDTH = 2400;
const HEIGHT = 1600;
const HORIZON = 900;
const SUN = [1530, 838];
const LAMP = rgb('#ffc773');

const sky = gradient(
  [0, '#171a45'],
  [0.3, '#372f6e'],
  [0.55, '#80477f'],
  [0.74, '#cf6470'],
  [0.89, '#f4995c'],
  [1, '#ffd08a'],
);

function paintSky(canvas) {
  const { fbm } = noise(11);
  canvas.paint(0, HORIZON, (x, y, stars) => {
    const aside = Math.abs(x - SUN[0]) / WIDTH;
    const far = Math.hypot(x - SUN[0], (y - SUN[1]) * 1.25);
    const clear = sky(clamp(y / HORIZON - 0.4 * aside * aside)).map((v, i) => v + stars[i]);
    // A flat ceiling of cloud, seen in perspective and lit from below by the sun.
    const rise = (HORIZON - y + 120) / HORIZON;
    const across = (x - 900) / HORIZON / rise;
    const cloud = (nearer) => fbm(across * 0.75 + 3.1, (2.1 - nearer) / rise + across * 0.16, 7);
    const density = cloud(0) + 0.12 * fbm(across * 0.3 + 9, 1.1 / rise, 2);
    const lit = clamp((density - cloud(0.07)) * 1.6 + 0.38) * (0.25 + 0.75 * Math.exp(-far / 900));
    const shade = mixRgb(
      mixRgb(rgb('#3a2a60'), rgb('#a4526f'), (y / HORIZON) ** 1.5),
      mixRgb(rgb('#e97a86'), rgb('#ffb070'), y / HORIZON),
      clamp(lit * 1.5),
    );
    const veil = smooth(HORIZON - 20, HORIZON - 240, y);
    const colour = mixRgb(clear, shade, 0.9 * smooth(0.02, 0.42, density) * veil);
    const halo = 0.5 * Math.exp(-far / 150) + 0.26 * Math.exp(-far / 480);
    const disc = smooth(60.7, 59.3, Math.hypot(x - SUN[0], y - SUN[1]));
    const low = (y - SUN[1]) / 60;
    return mixRgb(
      [colour[0] + halo, colour[1] + halo * 0.62, colour[2] + halo * 0.26],
      [4, 1.8 - low, 0.72 - low * 0.3],
      disc,
    );
  });
}

function paintStars(canvas) {
  const next = random(5);
  for (let i = 0; i < 260; i++) {
    const [x, y] = [next() * WIDTH, next() ** 1.6 * 430];
    canvas.glow(x, y, 0.8 + next() ** 6 * 1.3, [0.9, 0.92, 1], (0.15 + next() * 0.6) * (1 - y / 480));
  }
}

// How high each ridge stands at x, from far to near; the gap in the middle leaves the sun its sea.
const RIDGES = [
  {
    high: (x) => 70 + 130 * smooth(1250, 300, x) + 150 * smooth(1700, 2400, x),
    rough: 60,
    top: '#a65a78',
    foot: '#f0a078',
    seed: 3,
  },
  {
    high: (x) => 235 * smooth(1250, 150, x) + 205 * smooth(1880, 2400, x) - 24,
    rough: 72,
    top: '#6d3f6f',
    foot: '#c9736f',
    seed: 8,
  },
  {
    high: (x) => 185 * smooth(1020, -60, x) + 110 * smooth(2060, 2420, x) - 16,
    rough: 48,
    top: '#3c2a58',
    foot: '#7c4668',
    seed: 21,
  },
];

function paintRidge(canvas, { high, rough, top, foot, seed }) {
  const { fbm } = noise(seed);
  const [peak, base] = [rgb(top), rgb(foot)];
  const crest = Array.from({ length: WIDTH }, (_, x) => {
    const ridge = 1 - Math.abs(fbm(x / 260, 3.5, 6)) * 2;
    return HORIZON - high(x) - rough * (ridge - 0.55) * smooth(-20, 60, high(x));
  });
  canvas.paint(400, HORIZON, (x, y, under) => {
    const cover = clamp(y - crest[x] + 0.5);
    if (cover === 0) return;
    const slope = 0.05 * fbm(x / 45 + y / 60, y / 26 - x / 90, 4);
    const fog = clamp((y - crest[x]) / (HORIZON - crest[x] + 1)) ** 1.5;
    const warm = 0.25 * Math.exp(-Math.abs(x - SUN[0]) / 420);
    const colour = mixRgb(mixRgb(peak, base, fog), rgb('#ffb070'), warm).map((v) => v + slope * (1 - fog));
    return mixRgb(under, colour, cover);
  });
}

function town() {
  const next = random(77);
  const lights = [];
  let body = '';
  const house = (x, floor, w, h, tone) => {
    const roof = 5 + next() * w * 0.35;
    const ridge = next() < 0.3 ? `v${-roof * 0.5}h${w}` : `l${w / 2} ${-roof}l${w / 2} ${roof}`;
    body += `<path fill="${tone}" d="M${x} ${floor}v${-h}${ridge}V${floor}z"/>`;
    if (next() < 0.4) body += `<path fill="${tone}" d="M${x + w * 0.2} ${floor - h}v${-roof - 3}h4v${roof + 3}z"/>`;
    for (let wy = floor - h + 4; wy < floor - 6; wy += 9) for (let wx = x + 3; wx < x + w - 4; wx += 7) window(wx, wy);
  };
  const window = (x, y) => {
    const luck = next();
    if (luck > 0.42) return;
    const fill = ['#ffcf7d', '#ffb45e', '#ffe6b8'][Math.floor(next() * 3)];
    body += `<rect x="${x}" y="${y}" width="2.8" height="4.2" fill="${fill}" opacity="${0.5 + next() * 0.5}"/>`;
    if (luck < 0.14) lights.push([x + 1, y + 2, 6, 0.5]);
  };
  for (const [rise, tone, size, reach] of [
    [92, '#54365c', 0.5, 520],
    [62, '#463054', 0.62, 610],
    [34, '#37274b', 0.75, 720],
    [10, '#281d40', 0.95, 860],
  ]) {
    for (let x = -20; x < reach; ) {
      const w = (22 + next() * 24) * size;
      const slope = rise * smooth(reach + 160, 0, x) * 1.5;
      house(x, HORIZON - slope + 4, w, (20 + next() * 34) * size + slope * 0.15, tone);
      x += w * (0.98 + next() ** 3 * 0.9);
    }
  }
  body += `<path fill="#2a1e42" d="M352 ${HORIZON}v-118h-3l15-62 15 62h-3v118zM-10 ${HORIZON - 12}h920l40 14H-10z"/>`;
  for (let x = 20; x < 900; x += 55) lights.push([x, HORIZON - 24, 12, 1.1]);
  // The mole and its light, in front of the sun's side.
  body += `<path fill="#241a3c" d="M2400 ${HORIZON - 20}l-470 6-44 15h514zM1912 ${HORIZON - 12}l5-62h18l5 62zM1914 ${HORIZON - 78}h24v-3h-4v-13l-8-8-8 8v13h-4z"/>`;
  body += `<rect x="1920" y="${HORIZON - 92}" width="12" height="11" fill="#ff8b6b"/>`;
  lights.push([1926, HORIZON - 86, 20, 1.8]);
  return { body, lights };
}

const yacht = (x, y, s, lean, hull) => `<g transform="translate(${x} ${y}) scale(${s}) rotate(${lean})">
  <path d="M-74-17Q-20-11 84-25Q70-2 52 4H-52Q-70-4-74-17z" fill="${hull}"/>
  <path d="M-28-18l6-12h46l10 9z" fill="${hull}"/><path d="M-1.6-20V-250h3.2V-20z" fill="${hull}"/>
  <path d="M-2-40H-70" stroke="${hull}" stroke-width="3"/>
  <path d="M0-248L80-26M0-248L-72-20" stroke="${hull}" stroke-width=".8" fill="none"/></g>`;

const sail = (id, dark, light) =>
  `<linearGradient id="${id}"><stop stop-color="${dark}"/><stop offset="1" stop-color="${light}"/></linearGradient>`;

const sloop = (x, y, s) => `<g transform="translate(${x} ${y}) scale(${s}) rotate(-3)">
  <defs>${sail('main', '#7a3550', '#f08a55')}${sail('jib', '#d56a52', '#ffd08a')}</defs>
  <path d="M-4-246Q-20-140-96-42Q-50-34-4-40z" fill="url(#main)"/>
  <path d="M3-232Q66-130 98-38Q50-34 10-46Q24-120 3-232z" fill="url(#jib)"/>
  <path d="M-88-52L-4-62M-66-86L-4-98M-46-122L-4-134M-29-160L-4-170M-16-198L-4-206" stroke="#2f1c42" stroke-opacity=".4"/>
  <path d="M-3-10L-2-256H1L2-10z" fill="#1d1633"/><path d="M-98-40L-2-37" stroke="#1d1633" stroke-width="3.5"/>
  <path d="M1-252L104-33M-2-254L-92-20" stroke="#1d1633" stroke-width=".9" fill="none"/><path d="M0-256l-20 5 20 5z" fill="#e0566a"/>
  <path d="M-52-24q-1-22 4-26q8 2 10 14l6 12zM-38-22l8-12h40l12 12z" fill="#1d1633"/><circle cx="-47" cy="-54" r="4.6" fill="#1d1633"/>
  <path d="M-94-24Q0-12 106-33Q90-4 68 4H-66Q-86-4-94-24z" fill="#1d1633"/>
  <path d="M-92-21Q0-9 103-30" stroke="#d98a6e" stroke-width="2" fill="none"/></g>`;

const posts = (x, y) => `<g transform="translate(${x} ${y})" fill="#130f28">
  <path d="M-62 10l3-150q10-8 21 0l3 150zM2 10l2-226q12-8 24 0l3 226zM64 10l-2-118q11-8 22 0l4 118z"/>
  <path d="M-60-92l90-14v9l-90 15zM-58-60l140 20v9l-140-19z"/>
  <path d="M14-216v-34M4-216h24M3-250h22l-3-7h-16zM11-257h6v-7h-6z" stroke="#130f28" stroke-width="3"/>
  <path d="M5-248h18l2 30h-22z" fill="#ffd88f"/><path d="M14-250v34" stroke="#130f28" stroke-width="1.5"/>
  <path d="M60-114q4-18 22-21q3-8 10-6l8 4-8 2q-1 16-14 20l-24 6z" /></g>`;

const gull = (x, y, s) =>
  `<path transform="translate(${x} ${y}) scale(${s})" d="M-30-9Q-14-14 0 0Q14-15 32-11Q14-10 2 6Q0 8-3 5Q-14-8-30-9z" fill="#2a1c44"/>`;

export async function harbour() {
  const canvas = new Canvas(WIDTH, HEIGHT);
  paintStars(canvas);
  paintSky(canvas);
  for (const ridge of RIDGES) paintRidge(canvas, ridge);
  const { body, lights } = town();
  canvas.over(await layer(WIDTH, HORIZON, body));
  for (const [x, y, r, strength] of lights) {
    canvas.glow(x, y, r, LAMP, strength * 0.35);
    canvas.glow(x, y, r / 4, LAMP, strength * 1.6);
  }
  const hulls = '#1f1735';
  const plane = async (waterline, shapes) => ({ ...(await layer(WIDTH, waterline + 8, shapes)), waterline });
  const afloat = [
    await plane(
      942,
      gull(1180, 470, 0.8) +
        gull(1270, 430, 0.6) +
        gull(1110, 400, 0.5) +
        yacht(420, 942, 0.62, 1, hulls) +
        yacht(600, 940, 0.56, -1, hulls) +
        yacht(2130, 940, 0.6, 0, hulls),
    ),
    await plane(985, yacht(250, 985, 1.02, -1, hulls) + yacht(2290, 985, 0.95, 1, hulls)),
    await plane(1090, sloop(1030, 1090, 1.36)),
    await plane(1350, posts(2050, 1350)),
  ];
  sea(canvas, { horizon: HORIZON, deep: rgb('#141a3f'), swell: 400, seed: 4, afloat });
  canvas.glow(2064, 1118, 90, LAMP, 0.32);
  canvas.glow(2064, 1118, 24, LAMP, 0.8);
  return canvas.develop(3, 99).jpeg({ quality: 85, chromaSubsampling: '4:2:0', mozjpeg: true });
}
