/** A width of a picture in a list of candidates, in pixels. */
export interface OfferedWidth {
  /** What is asked for. */
  readonly asked: number;
  /** What comes, where nothing is enlarged. */
  readonly actual: number;
}

/** From a phone's thumbnail to a wide screen, where nobody says otherwise. */
export const USUAL_WIDTHS: readonly number[] = [320, 640, 960, 1280, 1920, 2560];

/**
 * The widths, ascending, in which an original this wide is offered: those below its own, then that one. Where there is a ladder, it is asked for by the
 * rung above it. All of them where the original's is not known.
 */
export function offeredWidths(
  widths: readonly number[],
  width = Infinity,
  ladder: readonly number[] = [],
): readonly OfferedWidth[] {
  const below = widths.filter((rung) => rung < width).map((rung) => ({ asked: rung, actual: rung }));
  if (below.length === widths.length) return below;
  return [...below, { asked: ladder.find((rung) => rung >= width) ?? width, actual: width }];
}
