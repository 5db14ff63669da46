/** One number of a box: pixels when it is written without a point, else a part of the side. */
export interface Length {
  readonly value: number;
  readonly isPart: boolean;
}

/** `crop` in canonical form, `x,y,width,height`; undefined when the text is none, or would cut out nothing. */
export function parseCrop(text: string): string | undefined {
  const lengths = lengthsOf(text);
  if (lengths === undefined) return undefined;
  const [, , width, height] = lengths;
  const isWithin = lengths.every(({ value, isPart }) => !isPart || value <= 1);
  return isWithin && width?.value !== 0 && height?.value !== 0 ? lengths.map(print).join(',') : undefined;
}

/** The widest border that can be said, in CSS pixels: five digits, far above every limit. */
export const MAX_PAD = 99_999;

/** `pad` in canonical form, `top,right,bottom,left` in CSS pixels; undefined when the text is none. */
export function parsePad(text: string): string | undefined {
  if (!/^[0-9]{1,5}(,[0-9]{1,5}){3}$/.test(text)) return undefined;
  const sides = text.split(',').map(Number);
  return sides.every((side) => side === 0) ? undefined : sides.join(',');
}

/** The four lengths of a box in canonical form, or in any other. */
export function lengthsOf(text: string): readonly Length[] | undefined {
  const parts = text.split(',');
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]{1,6}(\.[0-9]{1,6})?$/.test(part))) return undefined;
  return parts.map((part) => ({ value: Number(part), isPart: part.indexOf('.') >= 0 }));
}

/** The whole as a part is 1.0: without its point it would be one pixel. */
function print({ value, isPart }: Length): string {
  return isPart && value === 1 ? '1.0' : String(value);
}
