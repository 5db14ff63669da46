import { fileURLToPath } from 'node:url';
import { bucketPlace } from '../bucket-url.ts';
import { createFileSource } from './file.ts';
import type { HttpsSettings } from './https-client.ts';
import { withPlusAsSpace } from './plus-as-space.ts';
import type { Source } from './source.ts';
import { withoutFolder } from './without-folder.ts';

export interface SourceOptions {
  /** `file:///folder`, `s3://bucket/prefix` or `https://host/base`. */
  readonly url: string;
  readonly forcePathStyle: boolean;
  /** Without them: public addresses and no redirects. */
  readonly https?: HttpsSettings;
  readonly maxSockets: number;
  /** A key's beginning: nothing that begins so is there. */
  readonly hidden?: string | undefined;
  /** Told how many times a request was made again. */
  readonly onRetry?: (times: number) => void;
}

const NOTHING_ALLOWED: HttpsSettings = { allowPrivate: false, redirects: 0 };

const OPENERS: Readonly<Record<string, (url: URL, options: SourceOptions) => Source | Promise<Source>>> = {
  'file:': (url) => createFileSource({ root: fileURLToPath(url) }),
  's3:': async (url, { forcePathStyle, maxSockets, onRetry }) => {
    // Loaded on demand: the SDK takes a third of a second to load, and a folder needs none of it.
    const { createS3Source } = await import('./s3.ts');
    return createS3Source({ ...bucketPlace(url), forcePathStyle, maxSockets, onRetry });
  },
  'https:': async ({ href }, { https = NOTHING_ALLOWED, maxSockets, onRetry }) => {
    // Likewise: undici brings a parser of its own, compiled from WebAssembly.
    const { createHttpsSource } = await import('./https.ts');
    return createHttpsSource({ url: href, ...https, maxSockets, onRetry });
  },
};

export const SOURCE_SCHEMES = Object.keys(OPENERS);

export async function openSource(options: SourceOptions): Promise<Source> {
  const url = new URL(options.url);
  const opener = OPENERS[url.protocol];
  if (!opener) throw new TypeError(`A source begins with ${SOURCE_SCHEMES.join(' or ')}, not ${url.protocol}`);
  const source = await opener(url, options);
  // Within the other: a space in the folder's name may be asked for by a plus.
  return withPlusAsSpace(options.hidden === undefined ? source : withoutFolder(source, options.hidden));
}
