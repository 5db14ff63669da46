import type { Config } from './config.ts';
import type { UploadReading } from './http/asked.ts';
import type { Origin } from './http/image.ts';
import { createSendOriginal } from './http/original.ts';
import { createSendPending, type SendPending } from './http/pending.ts';
import type { UploadRouteOptions } from './http/uploads.ts';
import { createKeptBytes } from './render/kept-bytes.ts';
import { createOriginalReader } from './render/original-reader.ts';
import { createOriginals } from './render/originals.ts';
import { createPassthrough } from './render/passthrough.ts';
import { createRecords } from './render/records.ts';
import { openSource } from './sources/open-source.ts';
import type { Source } from './sources/source.ts';
import { withLifetime } from './sources/with-lifetime.ts';
import type { UploadRouteParts } from './upload-routes.ts';
import { PERMANENT_FOLDERS, readPermanentKey, temporaryKey } from './uploads/keys.ts';
import { createPending, type Pending } from './uploads/pending.ts';
import type { UploadsConfig } from './uploads-config.ts';

/** What the part is made of, besides its configuration. */
export type UploadingParts = Omit<UploadRouteParts, 'source' | 'pending'>;

export interface Uploading {
  /** What the routes are made of; undefined where they are not served. */
  readonly routes: UploadRouteOptions | undefined;
  readonly sendPending: SendPending;
  /** What URLs say of uploads. */
  readonly reading: UploadReading;
  close(): void;
}

/** Sockets for reading what was uploaded. */
const MAX_SOCKETS = 64;
/** What is pending may be another picture, or gone, in a moment. */
const PENDING_CACHE_CONTROL = 'private, no-store';

/** The part of the composition root that takes uploads in. */
export async function createUploading(
  config: Config,
  uploads: UploadsConfig,
  parts: UploadingParts,
): Promise<Uploading> {
  const { s3ForcePathStyle: forcePathStyle } = config;
  const onRetry = parts.metrics.sourceRetried;
  const source = await openSource({ url: uploads.bucket, forcePathStyle, maxSockets: MAX_SOCKETS, onRetry });
  const pending = createPending(uploads.keys);
  const routes = uploads.servesEndpoints ? await openRoutes(config, uploads, { ...parts, source, pending }) : undefined;
  return {
    routes: routes?.options,
    sendPending: createSendPending({ origin: createPendingOrigin(config, source, parts), onGone: parts.forget }),
    reading: createReading(uploads, pending),
    close() {
      routes?.close();
      source.close();
    },
  };
}

async function openRoutes(config: Config, uploads: UploadsConfig, parts: UploadRouteParts) {
  // Loaded on demand, with the SDK and what reads tokens: who only shows uploads needs none of it.
  const { createUploadRoutes } = await import('./upload-routes.ts');
  return createUploadRoutes(config, uploads, parts);
}

/** Asked for each time whether it is still there: it waits for a person, and not for long. */
function createPendingOrigin(
  { cacheControl, maxSourceBytes, deadlineMs }: Config,
  source: Source,
  { planPolicy: { rules }, originals: admission, now }: UploadingParts,
): Origin {
  const waiting = withLifetime(source, PENDING_CACHE_CONTROL);
  const freshness = { freshMs: 0, staleMs: 0, staleIfErrorMs: 0 };
  return {
    sourceId: `${waiting.id} pending`,
    originals: createOriginals({
      reader: createOriginalReader({ source: waiting, maxSourceBytes, rules, now }),
      admission,
      records: createRecords({ ...freshness, now }),
      kept: createKeptBytes(0),
      patienceMs: deadlineMs / 2,
    }),
    sendOriginal: createSendOriginal({
      passthrough: createPassthrough({ source: waiting, refusesSvg: rules.svg === 'refuse' }),
      cacheControl,
    }),
  };
}

function createReading({ urlPrefix }: UploadsConfig, pending: Pending): UploadReading {
  const privateFolder = `${urlPrefix}${PERMANENT_FOLDERS.private}/`;
  return {
    isPrivate: (key) => key.startsWith(privateFolder),
    pendingOf(key, value) {
      const until = pending.read(key, value);
      const name = readPermanentKey(key.slice(urlPrefix.length));
      return until !== undefined && name ? { key: temporaryKey(name), until } : undefined;
    },
  };
}
