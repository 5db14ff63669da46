import { EDGES } from './log.mjs';

/** `s-maxage` and `stale-while-revalidate` of the default `CACHE_CONTROL`, in seconds. */
const FRESH = 86_400;
const STALE = 86_400;
/** `CACHE_MEMORY_BYTES`, the default. */
const ORIGIN_BYTES = 128 * 2 ** 20;

/** Least recently used entries go when a cache is full; `at` is when the origin last said that an entry holds. */
function makeCache(capacity) {
  const entries = new Map();
  let used = 0;
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    add(key, entry) {
      entries.set(key, entry);
      used += entry.bytes;
      for (const [oldest, { bytes }] of entries) {
        if (used <= capacity) break;
        entries.delete(oldest);
        used -= bytes;
      }
    },
  };
}

/**
 * A log through caches of a CDN: one for each place, a shield that all of them ask, and the origin. `keys` and `variants` are numbers by request, `bytes`
 * by variant.
 */
export function runCdn({ times, edges, ids }, { keys, variants, bytes }, { edgeBytes, shieldBytes }) {
  const count = newCount();
  const places = Array.from({ length: EDGES }, () => makeCache(edgeBytes));
  const [shield, memory] = [makeCache(shieldBytes), makeCache(ORIGIN_BYTES)];
  const made = new Set();
  for (let index = 0; index < ids.length; index++) {
    const [key, variant] = [keys[ids[index]], variants[ids[index]]];
    const request = { key, variant, bytes: bytes[variant], now: times[index] };
    count.bytes += request.bytes;
    const waits = askEdge(places[edges[index]], request, (held) =>
      askShield(shield, request, held, () => askOrigin(memory, made, request, count), count),
    );
    countAnswer(count, waits, request.bytes);
  }
  return { ...count, requests: ids.length, variants: made.size, entries: new Set(keys).size };
}

function newCount() {
  return {
    bytes: 0,
    edgeHits: 0,
    edgeHitBytes: 0,
    shieldHits: 0,
    shieldHitBytes: 0,
    originRequests: 0,
    originBytes: 0,
    transforms: 0,
  };
}

/** Which cache a client waits for, and answers of its own: `edge`, `shield` or `origin`. */
function askEdge(cache, { key, bytes, now }, askNext) {
  const entry = cache.get(key);
  if (entry === undefined) {
    const { at, waits } = askNext(false);
    cache.add(key, { at, bytes });
    return waits;
  }
  const age = now - entry.at;
  if (age <= FRESH) return 'edge';
  const { at, waits } = askNext(true);
  entry.at = at;
  // Sent at once, and asked about behind the answer.
  return age <= FRESH + STALE ? 'edge' : waits;
}

/** `held`: the edge has the bytes and asks whether they hold. */
function askShield(cache, { key, bytes, now }, held, askNext, count) {
  const entry = cache.get(key);
  if (entry !== undefined && now - entry.at <= FRESH) return { at: entry.at, waits: 'shield' };
  count.originRequests += 1;
  if (entry !== undefined) {
    // A 304: no bytes, and nothing is made.
    const isSent = now - entry.at <= FRESH + STALE;
    entry.at = now;
    return { at: now, waits: isSent ? 'shield' : 'origin' };
  }
  if (!held) askNext();
  if (!held) cache.add(key, { at: now, bytes });
  return { at: now, waits: 'origin' };
}

function askOrigin(memory, made, { variant, bytes }, count) {
  count.originBytes += bytes;
  made.add(variant);
  if (memory.get(variant) !== undefined) return;
  count.transforms += 1;
  memory.add(variant, { bytes });
}

function countAnswer(count, waits, bytes) {
  if (waits === 'edge') {
    count.edgeHits += 1;
    count.edgeHitBytes += bytes;
  }
  if (waits !== 'origin') {
    count.shieldHits += 1;
    count.shieldHitBytes += bytes;
  }
}
