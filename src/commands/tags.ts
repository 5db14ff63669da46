import { folderTag, objectTag } from '../cache/tags.ts';
import { keyComplaint } from '../request/problem.ts';

/**
 * The tags of an object, one a line, each with what it stands for: the key, then its folders, nearest first. A key that ends in a
 * slash is a folder. Throws for a key that no request can name.
 */
export function tagLines(key: string): readonly string[] {
  const complaint = keyComplaint(key.endsWith('/') ? key.slice(0, -1) : key);
  if (complaint !== undefined) throw new Error(`${JSON.stringify(key)}: ${complaint}`);
  return [key, ...foldersAbove(key)].map(
    (place) => `${place.endsWith('/') ? folderTag(place) : objectTag(place)}  ${place}`,
  );
}

function foldersAbove(key: string): readonly string[] {
  const parts = key.replace(/\/$/, '').split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`).reverse();
}
