/** Percent-encoding of everything but the unreserved characters (RFC 3986, 2.3); `encodeURIComponent` leaves five others as they are. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, escaped);
}

/** An object key as a path: each segment is encoded, and nothing in it is a delimiter. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeStrictly).join('/');
}

function escaped(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}
