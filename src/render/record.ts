import { ServiceError } from '../errors.ts';
import { FORMATS, sniffFormat } from '../formats.ts';
import type { ObjectHead } from '../sources/source.ts';
import { type ImageFacts, readFacts } from '../transform/facts.ts';

/** What an original turned out to be by its bytes. */
export type Content =
  | { readonly kind: 'image'; readonly facts: ImageFacts }
  /** Scales by itself: passed through, never decoded. */
  | { readonly kind: 'vector' }
  /** Cannot be made a variant of; the same bytes are refused the same way. */
  | { readonly kind: 'refused'; readonly error: ServiceError };

/** What is known of an original without its pixels. */
export interface OriginalRecord {
  readonly head: ObjectHead;
  readonly content: Content;
  /** Whether variants may be kept: the object's own Cache-Control does not forbid it. */
  readonly storable: boolean;
  /** When the source last confirmed it, by the clock that freshness is measured with. */
  readonly checkedAt: number;
}

/** The kind of content by its first bytes: what needs no more bytes to be decided, or the format to read on for. */
export function sniffContent(head: ObjectHead, start: Uint8Array): Content | ImageFacts['format'] {
  const format = sniffFormat(start);
  if (format === undefined) return refused(new ServiceError('unsupported_image'));
  if (format !== 'svg') return format;
  // Stored as something else, it would reach a browser as markup under the name of a picture.
  const isDeclared = head.contentType?.toLowerCase().startsWith(FORMATS.svg.mime) ?? false;
  return isDeclared ? { kind: 'vector' } : refused(new ServiceError('unsupported_image'));
}

/** The content of a picture whose bytes are complete. */
export async function readContent(bytes: Uint8Array, format: ImageFacts['format']): Promise<Content> {
  try {
    return { kind: 'image', facts: await readFacts(bytes, format) };
  } catch (error) {
    // Trouble of our own is over some time; the record would remember it.
    if (error instanceof ServiceError && error.code === 'corrupt_image') return refused(error);
    throw error;
  }
}

export function refused(error: ServiceError): Content {
  return { kind: 'refused', error };
}

/** Whether an object's Cache-Control lets a shared cache keep what is made of it (RFC 9111, 5.2.2.5 and 5.2.2.7). */
export function isStorable(cacheControl: string | undefined): boolean {
  return !/(^|[\s,])(private|no-store)\s*($|[,=])/i.test(cacheControl ?? '');
}
