import { eventOf, keyOf } from './function.mjs';

/** What the README's allow-list names, as far as the log has it. */
const ALLOWED = new Set(['w', 'h', 'crop', 'fit', 'pos', 'dpr', 'enlarge', 'f', 'q']);

/** The five ways to a cache's key, as `{ name, title, policy, key }`; `policy` is also the origin's. */
export function keyings({ plain, ladders }) {
  return [
    { name: 'a', title: 'a: URL as it came, Accept as it came', of: plain, key: asItCame },
    { name: 'b', title: 'b: allow-list in its order, Accept as it came', of: plain, key: allowed },
    { name: 'c', title: 'c: allow-list sorted, Accept by three lines', of: plain, key: sorted },
    { name: 'd', title: 'd: edge function', of: plain, key: byFunction(plain.handler) },
    { name: 'e', title: 'e: edge function, ladders', of: ladders, key: byFunction(ladders.handler) },
  ].map(({ of, ...keying }) => ({ ...keying, policy: of.policy }));
}

function asItCame({ target, accept = '' }) {
  return `${target}\n${accept}`;
}

function allowed({ target, accept = '' }) {
  const [path, query] = split(target);
  return `${path}?${query.join('&')}\n${accept}`;
}

/** What is usually written first: three formats, and parameters by name. */
function sorted({ target, accept = '' }) {
  const [path, query] = split(target);
  return `${path}?${query.sort().join('&')}\n${formatOf(accept)}`;
}

function formatOf(accept) {
  if (accept.includes('image/avif')) return 'avif';
  return accept.includes('image/webp') ? 'webp' : '';
}

function split(target) {
  const mark = target.indexOf('?');
  const query = target.slice(mark + 1).split('&');
  return [target.slice(0, mark), query.filter((pair) => ALLOWED.has(pair.slice(0, pair.indexOf('='))))];
}

function byFunction(handler) {
  return (request) => keyOf(handler(eventOf(request)));
}
