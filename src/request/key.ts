import { hasControlCharacter } from './characters.ts';

/** S3's own limit, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** What the service itself serves; never a key, however it is encoded. */
const RESERVED_PREFIX = '-/';

/** What a decoded key is not, of what one has to be. */
export type KeyFault = 'empty' | 'long' | 'control' | 'backslash' | 'reserved' | 'segment' | 'dots';

/** What is wrong with a decoded key; undefined for one that a request can name. */
export function keyFault(key: string): KeyFault | undefined {
  if (key === '') return 'empty';
  if (utf8Bytes(key) > MAX_KEY_BYTES) return 'long';
  if (hasControlCharacter(key)) return 'control';
  if (key.indexOf('\\') >= 0) return 'backslash';
  if (key.slice(0, RESERVED_PREFIX.length) === RESERVED_PREFIX) return 'reserved';
  const segments = key.split('/');
  if (segments.indexOf('') >= 0) return 'segment';
  return segments.indexOf('.') >= 0 || segments.indexOf('..') >= 0 ? 'dots' : undefined;
}

/** Length in UTF-8, by as many characters for each that takes more than one byte; each half of a surrogate pair is two of the pair's four. */
function utf8Bytes(text: string): number {
  const ofThree = text.replace(/[\u0800-\ud7ff\ue000-\uffff]/g, '...');
  return ofThree.replace(/[\u0080-\uffff]/g, '..').length;
}
