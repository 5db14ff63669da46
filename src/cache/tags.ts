import { hash } from 'node:crypto';

// 64 bits: over a million keys the odds of one shared tag are 1 in 37 million, and a CDN takes 50 of them in a header.
const TAG_LENGTH = 16;

/**
 * What every variant of an object is purged by: a tag of the key, then one of each folder above it, nearest first. Lower-case
 * hex, since CDNs compare tags without case and refuse most other characters.
 */
export function tagsOf(key: string): readonly string[] {
  const tags = [tag(key)];
  for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
    tags.push(tag(key.slice(0, slash + 1)));
  }
  return tags;
}

function tag(text: string): string {
  return hash('sha256', text, 'hex').slice(0, TAG_LENGTH);
}
