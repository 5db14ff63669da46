import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid } from './config-error.ts';

interface Places {
  readonly CACHE_STORE?: string | undefined;
  readonly PURGE_QUEUE_URL?: string | undefined;
}

/** What a place has to be with regard to the source. */
export function checkPlaces({ CACHE_STORE: store, PURGE_QUEUE_URL: queue }: Places, source: string): void {
  if (store !== undefined && isWithin(store, source))
    throw invalid('CACHE_STORE', store, `a place outside of ${source}, or its entries would be served as originals`);
  if (queue !== undefined && !source.startsWith('s3:'))
    throw invalid('PURGE_QUEUE_URL', queue, 'it beside a bucket as SOURCE, whose notifications it has');
}

/** Whether a place is another one or lies below it, however they are spelt. */
function isWithin(url: string, other: string): boolean {
  const [inner, outer] = [placeOf(url), placeOf(other)];
  return outer.every((part, index) => inner[index] === part);
}

function placeOf(text: string): readonly string[] {
  const url = new URL(text);
  const path = url.protocol === 'file:' ? resolve(fileURLToPath(url)) : decodeURIComponent(url.pathname);
  return [url.protocol, url.hostname, ...path.split('/').filter((segment) => segment !== '')];
}
