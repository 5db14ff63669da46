/** Numbers as options write them: plain decimals, nothing that `Number` would also take. Undefined when the text is none. */

export function parseSide(text: string): number | undefined {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined;
  const side = Number(text);
  // Over 308 digits are Infinity, which no proportion survives.
  return side >= 1 && side < Infinity ? side : undefined;
}

export function parseQuality(text: string): number | undefined {
  if (!/^[0-9]{1,3}$/.test(text)) return undefined;
  const quality = Number(text);
  return quality >= 1 && quality <= 100 ? quality : undefined;
}

export function parseRatio(text: string): number | undefined {
  if (!/^[0-9](\.[0-9]{1,6})?$/.test(text)) return undefined;
  const ratio = Number(text);
  return ratio >= 0.5 && ratio <= 4 ? ratio : undefined;
}

export function parseColours(text: string): number | undefined {
  if (!/^[0-9]{1,3}$/.test(text)) return undefined;
  const colours = Number(text);
  return colours >= 2 && colours <= 256 ? colours : undefined;
}

export function parseSwitch(text: string): 0 | 1 | undefined {
  return text === '0' ? 0 : text === '1' ? 1 : undefined;
}
