import { ServiceError } from '../errors.ts';
import { FORMATS, type Format } from '../formats.ts';
import { sniffFormat } from '../sniff.ts';
import type { ObjectHead } from '../sources/source.ts';
import { type ImageFacts, readFacts } from '../transform/facts.ts';

export interface ImageContent {
  readonly kind: 'image';
  readonly facts: ImageFacts;
}

/** Cannot be made a variant of; the same bytes are refused the same way. */
export interface RefusedContent {
  readonly kind: 'refused';
  readonly error: ServiceError;
}

/** Passed through where no format is asked for: a drawing, which scales by itself, or what the rules leave alone. */
export interface UntouchedContent {
  readonly kind: 'untouched';
  readonly format: Format;
  /** What it is to who asks for a format; without it nobody can have one, and nothing was read but the beginning. */
  readonly drawn?: ImageContent | RefusedContent;
}

/** What an original turned out to be by its bytes. */
export type Content = ImageContent | UntouchedContent | RefusedContent;

/** What is known of an original without its pixels. */
export interface OriginalRecord {
  readonly head: ObjectHead;
  readonly content: Content;
  /** Whether variants may be kept: the object's own Cache-Control does not forbid it. */
  readonly storable: boolean;
  /** Whether it may be used after it was fresh: the object's own Cache-Control does not forbid that either. */
  readonly mayBeStale: boolean;
  /** When the source last confirmed it, by the clock that freshness is measured with. */
  readonly checkedAt: number;
}

/** The format by an object's first bytes; undefined when it is none that anything can be made of. */
export function sniffContent(head: ObjectHead, start: Uint8Array): Format | undefined {
  const format = sniffFormat(start);
  // Stored as something else, it would reach a browser as markup under the name of a picture.
  return format === 'svg' && !isStoredAsSvg(head) ? undefined : format;
}

export function isStoredAsSvg({ contentType }: ObjectHead): boolean {
  return contentType?.toLowerCase().startsWith(FORMATS.svg.mime) ?? false;
}

/** The content of a picture whose bytes are complete. */
export async function readContent(bytes: Uint8Array, format: Format): Promise<ImageContent | RefusedContent> {
  try {
    return { kind: 'image', facts: await readFacts(bytes, format) };
  } catch (error) {
    // Trouble of our own is over some time; the record would remember it.
    if (error instanceof ServiceError && error.row.status < 500) return refused(error);
    throw error;
  }
}

/** What is said of every SVG where none is served. */
export const SVG_REFUSED = 'SVG is not served here.';

export function refused(error: ServiceError): RefusedContent {
  return { kind: 'refused', error };
}

/** What makes a shared cache ask before it uses what is no longer fresh (RFC 9111, 4.2.4). */
const MUST_ASK = /(^|[\s,;])(must-revalidate|proxy-revalidate|no-cache)($|[\s,;=])/i;

/** Whether a shared cache may use what it keeps after it was fresh. */
export function mayBeStale(cacheControl: string | undefined): boolean {
  return isStorable(cacheControl) && !MUST_ASK.test(cacheControl ?? '');
}

/** Whether an object's Cache-Control lets a shared cache keep what is made of it (RFC 9111, 5.2.2.5 and 5.2.2.7), however badly it says so. */
export function isStorable(cacheControl: string | undefined): boolean {
  return !/(^|[\s,;])(private|no-store)($|[\s,;=])/i.test(cacheControl ?? '');
}
