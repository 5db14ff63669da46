import { S3Error } from './s3-error.ts';

/** What a path-style S3 URL names. `key` is decoded where that is possible, and empty for a request about the bucket. */
export type S3Target = { path: string; query: string; bucket: string; key: string };

export function parseTarget(url: string): S3Target {
  const [path = '/', query = ''] = splitOnce(url, '?');
  const [bucket = '', key = ''] = splitOnce(path.slice(1), '/');
  return { path, query, bucket, key: isUri(key) ? decodeURIComponent(key) : key };
}

export function parseQuery(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = splitOnce(pair, '=');
      return [decodeUri(name), decodeUri(value)];
    });
}

/** Percent-encodes all but RFC 3986's unreserved characters, as SigV4 asks. */
export function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeUri).join('/');
}

export function decodeUri(text: string): string {
  if (!isUri(text)) throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  return decodeURIComponent(text);
}

function isUri(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
