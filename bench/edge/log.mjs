import { APPS, BOTS, BROWSERS, MAIL_READERS } from './browsers.mjs';
import { between, normal, picker, seeded, zipf } from './chance.mjs';
import { PAGES } from './pages.mjs';
import { KINDS, targetOf } from './spelling.mjs';

export const DAYS = 3;
const SECONDS = DAYS * 86_400;
/** Who comes how often, and for how many pages: assumed. Within a visit nothing is asked for twice under one URL (`max-age=3600`). */
const CHANNELS = [
  { channel: 'web', share: 28, clients: BROWSERS, pages: [1, 6] },
  { channel: 'widget', share: 14, clients: BROWSERS, pages: [1, 6] },
  { channel: 'template', share: 10, clients: BROWSERS, pages: [1, 6] },
  { channel: 'search', share: 18, clients: BROWSERS, pages: [1, 4] },
  { channel: 'cms', share: 12, clients: BROWSERS, pages: [1, 3] },
  { channel: 'app', share: 10, clients: APPS, pages: [1, 6] },
  { channel: 'mail', share: 4, clients: MAIL_READERS, pages: [1, 1] },
  { channel: 'partner', share: 1, clients: BROWSERS, pages: [1, 2] },
  { channel: 'web', share: 2, clients: BOTS, pages: [1, 8] },
  { channel: 'cms', share: 1, clients: BOTS, pages: [1, 8] },
];
/** Of visits of web pages, those that come by an advertisement or a shared link and whose page hands the identifier on to its pictures. */
const CLICKED = 0.01;
const CAMPAIGNS = 4;
/** Places with a cache of their own, the first with the most visitors. */
export const EDGES = 8;

/**
 * Requests in the order of time: `times` in seconds, `edges`, and `ids`, which are those of `distinct`: `{ target, accept, key }`. `untidy` names
 * the kinds of untidiness, all of them by default.
 */
export function makeLog({ requests, keys, exponent, seed = 1, untidy = KINDS }) {
  const random = seeded(seed);
  const kinds = Object.fromEntries(untidy.map((kind) => [kind, true]));
  // Junk draws from numbers of its own, so that the same visits come with it and without.
  const site = {
    random,
    junkRandom: seeded(seed + 2),
    kinds,
    rank: zipf(keys, exponent),
    names: originals(keys, seed),
  };
  const [drawChannel, drawEdge] = [picker(CHANNELS), zipf(EDGES, 0.7)];
  const clients = new Map(CHANNELS.map((one) => [one, picker(one.clients)]));
  const all = { entries: [], distinct: [], known: new Map() };
  while (all.entries.length < requests) {
    const from = drawChannel(random);
    addVisit(all, { ...from, client: clients.get(from)(random), edge: drawEdge(random) }, site);
  }
  const ordered = all.entries.sort((a, b) => a.time - b.time);
  return {
    times: Float64Array.from(ordered, ({ time }) => time),
    edges: Uint8Array.from(ordered, ({ edge }) => edge),
    ids: Uint32Array.from(ordered, ({ id }) => id),
    distinct: all.distinct,
  };
}

/**
 * Names as people give them: every sixth has spaces, letters beyond ASCII or brackets. How heavy a picture is, and where its subject is, which
 * boxes say of every tenth.
 */
function originals(count, seed) {
  const random = seeded(seed + 1);
  return Array.from({ length: count }, (_, index) => {
    const weight = Math.exp(0.5 * normal(random));
    const version = between(1, 3, random);
    const key = random() < 1 / 6 ? `photos/${index}/Größe (${index % 9}) front.jpg` : `photos/${index}/front.jpg`;
    return { key, weight, version, pos: index % 10 === 9 ? 'right top' : undefined };
  });
}

function addVisit(all, { channel, pages, client, edge }, site) {
  const { random, junkRandom, kinds } = site;
  const visit = { channel, kinds, random, junkRandom, draw: () => site.rank(random), ...screenOf(client, random) };
  visit.time = random() * SECONDS;
  visit.campaign = `week-${between(1, CAMPAIGNS, random)}`;
  visit.click = random() < CLICKED ? ['gclid', Math.floor(random() * 2 ** 48).toString(36)] : undefined;
  const seen = new Set();
  for (let left = between(...pages, random); left > 0; left--) {
    for (const picture of PAGES[channel](visit)) {
      const { key, version, weight, pos } = site.names[picture.rank];
      const target = targetOf({ ...picture, key, version, pos }, visit, kinds);
      if (seen.has(target)) continue;
      seen.add(target);
      const id = idOf(all, { target, accept: client.accept, weight });
      all.entries.push({ time: visit.time + random() * 2, edge, id });
    }
    visit.time += between(5, 90, random);
  }
}

/** A third of desktop windows are not as wide as their screen. */
function screenOf({ screens, hasWindow }, random) {
  const [width, dpr] = screens[Math.floor(random() * screens.length)];
  return { dpr, viewport: hasWindow && random() < 1 / 3 ? between(900, width, random) : width };
}

function idOf({ distinct, known }, request) {
  const name = `${request.target}\n${request.accept ?? ''}`;
  if (!known.has(name)) known.set(name, distinct.push(request) - 1);
  return known.get(name);
}
