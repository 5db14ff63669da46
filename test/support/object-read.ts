import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

export type StoredObject = { etag: string; lastModified: number; size: number };
export type ByteRange = { start: number; end: number };
/** What S3 answers to a conditional or ranged read of an object that exists; it throws for 412 and 416. */
export type ReadAnswer = { status: 200 } | { status: 206; range: ByteRange } | { status: 304 };

export function answerRead(headers: IncomingHttpHeaders, object: StoredObject): ReadAnswer {
  if (preconditionFails(headers, object)) {
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  }
  if (isNotModified(headers, object)) return { status: 304 };
  const range = parseRange(headers.range, object.size);
  return range === undefined ? { status: 200 } : { status: 206, range };
}

function preconditionFails(headers: IncomingHttpHeaders, object: StoredObject): boolean {
  const match = headers['if-match'];
  if (match !== undefined) return !matches(match, object.etag);
  return object.lastModified > dateOf(headers['if-unmodified-since']);
}

function isNotModified(headers: IncomingHttpHeaders, object: StoredObject): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return matches(noneMatch, object.etag);
  return object.lastModified <= dateOf(headers['if-modified-since']);
}

/** S3 takes one entity tag, with or without its quotes. Stores differ on lists and weak tags: here they never match. */
function matches(tag: string, etag: string): boolean {
  return tag === '*' || tag === etag || `"${tag}"` === etag;
}

/** NaN, with which no comparison holds, for a date that is missing or cannot be read. */
function dateOf(header: string | undefined): number {
  return Date.parse(header ?? '');
}

/** A range that makes no sense, or a list of them, is ignored: the whole object is the answer. */
function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [asked = '', first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size) {
    const details = { RangeRequested: asked, ActualObjectSize: String(size) };
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', details);
  }
  return { start, end };
}
