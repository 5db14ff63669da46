/**
 * Percent-decoding (RFC 3986, 2.1) of strict UTF-8: overlong forms, surrogates and broken escapes are undefined, and so is
 * what should have been escaped, since a server reads raw bytes in a target as another alphabet than the client meant.
 */
export function decode(text: string): string | undefined {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7e) return undefined;
  }
  if (text.indexOf('%') < 0) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** As `decode`, with the plus of form encoding read as a space, as in every query string. */
export function decodeForm(text: string): string | undefined {
  return decode(text.indexOf('+') < 0 ? text : text.split('+').join(' '));
}

/** As `decodeForm`, for whom nothing is a mistake: escapes of ASCII are decoded wherever they are whole, the rest stays. */
export function decodeLeniently(text: string): string {
  return text
    .split('+')
    .join(' ')
    .replace(/%[0-7][0-9a-f]/gi, (triplet) => String.fromCharCode(Number.parseInt(triplet.slice(1), 16)));
}
