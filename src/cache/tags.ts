import { hash } from 'node:crypto';

// 64 bits: over a million keys the odds of one shared tag are 1 in 37 million.
const TAG_LENGTH = 16;

// CloudFront reads 50 tags of an answer: one of the object, one of a watermark, and these. The folders nearest to the top are kept,
// since those are what is purged.
const MAX_FOLDERS = 48;

/** What purges all there is, among tags: no tag of an object. */
export const EVERYTHING = '*';

/** What a purge may name as a tag. */
export const TAG_PATTERN = `^[0-9a-f]{${TAG_LENGTH}}$`;

/**
 * What every variant of an object is purged by: a tag of the key, then one of each folder above it, nearest first; 49 at most.
 * Lower-case hex, since CDNs compare tags without case and refuse most other characters.
 */
export function tagsOf(key: string): readonly string[] {
  const tags: string[] = [];
  for (let slash = key.indexOf('/', 1); slash > 0 && tags.length < MAX_FOLDERS; slash = key.indexOf('/', slash + 1)) {
    tags.push(hashed(key.slice(0, slash + 1)));
  }
  return [...tags, objectTag(key)].reverse();
}

/** The tag of one object, which is the first of its tags. */
export function objectTag(key: string): string {
  return hashed(key);
}

/**
 * The tag of all objects in a folder and the folders below it. A folder ends in a slash; `/` alone is everything. One too deep to
 * have a tag of its own is purged with all that lies in the deepest one above it that has.
 */
export function folderTag(prefix: string): string {
  if (prefix === '/') return EVERYTHING;
  const folders = prefix.split('/').slice(0, -1);
  return hashed(`${folders.slice(0, MAX_FOLDERS).join('/')}/`);
}

/** Whether an object has any of these tags. */
export function isTagged(key: string, tags: readonly string[]): boolean {
  return hasAny(tagsOf(key), tags);
}

/** Whether what has the first tags is meant by the second ones. */
export function hasAny(own: readonly string[], tags: readonly string[]): boolean {
  return tags.includes(EVERYTHING) || own.some((tag) => tags.includes(tag));
}

/** With spaces for its plus signs: an object may be asked for by either (`sources/plus-as-space.ts`), and has one tag. */
function hashed(text: string): string {
  return hash('sha256', text.replaceAll('+', ' '), 'hex').slice(0, TAG_LENGTH);
}
