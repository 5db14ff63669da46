import type { Dispatcher } from 'undici';
import type { ObjectHead, ReadConditions } from './source.ts';

export type AnswerHeaders = Dispatcher.ResponseData['headers'];

/** A header's value; lines of the same name are one list (RFC 9110, 5.3), lest a second Cache-Control that says `private` be lost. */
export function headerOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** When the object was changed, as far as the server says so in a way that is a date. */
export function lastModifiedOf(headers: AnswerHeaders): Date | undefined {
  const date = new Date(headerOf(headers, 'last-modified') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * What is known of an object of `size` bytes, whole; undefined where the server names neither a tag nor a date: nobody could
 * tell when such an object changes, and the variants of the old one would be served for ever.
 */
export function headOf(headers: AnswerHeaders, size: number): ObjectHead | undefined {
  const lastModified = lastModifiedOf(headers);
  const etag = etagOf(headers, size, lastModified);
  if (etag === undefined) return undefined;
  return {
    etag,
    lastModified: lastModified ?? new Date(0),
    contentType: headerOf(headers, 'content-type'),
    contentEncoding: headerOf(headers, 'content-encoding'),
    contentDisposition: headerOf(headers, 'content-disposition'),
    contentLanguage: headerOf(headers, 'content-language'),
    cacheControl: headerOf(headers, 'cache-control'),
    expires: headerOf(headers, 'expires'),
  };
}

// Without the tags that look as ours: what is read back from one must not be what a server chose.
const STRONG_TAG = /^"(?!~)[\x21\x23-\x7e]*"$/;
const WEAK_TAG = /^W\/"([\x21\x23-\x7e]*)"$/;
/** Ours: length, time of change in milliseconds, both to the base of 36, and the server's weak tag; each may be empty but the first. */
const DERIVED_TAG = /^"~[0-9a-z]+~(-?[0-9a-z]*)~([^"]*)"$/;

/**
 * The server's own tag when it is a strong one. Else one of ours, made of all that changes with the bytes: its weak tag, the time of
 * change, the length. It is as good as they are: two changes within a second, of the same length, are one to a server without tags.
 */
function etagOf(headers: AnswerHeaders, size: number, lastModified: Date | undefined): string | undefined {
  const tag = headerOf(headers, 'etag') ?? '';
  if (STRONG_TAG.test(tag)) return tag;
  const [, weak] = WEAK_TAG.exec(tag) ?? [];
  if (weak === undefined && lastModified === undefined) return undefined;
  return `"~${size.toString(36)}~${lastModified?.getTime().toString(36) ?? ''}~${weak ?? ''}"`;
}

/** The conditions as the server can judge them: by what it said itself, not by a tag of ours. */
export function conditionHeaders({ ifNoneMatch, ifMatch, range }: ReadConditions): Record<string, string> {
  return {
    ...(ifNoneMatch === undefined ? {} : unlessSame(ifNoneMatch)),
    // A weak tag matches nothing there (RFC 9110, 13.1.1): whoever asks compares the tags of the answer.
    ...(ifMatch === undefined || DERIVED_TAG.test(ifMatch) ? {} : { 'if-match': ifMatch }),
    ...(range === undefined ? {} : { range }),
  };
}

function unlessSame(etag: string): Record<string, string> {
  const [derived, time = '', weak = ''] = DERIVED_TAG.exec(etag) ?? [];
  if (derived === undefined) return { 'if-none-match': etag };
  if (weak !== '') return { 'if-none-match': `W/"${weak}"` };
  return { 'if-modified-since': new Date(Number.parseInt(time, 36)).toUTCString() };
}
