import { between } from './chance.mjs';

/** Pictures of a page as `{ rank, w, h, dpr, f, q }`: `rank` is an original's, sides are CSS pixels. `draw` gives a rank. */
export const PAGES = {
  web: shopPage,
  widget: shopPage,
  template: shopPage,
  search: (visit) => tiles(visit, 24),
  cms: (visit) => [...article(visit), ...cards(visit, 4)],
  app: appList,
  mail: newsletter,
  partner: (visit) => listOf(10, visit, () => ({ w: 600, h: 600, dpr: 1, f: 'jpeg' })),
};

const CARD = 300;
const HERO_WIDTHS = [480, 768, 1080, 1440, 1920, 2560];
const ARTICLE_WIDTHS = [360, 540, 720, 960, 1280, 1600];
const ARTICLE_WIDTH = 720;

function listOf(count, { draw }, picture) {
  return Array.from({ length: count }, () => ({ rank: draw(), ...picture() }));
}

function shopPage(visit) {
  return visit.random() < 0.4 ? product(visit) : cards(visit, 24);
}

/** Squares with candidates for 1x, 2x and 3x; the browser takes the first that is enough. */
function cards(visit, count) {
  const dpr = density(visit.dpr);
  return listOf(count, visit, () => ({ w: CARD, h: CARD, dpr, f: 'auto' }));
}

/** One large picture by width descriptors, thumbnails of it and its like, and what others bought. */
function product(visit) {
  const hero = { rank: visit.draw(), w: candidate(HERO_WIDTHS, visit.viewport * visit.dpr), dpr: 1, f: 'auto' };
  const thumbnails = listOf(4, visit, () => ({ w: 80, h: 80, dpr: density(visit.dpr), f: 'auto' }));
  return [hero, { ...thumbnails[0], rank: hero.rank }, ...thumbnails.slice(1), ...cards(visit, 8)];
}

/** Squares as wide as a column turns out to be; a tidy site takes cards there. */
function tiles(visit, count) {
  if (!visit.kinds.measured) return cards(visit, count);
  const columns = visit.viewport < 600 ? 2 : visit.viewport < 1000 ? 3 : 4;
  const side = Math.round((Math.min(visit.viewport, 1320) - 32 - (columns - 1) * 12) / columns);
  return listOf(count, visit, () => ({ w: side, h: side, dpr: visit.dpr, f: 'auto' }));
}

/** Older articles name a format; newer ones leave it to the browser, and ask for a quality. */
function article(visit) {
  const w = candidate(ARTICLE_WIDTHS, Math.min(visit.viewport, ARTICLE_WIDTH) * visit.dpr);
  const isOld = visit.random() < 0.4;
  return listOf(5, visit, () => ({ w, dpr: 1, ...(isOld ? { f: 'jpeg' } : { f: 'auto', q: 70 }) }));
}

function appList(visit) {
  return listOf(between(8, 20, visit.random), visit, () => ({ w: 180, h: 180, dpr: visit.dpr, f: 'webp' }));
}

/** Mail is written once for all: at twice its width. */
function newsletter(visit) {
  return listOf(6, visit, () => ({ w: 560, dpr: 2, f: 'jpeg' }));
}

function density(dpr) {
  return [1, 2, 3].find((one) => one >= dpr) ?? 3;
}

function candidate(widths, pixels) {
  return widths.find((width) => width >= pixels) ?? widths.at(-1);
}
