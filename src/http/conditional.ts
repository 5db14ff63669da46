import type { IncomingHttpHeaders } from 'node:http';

/** What conditions are judged by. */
export interface Validators {
  /** Entity tag with its quotes, weak or strong. */
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * Whether a GET or HEAD is answered 304 (RFC 9110, 13.2.2): `If-None-Match`, by weak comparison, decides alone when it is
 * there; else `If-Modified-Since` does.
 */
export function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return matchesAny(noneMatch, etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  // HTTP dates have whole seconds; a date that does not parse is ignored (13.1.3).
  return !Number.isNaN(since) && toSeconds(lastModified.getTime()) <= toSeconds(since);
}

/** Whether `If-Range` lets a range be served (RFC 9110, 13.1.5): strong comparison, dates to the second and exactly. */
export function allowsRange(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const condition = headers['if-range'];
  if (typeof condition !== 'string') return true;
  if (condition.includes('"')) return condition === etag && !etag.startsWith('W/');
  return toSeconds(Date.parse(condition)) === toSeconds(lastModified.getTime());
}

function matchesAny(list: string, etag: string): boolean {
  if (list.trim() === '*') return true;
  const opaque = opaqueTag(etag);
  // A list of entity tags holds commas only between them, or inside quotes; comparing quoted parts needs no splitting.
  return list.match(/"[^"]*"/g)?.some((tag) => tag === opaque) ?? false;
}

function opaqueTag(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
