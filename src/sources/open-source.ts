import { fileURLToPath } from 'node:url';
import { bucketPlace } from '../bucket-url.ts';
import { createFileSource } from './file.ts';
import { withPlusAsSpace } from './plus-as-space.ts';
import type { Source } from './source.ts';

export interface SourceOptions {
  /** `file:///folder` or `s3://bucket/prefix`. */
  readonly url: string;
  readonly forcePathStyle: boolean;
  readonly maxSockets: number;
  /** Told how many times a request was made again. */
  readonly onRetry?: (times: number) => void;
}

const OPENERS: Readonly<Record<string, (url: URL, options: SourceOptions) => Source | Promise<Source>>> = {
  'file:': (url) => createFileSource({ root: fileURLToPath(url) }),
  's3:': async (url, { forcePathStyle, maxSockets, onRetry }) => {
    // Loaded on demand: the SDK takes a third of a second to load, and a folder needs none of it.
    const { createS3Source } = await import('./s3.ts');
    return createS3Source({ ...bucketPlace(url), forcePathStyle, maxSockets, onRetry });
  },
};

export const SOURCE_SCHEMES = Object.keys(OPENERS);

export async function openSource(options: SourceOptions): Promise<Source> {
  const url = new URL(options.url);
  const opener = OPENERS[url.protocol];
  if (!opener) throw new TypeError(`A source begins with ${SOURCE_SCHEMES.join(' or ')}, not ${url.protocol}`);
  return withPlusAsSpace(await opener(url, options));
}
