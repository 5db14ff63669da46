/**
 * What keeps each collection of the service from growing without end: one reason for each that is made in a file, in the order
 * of the file. Those of `commands/` live as long as a command does.
 */
export const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  'cache/recency-index.ts': ['entries of the folder, of which there is a most'],
  'cache/tagged-cache.ts': ['tags of what the cache has', 'bytes or entries, as its owner says', 'a tag of the above'],
  'cache/write-behind.ts': ['entries and bytes that may wait', 'writes at once'],
  'client/astro.ts': ['one srcset'],
  'client/nuxt.ts': ['six names'],
  'client/stored-html.ts': ['one text, of MAX_LENGTH at most', 'one tag of the above'],
  'commands/check-url.ts': ['a command', 'a command'],
  'commands/distinct.ts': ['a command'],
  'commands/ladder.ts': ['a command'],
  'commands/verdict.ts': ['a command'],
  'http/asked.ts': ['5,000 targets of 512 characters'],
  'http/pending.ts': ['10,000 uploads'],
  'protection.ts': ['a start, as many as are configured', 'the same'],
  'purge/delayed.ts': ['10,000 items: the first go early'],
  'purge/invalidation-items.ts': ['one order'],
  'purge/journal-text.ts': ['one note, which is bounded', 'one note'],
  'purge/known-purges.ts': ['one note', 'one note', 'one note'],
  'purge/notification.ts': ['one message of the queue'],
  'purge/own-purges.ts': ['1,000 purges'],
  'purge/purger.ts': ['one order of 1,000 items'],
  'purge/queue-batch.ts': ['ten messages of the queue'],
  'purge/waiting.ts': ['10,000 items, by who adds to it', 'a part of the above'],
  'render/admission.ts': ['QUEUE_LENGTH'],
  'render/flights.ts': ['one for each request that is being answered'],
  'render/held.ts': ['one for each request that is being answered', 'the same'],
  'render/records.ts': ['10,000 keys'],
  'render/refresher.ts': ['32 keys'],
  'render/refusals.ts': ['10,000 variants'],
  'render/trouble.ts': ['10,000 keys'],
  'render/variant-memo.ts': ['as long as a record', '64 variants of a record'],
  'render/watermarks.ts': ['watermarks that are configured', 'the same'],
  'telemetry/readiness.ts': ['kinds of reasons'],
  'transform/avif-items.ts': Array<string>(6).fill('20,000 parts of a file'),
  'transform/avif-work.ts': ['items of a file'],
  'uploads-config.ts': ['a start, as many as are configured', 'the same'],
  'uploads/presign.ts': ['five headers'],
};

const MADE = /\bnew (?:Map|Set|WeakMap|WeakSet|LRUCache)\b/g;

/** How many each file makes. */
export function collectionsIn(
  files: readonly (readonly [file: string, text: string])[],
): Readonly<Record<string, number>> {
  const counts = files.map(([file, text]) => [file, text.match(MADE)?.length ?? 0] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
