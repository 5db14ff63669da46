import { hasControlCharacter, hasDirectionMark } from './characters.ts';

const MAX_LENGTH = 128;

/** A name to save a file under; undefined when the text is none that every system takes, or one that shows itself as another. */
export function parseFileName(text: string, maxLength = MAX_LENGTH): string | undefined {
  if (text.length > maxLength || text === '.' || text === '..') return undefined;
  if (text.indexOf('/') >= 0 || text.indexOf('\\') >= 0) return undefined;
  return hasControlCharacter(text) || hasDirectionMark(text) ? undefined : text;
}
