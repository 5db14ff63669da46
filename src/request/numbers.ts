/** Numbers as options write them: plain decimals, nothing that `Number` would also take. Undefined when the text is none. */

export function parseSide(text: string): number | undefined {
  // Over 308 digits are Infinity, which no proportion survives.
  return numberIn(text, /^[0-9]+(\.[0-9]+)?$/, 1, Number.MAX_VALUE);
}

/** The parser of a whole number of at most three digits, within bounds. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number | undefined {
  return (text) => numberIn(text, /^[0-9]{1,3}$/, minimum, maximum);
}

/** The parser of a decimal number within bounds, rounded to tenths: what nobody can see need not be told apart. */
export function tenths(minimum: number, maximum: number): (text: string) => number | undefined {
  return (text) => {
    const value = numberIn(text, /^[0-9]{1,3}(\.[0-9]{1,6})?$/, minimum, maximum);
    return value && Math.round(value * 10) / 10;
  };
}

export function parseRatio(text: string): number | undefined {
  return numberIn(text, /^[0-9](\.[0-9]{1,6})?$/, 0.5, 4);
}

export function parseSwitch(text: string): 0 | 1 | undefined {
  return text === '0' ? 0 : text === '1' ? 1 : undefined;
}

/** Seconds since 1970, of at most eleven digits: that is beyond the year 5000. */
export function parseSeconds(text: string): number | undefined {
  return numberIn(text, /^[0-9]{1,11}$/, 0, Number.MAX_VALUE);
}

function numberIn(text: string, pattern: RegExp, minimum: number, maximum: number): number | undefined {
  const value = pattern.test(text) ? Number(text) : minimum - 1;
  return value >= minimum && value <= maximum ? value : undefined;
}
