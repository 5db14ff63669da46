import type { Options } from './options.ts';

/** `snap`: a number goes up to the next rung. `allow`: one that is on no rung is a bad option. */
export type LadderMode = 'snap' | 'allow';

/** The numbers that pictures are made in, each list ascending; an empty one leaves every number. */
export interface Ladders {
  readonly mode: LadderMode;
  /** Pixels, after `dpr`. */
  readonly w: readonly number[];
  readonly h: readonly number[];
  readonly q: readonly number[];
}

export const NO_LADDERS: Ladders = { mode: 'snap', w: [], h: [], q: [] };

/** What ladders are about; the sides are pixels, within the limits. */
export type Rungs = Pick<Options, 'w' | 'h' | 'q'>;

/** Largest sides, in pixels. */
interface Limits {
  readonly maxWidth: number;
  readonly maxHeight: number;
}

const NAMES = ['w', 'h', 'q'] as const;

/**
 * Each number on its rung. A box is scaled as a whole and keeps its shape; only where both sides have a ladder, the height goes to a rung of
 * its own after that: otherwise one width with every height would be as many pictures as there are heights.
 */
export function snapped({ w, h, q }: Rungs, ladders: Ladders, limits: Limits): Rungs {
  return {
    ...(w !== undefined && h !== undefined ? snappedBox(w, h, ladders, limits) : snappedSide(w, h, ladders)),
    ...(q !== undefined && { q: rungFor(q, ladders.q) }),
  };
}

/** The first that is on no rung of its ladder. */
export function offLadder(given: Rungs, ladders: Ladders): (typeof NAMES)[number] | undefined {
  return NAMES.find((name) => {
    const [value, ladder] = [given[name], ladders[name]];
    return value !== undefined && ladder.length > 0 && ladder.indexOf(value) < 0;
  });
}

function snappedSide(w: number | undefined, h: number | undefined, ladders: Ladders): Rungs {
  return {
    ...(w !== undefined && { w: rungFor(w, ladders.w) }),
    ...(h !== undefined && { h: rungFor(h, ladders.h) }),
  };
}

function snappedBox(w: number, h: number, ladders: Ladders, { maxWidth, maxHeight }: Limits): Rungs {
  if (ladders.w.length > 0 && ladders.h.length > 0) {
    const width = rungFor(w, ladders.w);
    return { w: width, h: rungFor(inProportion(h, width / w), ladders.h) };
  }
  if (ladders.w.length > 0) {
    const width = rungWithin(w, ladders.w, (maxHeight / h) * w);
    return { w: width, h: Math.min(maxHeight, inProportion(h, width / w)) };
  }
  const height = rungWithin(h, ladders.h, (maxWidth / w) * h);
  return { w: Math.min(maxWidth, inProportion(w, height / h)), h: height };
}

function inProportion(side: number, factor: number): number {
  return Math.max(1, Math.round(side * factor));
}

/** The next rung above a number, or the highest. */
function rungFor(value: number, ladder: readonly number[]): number {
  return ladder.find((rung) => rung >= value) ?? ladder[ladder.length - 1] ?? value;
}

/** The same, where the other side has room for it; else the next one that has, or the lowest, and the shape gives way. */
function rungWithin(value: number, ladder: readonly number[], room: number): number {
  const wanted = rungFor(value, ladder);
  const fitting = ladder.filter((rung) => rung <= wanted && (rung <= value || rung <= room));
  return fitting[fitting.length - 1] ?? ladder[0] ?? value;
}
