/** How wide something is shown: a part of what it is in, or pixels. */
export type ShownWidth =
  | { readonly part: number; readonly pixels?: undefined }
  | { readonly pixels: number; readonly part?: undefined };

/** What a `style` attribute says of the width; the last declaration counts (CSS 2.2, 6.4.1). */
export function styledWidth(style: string): ShownWidth | undefined {
  const width = declared(style, 'width');
  return width === undefined ? undefined : lengthOf(width.replace(/!important$/i, '').trim());
}

/** Whether a `style` attribute sets a side. */
export function hasStyledSide(style: string): boolean {
  return declared(style, 'width') !== undefined || declared(style, 'height') !== undefined;
}

function declared(style: string, property: string): string | undefined {
  return style
    .split(';')
    .filter((declaration) => declaration.slice(0, declaration.indexOf(':')).trim().toLowerCase() === property)
    .pop()
    ?.split(':')[1]
    ?.trim();
}

/** A width as an attribute has it (HTML, 2.3.4.4), where pixels are without a unit. */
export function attributeWidth(text: string): ShownWidth | undefined {
  return lengthOf(/^\s*\d{1,6}(?:\.\d{1,6})?\s*$/.test(text) ? `${text.trim()}px` : text.trim());
}

function lengthOf(text: string): ShownWidth | undefined {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)(px|%)$/i.exec(text) ?? [];
  const value = Number(number);
  if (unit === undefined || value === 0) return undefined;
  return unit === '%' ? { part: value / 100 } : { pixels: value };
}

/** `sizes` of what is shown so, in something for which `sizes` is the given one. */
export function sizesWithin(sizes: string, { part, pixels }: ShownWidth): string {
  return entriesOf(sizes)
    .map((entry) => {
      const start = lengthStart(entry);
      const length = entry.slice(start);
      if (length.toLowerCase() === 'auto') return entry;
      return entry.slice(0, start) + (part === undefined ? atMost(length, pixels) : partOf(length, part));
    })
    .join(', ');
}

/** `sizes` without the keyword that leaves the width to the browser, which is for who has both sides, and time (HTML, 4.8.4.2.2). */
export function withoutAuto(sizes: string): string {
  return entriesOf(sizes)
    .filter((entry) => entry.toLowerCase() !== 'auto')
    .join(', ');
}

/** The entries of a list, at the commas that are in no brackets. */
function entriesOf(sizes: string): readonly string[] {
  const entries: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < sizes.length; at++) {
    const character = sizes.charAt(at);
    depth += stepOf(character);
    if (character !== ',' || depth > 0) continue;
    entries.push(sizes.slice(start, at));
    start = at + 1;
  }
  return [...entries, sizes.slice(start)].map((entry) => entry.trim()).filter((entry) => entry !== '');
}

/** Where the length begins, which is the last thing of an entry: a word, or a function with its name. */
function lengthStart(entry: string): number {
  let depth = 0;
  for (let at = entry.length - 1; at >= 0; at--) {
    const character = entry.charAt(at);
    depth -= stepOf(character);
    if (depth === 0 && character.trim() === '') return at + 1;
  }
  return 0;
}

function stepOf(character: string): number {
  return character === '(' ? 1 : character === ')' ? -1 : 0;
}

function partOf(length: string, part: number): string {
  if (part === 1) return length;
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)([a-z]{1,5})$/i.exec(length) ?? [];
  return unit === undefined ? `calc(${length} * ${rounded(part)})` : `${rounded(Number(number) * part)}${unit}`;
}

function atMost(length: string, pixels: number): string {
  return `min(${rounded(pixels)}px, ${length})`;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
