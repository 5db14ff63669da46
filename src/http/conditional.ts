import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../errors.ts';

/** What conditions are judged by. */
export interface Validators {
  /** Entity tag with its quotes, weak or strong. */
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * Whether a request is for something else than what there is (RFC 9110, 13.2.2): `If-Match`, by strong comparison, decides alone
 * when it is there; else `If-Unmodified-Since` does.
 */
function isPreconditionFailed(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const match = headers['if-match'];
  if (match !== undefined) return match.trim() !== '*' && (etag.startsWith('W/') || !strongTags(match).includes(etag));
  return toSeconds(lastModified.getTime()) > toSeconds(parseHttpDate(headers['if-unmodified-since']));
}

/** The strong entity tags of a list. */
function strongTags(list: string): readonly string[] {
  return Array.from(list.matchAll(/(?:W\/)?"[^"]*"/g), ([tag]) => tag).filter((tag) => !tag.startsWith('W/'));
}

/** Whether there is nothing new to send; `precondition_failed` where what there is was not meant (RFC 9110, 13.2.2). */
export function hasNothingNew(headers: IncomingHttpHeaders, validators: Validators): boolean {
  if (isPreconditionFailed(headers, validators)) throw new ServiceError('precondition_failed');
  return isNotModified(headers, validators);
}

/**
 * Whether a GET or HEAD is answered 304 (RFC 9110, 13.2.2): `If-None-Match`, by weak comparison, decides alone when it is
 * there; else `If-Modified-Since` does.
 */
export function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return matchesAny(noneMatch, etag);
  const since = parseHttpDate(headers['if-modified-since']);
  // HTTP dates have whole seconds; one that does not parse is not a number, which nothing is less than (13.1.3).
  return toSeconds(lastModified.getTime()) <= toSeconds(since);
}

/** Whether `If-Range` lets a range be served (RFC 9110, 13.1.5): strong comparison, dates to the second and exactly. */
export function allowsRange(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const condition = headers['if-range'];
  if (typeof condition !== 'string') return true;
  if (condition.includes('"')) return condition === etag && !etag.startsWith('W/');
  return toSeconds(parseHttpDate(condition)) === toSeconds(lastModified.getTime());
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

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Milliseconds of an HTTP date in one of its three forms (RFC 9110, 5.6.7); `Date.parse` alone takes many more. */
function parseHttpDate(text = ''): number {
  if (IMF_FIXDATE.test(text) || RFC_850_DATE.test(text)) return Date.parse(text);
  // It names no zone and means UTC.
  return ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
