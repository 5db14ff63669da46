import { fileURLToPath } from 'node:url';
import { bucketPlace } from '../bucket-url.ts';
import { createFileStore } from './file.ts';
import type { ObserveStore, Store } from './tier.ts';

export interface StoreOptions {
  /** `file:///folder` or `s3://bucket/prefix`. */
  readonly url: string;
  /** Bytes that a folder may take. What a bucket holds is bounded by its lifecycle rule. */
  readonly maxBytes: number;
  readonly forcePathStyle: boolean;
  readonly observe: ObserveStore;
}

const OPENERS: Readonly<Record<string, (url: URL, options: StoreOptions) => Store | Promise<Store>>> = {
  'file:': (url, { maxBytes, observe }) => createFileStore({ folder: fileURLToPath(url), maxBytes, observe }),
  's3:': async (url, { forcePathStyle, observe }) => {
    // Loaded on demand: the SDK takes a third of a second to load, and a folder needs none of it.
    const { createS3Store } = await import('./s3.ts');
    return createS3Store({ ...bucketPlace(url), forcePathStyle, observe });
  },
};

export const STORE_SCHEMES = Object.keys(OPENERS);

/** The store behind a URL. A TypeError names the schemes there are when it has none of them. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const url = new URL(options.url);
  const opener = OPENERS[url.protocol];
  if (!opener) throw new TypeError(`A store begins with ${STORE_SCHEMES.join(' or ')}, not ${url.protocol}`);
  return await opener(url, options);
}
