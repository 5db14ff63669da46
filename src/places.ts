import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid } from './config-error.ts';
import { createAddressGuard } from './sources/address-guard.ts';
import { VARIABLES } from './variables.ts';

interface Places {
  readonly CACHE_STORE?: string | undefined;
  readonly PURGE_QUEUE_URL?: string | undefined;
  readonly SOURCE_ALLOW_PRIVATE: boolean;
}

/** What a place has to be besides its form, and with regard to the source. */
export function checkPlaces(
  { CACHE_STORE: store, PURGE_QUEUE_URL: queue, SOURCE_ALLOW_PRIVATE }: Places,
  source: string,
): void {
  checkHost(source, SOURCE_ALLOW_PRIVATE);
  if (store !== undefined && isWithin(store, source))
    throw invalid('CACHE_STORE', store, `a place outside of ${source}, or its entries would be served as originals`);
  if (queue !== undefined && !source.startsWith('s3:'))
    throw invalid('PURGE_QUEUE_URL', queue, 'it beside a bucket as SOURCE, whose notifications it has');
}

/** A host that is no host, such as one with a port of seven digits, and an address that would be refused with each request. */
function checkHost(source: string, allowPrivate: boolean): void {
  try {
    const { protocol, hostname } = new URL(source);
    if (protocol === 'https:') createAddressGuard({ allowPrivate }).checkHost(hostname);
  } catch (error) {
    throw invalid('SOURCE', source, `${VARIABLES.SOURCE.expected} (${(error as Error).message})`);
  }
}

/** Whether a place is another one or lies below it, however they are spelt. */
export function isWithin(url: string, other: string): boolean {
  if (new URL(url).protocol !== new URL(other).protocol) return false;
  const [inner, outer] = [placeOf(url), placeOf(other)];
  return outer.every((part, index) => inner[index] === part);
}

function placeOf(text: string): readonly string[] {
  const url = new URL(text);
  const path = url.protocol === 'file:' ? resolve(fileURLToPath(url)) : decodeURIComponent(url.pathname);
  return [url.protocol, url.hostname, ...path.split('/').filter((segment) => segment !== '')];
}
