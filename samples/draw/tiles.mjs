import sharp from 'sharp';
import { random, svg } from './canvas.mjs';

const [WIDTH, HEIGHT, TILE, GAP, LEFT, TOP] = [1600, 1067, 170, 7, 7, 6];
const INK = '#15163a';
const CREAM = '#fff3dc';
const RED = '#ff1230';
const BLUE = '#1226ff';
const PAPERS = [INK, CREAM, RED, BLUE, '#ffc21f', '#00b39a', '#ff8fb6', '#ff7a1f', '#bfe3ff'];
// What reads well on each paper.
const PENS = {
  [INK]: [CREAM, '#ffc21f', '#ff8fb6', '#00b39a', RED],
  [CREAM]: [INK, RED, BLUE, '#00b39a', '#ff7a1f'],
  [RED]: [CREAM, BLUE, INK, '#ff8fb6', '#ffc21f'],
  [BLUE]: [RED, CREAM, '#bfe3ff', '#ffc21f', '#ff8fb6'],
  '#ffc21f': [INK, RED, BLUE, CREAM],
  '#00b39a': [CREAM, INK, '#ffc21f', BLUE],
  '#ff8fb6': [RED, INK, CREAM, BLUE],
  '#ff7a1f': [INK, CREAM, BLUE, '#ffc21f'],
  '#bfe3ff': [BLUE, RED, INK, CREAM],
};

const range = (n, make) => Array.from({ length: n }, (_, i) => make(i)).join('');
const fill = (d, colour) => `<path d="${d}" fill="${colour}" fill-rule="evenodd"/>`;
const rect = (x, y, w, h, colour) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${colour}"/>`;
const ring = (r, colour, width, x = 85, y = 85) =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
const disc = (x, y, r, colour) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${colour}"/>`;

// Plain ornaments: drawn on a paper with two pens, then turned by quarters.
const ORNAMENTS = [
  (a, b) => fill('M0 0h170a170 170 0 0 1-170 170z', a) + fill('M0 0h85a85 85 0 0 1-85 85z', b),
  (a, b) => fill('M0 85a85 85 0 0 1 170 0z', a) + fill('M0 170a85 85 0 0 1 170 0z', b),
  (a, b) => fill('M0 0Q170 0 170 170Q0 170 0 0z', a) + disc(85, 85, 26, b),
  (a, b) => range(4, (i) => ring(150 - i * 40, i % 2 ? b : a, 20, 0, 170)),
  (a, b) => fill('M0 0L170 170H0z', a) + fill('M170 0L85 85L170 170z', b),
  (a, b) => range(9, (i) => disc(30 + (i % 3) * 55, 30 + Math.floor(i / 3) * 55, 19, i % 2 ? b : a)),
  (a, b) =>
    fill('M85 0a85 85 0 0 1-85 85V0zM85 0a85 85 0 0 0 85 85V0zM0 85a85 85 0 0 1 85 85H0z', a) +
    fill('M170 85a85 85 0 0 0-85 85h85z', b),
  (a, b) => range(4, (i) => rect(0, i * 42.5, 170 - i * 42.5, 42.5, i % 2 ? b : a)),
  (a, b) => fill('M15 85a70 70 0 0 0 140 0z', a) + fill('M15 85a70 70 0 0 1 140 0z', b),
  (a, b) => fill('M85 8L162 85L85 162L8 85z', a) + fill('M85 46L124 85L85 124L46 85z', b),
];

// A three by five letter is five octal digits, a row each.
const FONT = {
  A: '25755',
  B: '65656',
  C: '34443',
  D: '65556',
  E: '74647',
  F: '74644',
  G: '34553',
  H: '55755',
  I: '72227',
  L: '44447',
  M: '57755',
  N: '65555',
  O: '25552',
  P: '65644',
  R: '65655',
  S: '34216',
  T: '72222',
  U: '55557',
  V: '55552',
  W: '55775',
  X: '55255',
  Y: '55222',
};

function text(words, x, y, dot, colour) {
  const squares = [...words].map((letter, i) =>
    [...(FONT[letter] ?? '00000')]
      .map((row, r) =>
        [4, 2, 1]
          .map((bit, c) => (row & bit ? `M${x + (i * 4 + c) * dot} ${y + r * dot}h${dot}v${dot}h${-dot}z` : ''))
          .join(''),
      )
      .join(''),
  );
  return `<path shape-rendering="crispEdges" d="${squares.join('')}" fill="${colour}"/>`;
}

const page = (a, b) =>
  rect(0, 0, 170, 170, a) +
  text('LIGHT', 15, 16, 7, b) +
  text('SOFTLY', 15, 62, 5, b) +
  text('GLOWING ON', 15, 96, 3, b) +
  text('EVERY SURFACE', 15, 119, 2, b) +
  text('OF A STILL HARBOUR', 15, 136, 2, b) +
  text('SHARP EDGES STAY SHARP IN COLOUR', 15, 153, 1, b);

const star = (a, b) =>
  rect(0, 0, 170, 170, a) +
  range(36, (i) => {
    const [from, to] = [i, i + 0.5].map((t) => (t / 36) * 2 * Math.PI);
    const at = (t) => `${(85 + 80 * Math.cos(t)).toFixed(2)} ${(85 + 80 * Math.sin(t)).toFixed(2)}`;
    return fill(`M85 85L${at(from)}A80 80 0 0 1 ${at(to)}z`, b);
  });

const gratings = (a, b) =>
  rect(0, 0, 170, 170, a) +
  [1, 2, 3, 4, 6]
    .map((w, row) => range(Math.ceil(85 / w), (i) => rect(i * w * 2, row * 34, Math.min(w, 170 - i * w * 2), 34, b)))
    .join('');

const checks = (a, b) =>
  rect(0, 0, 170, 170, a) +
  [1, 2, 5, 17]
    .map((s, k) => {
      let d = '';
      for (let y = 0; y * s < 85; y++)
        for (let x = y % 2; x * s < 85; x += 2) d += `M${x * s} ${y * s}h${s}v${s}h${-s}z`;
      return `<path transform="translate(${(k % 2) * 85} ${Math.floor(k / 2) * 85})" shape-rendering="crispEdges" d="${d}" fill="${b}"/>`;
    })
    .join('');

const fan = (a, b) =>
  rect(0, 0, 170, 170, a) +
  range(
    31,
    (i) =>
      `<path d="M0 170L${170 * Math.sin((i / 60) * Math.PI) * 1.5} ${170 - 170 * Math.cos((i / 60) * Math.PI) * 1.5}" stroke="${b}" stroke-width="1"/>`,
  );

const rings = (a, b) => rect(0, 0, 170, 170, a) + range(14, (i) => ring(6 * i + 4, b, 0.6 + i * 0.2));

const ramp = (id, stops, turn) =>
  `<linearGradient id="${id}" gradientTransform="rotate(${turn} .5 .5)">${stops.map((c, i) => `<stop offset="${i / (stops.length - 1)}" stop-color="${c}"/>`).join('')}</linearGradient>${rect(0, 0, 170, 170, `url(#${id})`)}`;

const RAINBOW = ['#ff0000', '#ffff00', '#00ff00', '#00ffff', '#0000ff', '#ff00ff', '#ff0000'];
const greys = () =>
  ramp('grey', ['#000', '#fff'], 0) +
  range(11, (i) => rect(i * 15.5, 85, 15.5, 85, `rgb(${i * 25.5},${i * 25.5},${i * 25.5})`));
const hues = () => ramp('hue', RAINBOW, 0) + ramp('dark', ['#0000', '#000'], 90);
const glow = () =>
  `<radialGradient id="glow" cy=".6" r=".8"><stop stop-color="#fff6d8"/><stop offset=".35" stop-color="#ffb545"/><stop offset=".7" stop-color="#e0366c"/><stop offset="1" stop-color="#2a1466"/></radialGradient>${rect(0, 0, 170, 170, 'url(#glow)')}`;

const LETTERS = {
  L: 'M0 0h4v8h8v4H0z',
  A: 'M0 12V6a6 6 0 0 1 12 0v6H8.5V10h-5v2zM6 4a2 2 0 1 0 .01 0z',
  M: 'M0 12V0h3.5L6 4.5 8.5 0H12v12H8.7V6L6 10.5 3.3 6v6z',
  B: 'M0 0h8.2a3.2 3.2 0 0 1 2 5.7A3.3 3.3 0 0 1 8.7 12H0zM3.6 2.8v2h3.6a1 1 0 0 0 0-2zM3.6 7.2v2h4a1 1 0 0 0 0-2z',
  E: 'M0 0h12v3.2H4v1.2h7v3.2H4v1.2h8V12H0z',
  N: 'M0 12V0h3.8l4.4 6.4V0H12v12H8.2L3.8 5.6V12z',
  T: 'M0 0h12v3.6H7.9V12H4.1V3.6H0z',
};
const letter = (name, paper, pen) =>
  `${rect(0, 0, 170, 170, paper)}<g transform="translate(31 31) scale(9)">${fill(LETTERS[name], pen)}</g>`;

const SPECIAL = {
  '1,0': star(CREAM, INK),
  '4,0': gratings(CREAM, INK),
  '7,0': hues(),
  '0,1': checks(RED, BLUE),
  '3,1': rings(BLUE, RED),
  '6,1': fan(INK, CREAM),
  '8,1': page(CREAM, INK),
  '2,3': page(BLUE, RED),
  '5,3': glow(),
  '8,3': gratings(RED, BLUE),
  '0,4': greys(),
  '3,4': rings(CREAM, INK),
  '6,4': star(RED, BLUE),
  '1,5': fan(RED, '#00b39a'),
  '4,5': checks(CREAM, INK),
};
const NAME = [
  [INK, '#ffc21f'],
  [RED, CREAM],
  ['#ffc21f', INK],
  [BLUE, CREAM],
  ['#00b39a', CREAM],
  ['#ff8fb6', RED],
  [INK, '#ff8fb6'],
];
for (const [i, name] of [...'LAMBENT'].entries()) SPECIAL[`${i + 1},2`] = letter(name, ...NAME[i]);

function ornament(next, taken) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  const paper = pick(PAPERS.filter((p) => !taken.includes(p)));
  const pen = pick(PENS[paper]);
  const other = pick(PENS[paper].filter((p) => p !== pen));
  const shape = pick(ORNAMENTS.filter((o) => !taken.includes(o)));
  const drawing = shape(pen, other);
  return {
    paper,
    shape,
    tile: `${rect(0, 0, 170, 170, paper)}<g transform="rotate(${Math.floor(next() * 4) * 90} 85 85)">${drawing}</g>`,
  };
}

export function tiles() {
  const next = random(2024);
  const drawn = {};
  let body = `<clipPath id="tile"><rect width="${TILE}" height="${TILE}"/></clipPath>${rect(0, 0, WIDTH, HEIGHT, '#0d0e26')}`;
  for (let row = 0; row < 6; row++)
    for (let column = 0; column < 9; column++) {
      const around = [drawn[`${column - 1},${row}`], drawn[`${column},${row - 1}`], drawn[`${column - 1},${row - 1}`]];
      const { paper, shape, tile } = ornament(next, around.flat());
      drawn[`${column},${row}`] = [paper, shape];
      const at = `translate(${LEFT + column * (TILE + GAP)} ${TOP + row * (TILE + GAP)})`;
      body += `<g transform="${at}" clip-path="url(#tile)">${SPECIAL[`${column},${row}`] ?? tile}</g>`;
    }
  // Lossless, as a lossy WebP has already halved its colour.
  return sharp(svg(WIDTH, HEIGHT, body))
    .removeAlpha()
    .webp({ lossless: true, effort: 6 });
}
