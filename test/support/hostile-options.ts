/** Values of known options that are none, however a lenient reader would take them. */
export const BAD_OPTIONS = [
  'w=1e3',
  'w=0x10',
  'w=-1',
  'w=%2B1',
  'w=+1',
  'w=1,5',
  'w=1_000',
  'w=0',
  'w=NaN',
  'w=Infinity',
  'w=10px',
  'w=%EF%BC%91',
  'w=10%00',
  'w=%zz',
  'w=[10]',
  'w=true',
  'h=1e-1',
  'q=1.5',
  'q=0',
  'q=101',
  'f=svg',
  'f=__proto__',
  'fit=constructor',
  'pos=toString',
  'preset=__proto__',
  'preset=constructor',
  'w=10&w=10',
  'w=10&%77=20',
].map((query) => `/a.jpg?${query}`);

/** What is no option. The same picture as without it. */
export const NO_OPTIONS = [
  'w[]=20',
  'w%5B%5D=20',
  'w[0]=20',
  'W=20',
  '%20w=20',
  'w%00=20',
  '__proto__=20',
  '__proto__[polluted]=1',
  '__proto__.polluted=1',
  'constructor=20',
  'constructor[prototype][polluted]=1',
  'toString=20',
  'hasOwnProperty=20',
  'valueOf=20',
  'h=',
  'f',
  '=20',
  '%zz=20',
  '&&&',
  'x=1;h=20',
];

export const FUZZED_NAMES = ['w', 'h', 'f', 'q', 'fit', 'pos', 'w[]', '__proto__', 'constructor', 'toString', 'x', ''];
export const FUZZED_VALUES = [
  ...['', '1', '30', '1e3', '0x10', '-1', '+1', '1.5', '.', 'NaN', '[]', '{}', 'auto', 'PNG', 'cover', 'top'],
  ...['__proto__', 'constructor', '%zz', '%00', '%77', 'a=b', '\u{1F4F7}', '9'.repeat(400), '%F0%9F%93%B7'].map(
    (text) => (text.startsWith('%') ? text : encodeURIComponent(text)),
  ),
];

/** What a pattern that goes back and forth may stumble over when there is much of it. */
export const PUMPS = [
  ...['a', '0', ' ', '/', '../', '%', '%2e', '%25', '&', '=', 'w=1&', 'x=1&', ';', ',', '"', '"a",', 'W/', 'W/"', '-'],
  ...['bytes=', '0-0,', 'q=0.', 'image/avif;', 'image/webp,', ';q=', 'sig=', 'Mon, 01 Jan ', '.', '?', '\\'],
];

/** Of those, as many as are worth a request. */
export const SENT_PUMPS = ['%25', '=', 'w=1&', ',', '"', '"a",', 'W/"', '0-0,', 'image/avif;'];

export const PUMPED_HEADERS = [
  'accept',
  'range',
  'if-range',
  'if-none-match',
  'if-match',
  'if-modified-since',
  'if-unmodified-since',
  'accept-encoding',
  'origin',
  'x-request-id',
  'x-amz-cf-id',
  'cookie',
];
