import { TAG_PATTERN } from '../cache/tags.ts';
import { ServiceError } from '../errors.ts';
import { keyComplaint } from '../request/problem.ts';

/** What is to be dropped wherever it is kept. Any of the three may be empty. */
export interface PurgeOrder {
  /** Objects, by their keys as in a request's path, decoded and without the first slash. */
  readonly keys: readonly string[];
  /** Everything in these folders: each ends in a slash; `/` alone is everything there is. */
  readonly prefixes: readonly string[];
  /** Everything that carries one of these tags (`cache/tags.ts`). */
  readonly tags: readonly string[];
}

/** Keys, prefixes and tags of one order, together. */
const MAX_ITEMS = 1_000;

const TAG = new RegExp(TAG_PATTERN);

/** One row per field: what is expected of an item and not so. */
const FIELDS: Readonly<Record<keyof PurgeOrder, (item: string) => string | undefined>> = {
  keys: (item) => slashComplaint(item) ?? keyComplaint(item),
  prefixes: (item) => (item === '/' ? undefined : (slashComplaint(item) ?? prefixComplaint(item))),
  tags: (item) => (TAG.test(item) ? undefined : 'expected 16 hex digits in lower case, as `lambent tags` prints them'),
};

const EXPECTED = `expected a JSON object of ${Object.keys(FIELDS).join(', ')}, each an array of strings`;

/** The order that a JSON value is; `bad_purge`, with what was expected, for anything else. */
export function readPurgeOrder(value: unknown): PurgeOrder {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ServiceError('bad_purge', EXPECTED);
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(FIELDS, name)) throw new ServiceError('bad_purge', `${EXPECTED}; got ${JSON.stringify(name)}`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const order = { keys: itemsOf('keys', given), prefixes: itemsOf('prefixes', given), tags: itemsOf('tags', given) };
  const count = order.keys.length + order.prefixes.length + order.tags.length;
  if (count < 1 || count > MAX_ITEMS)
    throw new ServiceError('bad_purge', `expected from 1 to ${MAX_ITEMS} items, got ${count}`);
  return order;
}

function itemsOf(field: keyof PurgeOrder, given: Readonly<Record<string, unknown>>): readonly string[] {
  const items = Object.hasOwn(given, field) ? given[field] : [];
  if (!Array.isArray(items)) throw new ServiceError('bad_purge', `"${field}": expected an array of strings`);
  for (const [index, item] of items.entries()) {
    const complaint = typeof item === 'string' ? FIELDS[field](item) : 'expected a string';
    if (complaint !== undefined) throw new ServiceError('bad_purge', `"${field}", item ${index}: ${complaint}`);
  }
  return items;
}

/** A URL's path has one, and is what comes to mind. */
function slashComplaint(item: string): string | undefined {
  return item.startsWith('/') ? 'expected no slash at its beginning' : undefined;
}

function prefixComplaint(prefix: string): string | undefined {
  // Half a name is no folder, and has no tag.
  return prefix.endsWith('/') ? keyComplaint(prefix.slice(0, -1)) : 'expected a folder, which ends in a slash';
}
