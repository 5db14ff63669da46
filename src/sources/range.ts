/** First and last byte, both inclusive, as in `Content-Range`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE_RANGE = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/;

/**
 * The one range of a `Range` header in canonical form; undefined when there is none, several, or one that does not parse,
 * all of which RFC 9110, 14.2 lets a server answer with the whole object.
 */
export function singleRange(header: string | undefined): string | undefined {
  const { first, last } = endsOf(header?.trim() ?? '');
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return `bytes=${first}-${last}`;
}

/** A range of `singleRange` applied to an object of `size` bytes (RFC 9110, 14.1.2). */
export function resolveRange(range: string, size: number): ByteRange | 'unsatisfiable' {
  const { first, last } = endsOf(range);
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start <= end ? { start, end } : 'unsatisfiable';
}

/** What stands on both sides of the dash; two empty texts when it is not one range of bytes. */
function endsOf(range: string): { readonly first: string; readonly last: string } {
  const [, first = '', last = ''] = ONE_RANGE.exec(range) ?? [];
  return { first, last };
}
