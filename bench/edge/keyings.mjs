import { eventOf, keyOf } from './function.mjs';
import { variantOf } from './variants.mjs';

/** What the README's allow-list names, as far as the log has it. */
const ALLOWED = new Set(['w', 'h', 'crop', 'fit', 'pos', 'dpr', 'enlarge', 'f', 'q']);

/** The five ways to a cache's key, as `{ name, title, key, variant }`, both of a request; `variant` is by the policy that the origin has then. */
export function keyings({ plain, ladders }) {
  const [ofPlain, ofLadders] = [plain, ladders].map(({ policy }) =>
    remembered((request) => variantOf(request, policy)),
  );
  return [
    { name: 'a', title: 'a: URL as it came, Accept as it came', key: asItCame, variant: ofPlain },
    { name: 'b', title: 'b: allow-list in its order, Accept as it came', key: allowed, variant: ofPlain },
    { name: 'c', title: 'c: allow-list sorted, Accept by three lines', key: sorted, variant: ofPlain },
    { name: 'd', title: 'd: edge function', key: byFunction(plain.handler), variant: ofPlain },
    { name: 'e', title: 'e: edge function, ladders', key: byFunction(ladders.handler), variant: ofLadders },
  ];
}

/** Logs have most of their requests in common, and what is made of one depends on nothing else. */
function remembered(answer) {
  const answers = new Map();
  return (request) => {
    const name = asItCame(request);
    if (!answers.has(name)) answers.set(name, answer(request));
    return answers.get(name);
  };
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
  return remembered((request) => keyOf(handler(eventOf(request))));
}
