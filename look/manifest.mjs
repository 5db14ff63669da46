import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const MANIFEST = 'MANIFEST.tsv';

/** Of the 5xx, those that can be meant. */
const STATUS = /\b(?:[24]\d\d|50[34])\b/g;
/** As in "no 500/415", which are no good answers. */
const DENIED = /\bnot? (?:a )?[245]\d\d(?:\/[245]\d\d)*/g;
/** Good answers that are pictures, where the text names no status for them. */
const PICTURE = /\b(?:first frame|rendered only)\b/;

/** What a folder's manifest expects, by key: `{ core, text, statuses }`; nothing without a manifest. */
export function readManifest(folder) {
  const file = path.join(folder, MANIFEST);
  if (!existsSync(file)) return new Map();
  const [head, ...lines] = readFileSync(file, 'utf8').split(/\r?\n/).filter(Boolean);
  const columns = head.split('\t');
  for (const needed of ['file', 'good_answer'])
    if (!columns.includes(needed)) throw new Error(`${file} has no column ${needed}.`);
  const value = (fields, column) => fields[columns.indexOf(column)] ?? '';
  return new Map(
    lines.map((line) => {
      const fields = line.split('\t');
      const text = value(fields, 'good_answer');
      return [value(fields, 'file'), { core: value(fields, 'core') === 'yes', text, statuses: goodStatuses(text) }];
    }),
  );
}

/** The statuses that a text such as "413 (or 422): from the header" allows to a request with options. */
export function goodStatuses(text) {
  const named = text.replace(DENIED, '').match(STATUS) ?? [];
  return [...new Set([...named.map(Number), ...(PICTURE.test(text) ? [200] : [])])].toSorted();
}
