/** Other ways to write a canonical URL, which mean the same by the README's table of options. */

/** A generator of its own (a linear congruential one), so that the same seed is the same vectors on every machine. */
export function createRandom(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  return { below, pick, chance: (share) => next() < share };
}

/** Values by option and canonical text: what else may be written. */
const VALUES = {
  f: {
    jpeg: ['jpg', 'JPEG', 'JpG'],
    webp: ['WebP', 'WEBP'],
    avif: ['AVIF'],
    png: ['Png'],
    gif: ['GIF'],
    auto: ['AUTO', 'Auto'],
  },
  pos: {
    'right+top': ['top+right', 'right%20top', 'TOP%20Right'],
    top: ['TOP', 'centre+top', 'top%20center'],
    '0.3,0.25': ['.3,.25', '0.30,0.250', '0.3%2C0.25'],
  },
  bg: {
    ffffff: ['white', 'fff', '%23fff', 'FFF', 'FFFFFFFF', 'ffff'],
    '000000': ['black', '000', '%23000000', '000f'],
    ff000080: ['FF000080', '%23ff000080'],
  },
  crop: { '0.1,0.1,0.5,0.5': ['0.10,0.1,0.50,0.5'], '10,20,300,200': ['010,20,300,0200', '10%2C20%2C300%2C200'] },
  pad: { '10,20,30,40': ['010,20,30,40', '10%2C20,30,40'] },
  blur: { 2.5: ['2.50', '2.46', '2.54'] },
  sharpen: { 1: ['1.0', '01', '1.04'] },
  trim: { 10: ['010'] },
  rot: { 90: ['90'], 180: ['180'] },
};

/** What an option means anyway, where it is not there. */
const USUAL = {
  fit: ['cover'],
  pos: ['centre', 'center', '0.5,0.5', 'CENTRE'],
  dpr: ['1', '1.0'],
  enlarge: ['1'],
  anim: ['1'],
};

const QUALITIES = { jpeg: '75', webp: '80', avif: '60', png: '33', gif: '7' };

const JUNK = [
  'utm_source=news',
  'utm_campaign=a%26b',
  'fbclid=IwAR0x',
  'gclid=1',
  'v=20261128',
  '_=1732780000',
  'ref',
  '',
  'W=7',
  'sig=',
  '%=1',
];

/** One other spelling of a canonical URL without an upload's or a signature's options. */
export function respell(url, random) {
  const [path, query = ''] = url.split('?');
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
  const parts = [...respellPairs(pairs, random), ...extra(pairs, random)];
  const text = shuffled(parts, random).join('&');
  return `${respellPath(path, random)}${text === '' && query === '' ? '' : `?${text}`}`;
}

function respellPairs(pairs, random) {
  const sides = pairs.filter(([name]) => name === 'w' || name === 'h');
  const isHalved = sides.length > 0 && !pairs.some(([name]) => name === 'pad') && random.chance(0.3);
  const written = pairs.map(([name, value]) => {
    const text = sides.some(([side]) => side === name) ? side(value, isHalved, random) : other(name, value, random);
    return `${random.chance(0.1) ? escapedFirst(name) : name}=${text}`;
  });
  return isHalved ? [...written, 'dpr=2'] : written;
}

function side(value, isHalved, random) {
  if (isHalved) return String(Number(value) / 2);
  return random.pick([
    value,
    value,
    `0${value}`,
    `${value}.0`,
    `${value}.4`,
    `${Number(value) - 1}.6`,
    escapedFirst(value),
  ]);
}

function other(name, value, random) {
  const known = VALUES[name]?.[value];
  return known && random.chance(0.7) ? random.pick(known) : value;
}

function extra(pairs, random) {
  const names = pairs.map(([name]) => name);
  const f = pairs.find(([name]) => name === 'f')?.[1];
  const usual = Object.keys(USUAL).filter((name) => !names.includes(name) && name !== 'dpr' && random.chance(0.2));
  // Where there is a box alone, what stands for it may be said; a picture is asked for in all of these, but by "dl" alone.
  const said = pairs.some(([name]) => name !== 'dl') ? usual.map((name) => `${name}=${random.pick(USUAL[name])}`) : [];
  const quality = QUALITIES[f] !== undefined && !names.includes('q') && random.chance(0.5) ? [`q=${QUALITIES[f]}`] : [];
  const junk = JUNK.filter(() => random.chance(0.12));
  const empty = ['h', 'q', 'crop'].filter((name) => !names.includes(name) && !quality.length && random.chance(0.1));
  return [...said, ...quality, ...junk, ...empty.map((name) => `${name}=`)];
}

function respellPath(path, random) {
  if (random.chance(0.5)) return path;
  const lower = path.replace(/%[0-9A-F]{2}/g, (triplet) => triplet.toLowerCase());
  const spelt = random.chance(0.5)
    ? lower
    : path
        .replace(/%40/g, '@')
        .replace(/%2B/g, '+')
        .replace(/%2[7-9]|%21/g, decodeURIComponent);
  return random.chance(0.5) ? spelt.replace(/(?<!%[0-9a-f]?)[a-z](?=[^/]*$)/i, escapedFirst) : spelt;
}

function escapedFirst(text) {
  return `%${text.charCodeAt(0).toString(16).toUpperCase()}${text.slice(1)}`;
}

function shuffled(list, random) {
  const rest = [...list];
  const result = [];
  while (rest.length > 0) result.push(...rest.splice(random.below(rest.length), 1));
  return result;
}
