/** A point of a picture by fractions of its sides, 0 at the left and at the top. */
export interface Anchor {
  readonly x: number;
  readonly y: number;
  /** Whether the point is to be in the middle of what is kept, and not at the same place of it as of the whole. */
  readonly isFocus: boolean;
}

const ACROSS: Readonly<Record<string, number>> = { left: 0, right: 1 };
const DOWN: Readonly<Record<string, number>> = { top: 0, bottom: 1 };
const CENTRE: Anchor = { x: 0.5, y: 0.5, isFocus: false };

/** How a part is found by looking at the picture. */
export type Strategy = 'entropy' | 'attention';

/**
 * `pos` in canonical form: `right`, `top`, `right top`, …, a strategy, or a focal point `0.3,0.5`. Undefined when the text is no
 * position; the centre, however it is spelt, is `centre`.
 */
export function parsePosition(text: string): string | undefined {
  return parseFocus(text) ?? strategyOf(text) ?? parseSides(text);
}

/** The strategy that a position is, if it is one. */
export function strategyOf(position: string | undefined): Strategy | undefined {
  return position === 'entropy' || position === 'attention' ? position : undefined;
}

/** What a position in canonical form means; to begin with, a strategy means the centre. */
export function anchorOf(position: string | undefined): Anchor {
  if (position === undefined || position === 'centre') return CENTRE;
  const comma = position.indexOf(',');
  if (comma > 0) {
    return { x: Number(position.slice(0, comma)), y: Number(position.slice(comma + 1)), isFocus: true };
  }
  const words = position.split(' ');
  return { x: placeOf(words, ACROSS), y: placeOf(words, DOWN), isFocus: false };
}

const FRACTION = /^(0(\.[0-9]{1,6})?|1(\.0{1,6})?|\.[0-9]{1,6})$/;

function parseFocus(text: string): string | undefined {
  const fractions = text.split(',');
  if (fractions.length !== 2 || !fractions.every((fraction) => FRACTION.test(fraction))) return undefined;
  const focus = fractions.map(Number).join(',');
  return focus === '0.5,0.5' ? 'centre' : focus;
}

/** One word, or one for each direction, in any order. */
function parseSides(text: string): string | undefined {
  const words = text.toLowerCase().split(' ');
  if (words.length > 2 || words.some((word) => !isSide(word, ACROSS) && !isSide(word, DOWN) && !isMiddle(word)))
    return undefined;
  const [across, down] = [ACROSS, DOWN].map((sides) => words.filter((word) => isSide(word, sides)));
  if (across === undefined || down === undefined || across.length > 1 || down.length > 1) return undefined;
  return [...across, ...down].join(' ') || 'centre';
}

function isMiddle(word: string): boolean {
  return word === 'centre' || word === 'center';
}

function isSide(word: string, sides: Readonly<Record<string, number>>): boolean {
  return Object.keys(sides).indexOf(word) >= 0;
}

function placeOf(words: readonly string[], sides: Readonly<Record<string, number>>): number {
  const word = words.find((candidate) => isSide(candidate, sides));
  return word === undefined ? 0.5 : (sides[word] as number);
}
