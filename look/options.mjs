/**
 * What is looked at of each option. An option without a row fails the contact sheet, so that a new one cannot be forgotten; rows
 * of options that the service does not know are left out. Widths of 180 are shown pixel for pixel.
 */
const QUERIES = {
  w: ['w=180', 'w=60', 'w=180.5', 'w=0'],
  h: ['h=120', 'w=180&h=120', 'w=90&h=180'],
  crop: [
    'crop=0.25,0.25,0.5,0.5&w=180',
    'crop=0.5,0.0,0.5,1.0&h=180',
    'crop=400,300,160,120',
    'crop=0.5,0.5,0.9,0.9&w=180',
  ],
  rot: ['rot=90&w=180', 'rot=180&w=180', 'rot=270&w=180', 'rot=90&crop=0.0,0.0,0.5,1.0&h=180', 'rot=45'],
  flip: ['flip=h&w=180', 'flip=v&w=180', 'flip=hv&w=180', 'flip=h&rot=90&w=180'],
  trim: ['trim=10&w=180', 'trim=80&w=180', 'trim=10&w=180&f=jpeg', 'trim=10&w=180&h=180&fit=contain&bg=ffe0b0'],
  fit: [
    'w=180&h=90&fit=cover',
    'w=180&h=90&fit=contain',
    'w=180&h=90&fit=contain&f=jpeg',
    'w=180&h=90&fit=fill',
    'w=180&h=90&fit=inside',
    'w=180&h=90&fit=outside',
  ],
  pos: [
    'w=90&h=180&pos=left',
    'w=90&h=180&pos=centre',
    'w=90&h=180&pos=right',
    'w=180&h=60&pos=top',
    'w=180&h=60&pos=bottom',
    'w=90&h=90&pos=right+top',
    'w=90&h=180&pos=0.25,0.5',
    'w=180&h=60&pos=0.5,0.8',
    'w=180&h=90&fit=contain&bg=ffe0b0&pos=left',
    'w=90&h=180&pos=entropy',
    'w=90&h=180&pos=attention',
    'w=180&h=60&pos=entropy',
    'w=180&h=60&pos=attention',
    'w=90&h=90&pos=middle',
  ],
  dpr: ['w=90&dpr=2', 'w=180&dpr=0.5', 'w=60&h=60&dpr=3', 'w=70&pad=10,10,10,10&bg=ffe0b0&dpr=2'],
  enlarge: [
    'crop=0.5,0.5,0.02,0.02&w=180',
    'crop=0.5,0.5,0.02,0.02&w=180&enlarge=0',
    'crop=0.5,0.5,0.02,0.02&w=180&h=120&enlarge=0',
    'crop=0.5,0.5,0.02,0.02&w=180&h=120&fit=contain&bg=ffe0b0&enlarge=0',
  ],
  blur: ['blur=0.5&w=180', 'blur=3&w=180', 'blur=20&w=180', 'blur=3&w=180&pad=10,10,10,10&bg=ffe0b0', 'blur=500&w=180'],
  sharpen: ['w=180', 'sharpen=0.5&w=180', 'sharpen=1&w=180', 'sharpen=5&w=180'],
  pad: [
    'pad=5,15,25,35&w=130',
    'pad=5,15,25,35&w=130&bg=ffe0b0',
    'pad=5,15,25,35&w=130&f=jpeg',
    'pad=40,0,0,0&w=180&bg=0008',
  ],
  bg: [
    'bg=ffe0b0&w=180',
    'bg=ffe0b0&w=180&f=jpeg',
    'bg=teal&w=180&h=90&fit=contain',
    'bg=f008&w=180&h=90&fit=contain&f=png',
    'bg=f008&w=180&h=90&fit=contain&f=jpeg',
    'bg=nocolour&w=180',
  ],
  wm: [
    'wm=logo&w=180',
    'wm=logo&w=180&h=60',
    'wm=logo&w=180&pad=20,20,20,20&bg=ffe0b0',
    'wm=logo&w=180&rot=90',
    'wm=unheard&w=180',
  ],
  preset: ['preset=thumb', 'preset=thumb&w=90', 'preset=thumb&f=jpeg', 'preset=unheard&w=180'],
  colors: [
    'colors=2&w=180&f=png',
    'colors=8&w=180&f=png',
    'colors=64&w=180&f=png',
    'colors=8&w=180&f=gif',
    'colors=8&w=180&f=webp',
  ],
  anim: ['anim=0&w=180', 'anim=1&w=180', 'anim=1&w=180&f=webp', 'anim=0&w=180&f=webp', 'anim=1&w=180&f=avif'],
  f: ['f=jpeg&w=180', 'f=png&w=180', 'f=webp&w=180', 'f=avif&w=180', 'f=gif&w=180', 'f=auto&w=180', 'f=svg&w=180'],
  q: [
    'q=10&w=180&f=jpeg',
    'q=95&w=180&f=jpeg',
    'q=10&w=180&f=webp',
    'q=95&w=180&f=webp',
    'q=10&w=180&f=avif',
    'q=90&w=180&f=avif',
  ],
  exp: ['exp=1&w=180'],
  kid: ['kid=any&w=180'],
  sig: ['sig=none&w=180'],
  dl: ['dl=holiday.jpg&w=180', 'dl=h%C3%A4fen+%221%22.png&w=180&f=png'],
};

const ROWS = Object.entries(QUERIES).flatMap(([option, queries]) => queries.map((query) => ({ option, query })));

/** Of a folder too large for everything. */
export const FEW = ['jpeg', 'png', 'webp', 'avif', 'gif'].map((format) => ({
  option: 'f',
  query: `w=320&f=${format}`,
}));

/** Asked first: whether pixels come out of it. */
export const PROBE = { option: 'f', query: 'f=png&w=180' };

/** Asked next: what comes out without a format. */
export const FORMATLESS = { option: 'original', query: 'w=180' };

/** The original as it is: what the browser makes of it, beside what the service does. */
export const ORIGINAL = { option: 'original', query: '' };

/** Rows that ask for pixels where the picture would otherwise come as it is. */
export function asPixels(rows) {
  return rows.map(({ option, query }) => ({ option, query: /(^|&)f=/.test(query) ? query : `${query}&f=png` }));
}

/** The rows of the options that the service knows; throws when one of them has none. */
export function rowsOf(optionNames) {
  const forgotten = optionNames.filter((name) => !Object.hasOwn(QUERIES, name));
  if (forgotten.length > 0)
    throw new Error(`No rows in look/options.mjs for: ${forgotten.join(', ')}. Add what is to be looked at.`);
  return ROWS.filter(({ option }) => optionNames.includes(option));
}
