import { measureCpu } from './edge/cpu.mjs';
import { buildFunction } from './edge/function.mjs';
import { keyings } from './edge/keyings.mjs';
import { EDGES, makeLog } from './edge/log.mjs';
import { prepareSite, runPrepared } from './edge/run-log.mjs';
import { KINDS } from './edge/spelling.mjs';
import { table } from './figures.mjs';

/** Widths that the pages of the log name, and steps between them for those that they do not. */
const LADDERS = {
  WIDTHS: '80,160,240,300,360,480,600,720,900,1080,1280,1440,1600,1920,2560',
  QUALITIES: '60,70,75,80',
};

const MB = 1e6;
const CACHES = { edgeBytes: 500 * MB, shieldBytes: 4_000 * MB };
const SMALL_CACHES = { edgeBytes: 50 * MB, shieldBytes: 400 * MB };
const SHOP = { requests: 90_000, keys: 1_500, exponent: 0.9 };
const SITES = [
  { site: 'reference', ...SHOP },
  { site: 'many photographs, few views', ...SHOP, requests: 24_000, keys: 10_000 },
  { site: 'few photographs, many views', ...SHOP, requests: 180_000, keys: 240 },
];
const UNTIDY = [
  { site: 'tidy: Accept alone differs', ...SHOP, untidy: [] },
  { site: '+ order, aliases, defaults, dpr said', ...SHOP, untidy: ['spelling'] },
  { site: '+ escapes', ...SHOP, untidy: ['encoding'] },
  { site: '+ tracking and cache busters', ...SHOP, untidy: ['junk'] },
  { site: '+ measured widths', ...SHOP, untidy: ['measured'] },
];

const COLUMNS = [
  ['key', 'title'],
  ['edge hits %', 'edge', 1],
  ['with shield %', 'shield', 1],
  ['edge hits, bytes %', 'edgeBytes', 1],
  ['origin requests per 1,000', 'perThousand', 1],
  ['made per 1,000', 'madePerThousand', 1],
  ['distinct pictures', 'variants', 0],
  ['entries for them', 'entries', 0],
  ['GB from origin', 'originGb', 2],
  ['KB per answer', 'kbEach', 1],
];
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const SITE_COLUMNS = [
  ['site', 'site'],
  ...NAMES.map((name) => [`${name} edge %`, `edge-${name}`, 1]),
  ...NAMES.map((name) => [`${name} origin`, `origin-${name}`, 0]),
];
const CPU_COLUMNS = [
  ['engine', 'engine'],
  ['µs per call', 'microseconds', 1],
];

/** What a CDN's cache hits by five keys, by a model: no CDN is asked. The edge function is the one that is deployed. */
export async function edge({ folder, rounds, progress }) {
  const plain = await buildFunction({});
  const ways = keyings({ plain, ladders: await buildFunction(LADDERS) });
  const cpu = await measureCpu(plain.code, makeLog({ ...SHOP, requests: 20_000 }).distinct, { folder, rounds });
  const run = ({ site, ...rest }) => {
    progress(`edge, ${site}`);
    const prepared = prepareSite(rest, ways);
    const small = { site: `${site}, caches of a tenth`, rates: runPrepared(prepared, SMALL_CACHES) };
    return [{ site, rates: runPrepared(prepared, CACHES) }, ...(rest.untidy ? [] : [small])];
  };
  const [sites, untidy] = [SITES.flatMap(run), UNTIDY.flatMap(run)];
  const records = sites[0].rates;
  return {
    title: `Edge: hits of a CDN's cache by its key, a model of ${EDGES} places and a shield`,
    columns: COLUMNS,
    records,
    notes: [
      'A model: no CDN is asked, the log is generated, and who comes and how URLs are written is assumed (docs/cdn.md, "Hit rate").',
      'Sites: hits at the edge, and requests to the origin per 1,000, through the shield.',
      table(SITE_COLUMNS, sites.map(inOneRow)),
      `The reference site with none of ${KINDS.length} kinds of untidiness, then with one of them at a time.`,
      table(SITE_COLUMNS, untidy.map(inOneRow)),
      `One call of the edge function of ${plain.code.length} bytes.`,
      table(CPU_COLUMNS, cpu),
    ],
    details: { sites, untidy, cpu },
  };
}

function inOneRow({ site, rates }) {
  const cells = rates.map(({ name, edge: hits, perThousand }) => ({
    [`edge-${name}`]: hits,
    [`origin-${name}`]: perThousand,
  }));
  return Object.assign({ site }, ...cells);
}
