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

/** For whom nothing is a mistake: what cannot be decoded as a whole is decoded where it is ASCII, and stays elsewhere. */
export function decodeLeniently(text: string): string {
  const spaced = text.split('+').join(' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/%[0-7][0-9a-f]/gi, (triplet) => String.fromCharCode(Number.parseInt(triplet.slice(1), 16)));
  }
}
