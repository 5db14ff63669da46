/** Numbers as options write them: plain decimals, nothing that `Number` would also take. Undefined when the text is none. */

export function parseSide(text: string): number | undefined {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined;
  const side = Number(text);
  // Over 308 digits are Infinity, which no proportion survives.
  return side >= 1 && side < Infinity ? side : undefined;
}

/** The parser of a whole number of at most three digits, within bounds. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number | undefined {
  return (text) => {
    if (!/^[0-9]{1,3}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= minimum && value <= maximum ? value : undefined;
  };
}

/** The parser of a decimal number within bounds, rounded to tenths: what nobody can see need not be told apart. */
export function tenths(minimum: number, maximum: number): (text: string) => number | undefined {
  return (text) => {
    if (!/^[0-9]{1,3}(\.[0-9]{1,6})?$/.test(text)) return undefined;
    const value = Number(text);
    return value >= minimum && value <= maximum ? Math.round(value * 10) / 10 : undefined;
  };
}

export function parseRatio(text: string): number | undefined {
  if (!/^[0-9](\.[0-9]{1,6})?$/.test(text)) return undefined;
  const ratio = Number(text);
  return ratio >= 0.5 && ratio <= 4 ? ratio : undefined;
}

export function parseSwitch(text: string): 0 | 1 | undefined {
  return text === '0' ? 0 : text === '1' ? 1 : undefined;
}

/** Seconds since 1970, of at most eleven digits: that is beyond the year 5000. */
export function parseSeconds(text: string): number | undefined {
  return /^[0-9]{1,11}$/.test(text) ? Number(text) : undefined;
}
