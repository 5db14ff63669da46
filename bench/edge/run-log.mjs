import { runCdn } from './cdn.mjs';
import { makeLog } from './log.mjs';

/** A site's log, with keys and pictures as numbers for each way to a key. */
export function prepareSite(site, ways) {
  const log = makeLog(site);
  const numbered = ways.map((way) => {
    const { variants, bytes } = numberVariants(log.distinct, way.variant);
    return { ...way, variants, bytes, keys: numberKeys(log.distinct.map(way.key), variants, way.name) };
  });
  return { log, numbered };
}

/** That through caches of these sizes: records with rates in percent, one for each way. */
export function runPrepared({ log, numbered }, caches) {
  return numbered.map(({ name, title, ...numbers }) => ({ name, title, ...ratesOf(runCdn(log, numbers, caches)) }));
}

function numberVariants(distinct, variantOf) {
  const [numbers, bytes] = [new Map(), []];
  const variants = distinct.map((request) => {
    const variant = variantOf(request);
    if (!numbers.has(variant.name)) numbers.set(variant.name, bytes.push(variant.bytes) - 1);
    return numbers.get(variant.name);
  });
  return { variants, bytes };
}

/** Keys as numbers. One key with two pictures would be somebody's wrong picture, and no hit rate is worth that. */
function numberKeys(names, variants, way) {
  const [numbers, pictures] = [new Map(), []];
  return names.map((name, id) => {
    if (!numbers.has(name)) numbers.set(name, pictures.push(variants[id]) - 1);
    const number = numbers.get(name);
    if (pictures[number] !== variants[id]) throw new Error(`(${way}) has two pictures under one key: ${name}`);
    return number;
  });
}

function ratesOf(count) {
  const percent = (part, whole) => (100 * part) / whole;
  const { requests, bytes } = count;
  return {
    ...count,
    edge: percent(count.edgeHits, requests),
    shield: percent(count.shieldHits, requests),
    edgeBytes: percent(count.edgeHitBytes, bytes),
    perThousand: (1000 * count.originRequests) / requests,
    madePerThousand: (1000 * count.transforms) / requests,
    originGb: count.originBytes / 1e9,
    kbEach: bytes / requests / 1024,
  };
}
