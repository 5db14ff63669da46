/** CSS's first sixteen names, and the one for nothing. The other 132 would be most of a function at a CDN's edge. */
const NAMES: Readonly<Record<string, string>> = {
  aqua: '00ffff',
  black: '000000',
  blue: '0000ff',
  fuchsia: 'ff00ff',
  gray: '808080',
  green: '008000',
  lime: '00ff00',
  maroon: '800000',
  navy: '000080',
  olive: '808000',
  purple: '800080',
  red: 'ff0000',
  silver: 'c0c0c0',
  teal: '008080',
  transparent: '00000000',
  white: 'ffffff',
  yellow: 'ffff00',
};

/** A colour as six hexadecimal digits, or eight when it is not opaque; undefined when the text is none. */
export function parseColour(text: string): string | undefined {
  const name = text.toLowerCase();
  const known = Object.keys(NAMES).indexOf(name) >= 0 ? NAMES[name] : undefined;
  return known ?? parseHex(name.charAt(0) === '#' ? name.slice(1) : name);
}

function parseHex(text: string): string | undefined {
  if (!/^(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(text)) return undefined;
  const digits = text.length < 6 ? text.replace(/./g, '$&$&') : text;
  return digits.length === 8 && digits.slice(6) === 'ff' ? digits.slice(0, 6) : digits;
}
