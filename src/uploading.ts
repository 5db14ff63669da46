import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { bucketPlace } from './bucket-url.ts';
import type { Config } from './config.ts';
import type { UploadReading } from './http/asked.ts';
import type { Origin } from './http/image.ts';
import { createSendOriginal } from './http/original.ts';
import type { UploadRouteOptions } from './http/uploads.ts';
import type { Purger } from './purge/purger.ts';
import type { Admission } from './render/admission.ts';
import { createInspectUpload } from './render/inspect-upload.ts';
import { createKeptBytes } from './render/kept-bytes.ts';
import { createOriginalReader } from './render/original-reader.ts';
import { createOriginals } from './render/originals.ts';
import { createPassthrough } from './render/passthrough.ts';
import { createRecords } from './render/records.ts';
import type { SigningKey } from './signing-keys.ts';
import { sign } from './signing-keys.ts';
import { openSource } from './sources/open-source.ts';
import type { Source } from './sources/source.ts';
import { withLifetime } from './sources/with-lifetime.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { ImageFacts } from './transform/facts.ts';
import type { Transform } from './transform/observe.ts';
import { type Plan, type PlanPolicy, planVariant } from './transform/plan.ts';
import { createBegin } from './uploads/begin.ts';
import { createConfirm } from './uploads/confirm.ts';
import { createIdentify } from './uploads/identity.ts';
import { PERMANENT_FOLDERS, readPermanentKey, temporaryKey } from './uploads/keys.ts';
import { createOwned } from './uploads/owned.ts';
import { createPending, type Pending } from './uploads/pending.ts';
import { createReceive } from './uploads/receive.ts';
import { createTokens } from './uploads/tokens.ts';
import { createUploadStore } from './uploads/upload-store.ts';
import { createUploadUrls, type UploadUrls, type UrlSigner } from './uploads/upload-urls.ts';
import type { UploadsConfig } from './uploads-config.ts';

export interface UploadingParts {
  /** Bounds originals in memory. */
  readonly originals: Admission;
  /** Bounds pictures that are worked on. */
  readonly workers: Admission;
  readonly transform: Transform;
  /** Bounds bodies that pass through here. */
  readonly bodies: Admission;
  readonly planPolicy: PlanPolicy;
  readonly purger: Pick<Purger, 'purge'>;
  readonly metrics: Pick<Metrics, 'uploadStep' | 'sourceRetried'>;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Uploading {
  /** What the routes are made of; undefined where they are not served. */
  readonly routes: UploadRouteOptions | undefined;
  /** Where what is not confirmed yet is looked for. */
  readonly origin: Origin;
  /** What URLs say of uploads. */
  readonly reading: UploadReading;
  close(): void;
}

/** How long a body may take: 25 MiB at 0.7 megabits a second. */
const BODY_MS = 300_000;
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
  const routes = uploads.servesEndpoints ? createRoutes(config, uploads, { ...parts, source, pending }) : undefined;
  return {
    routes: routes?.options,
    origin: createPendingOrigin(config, source, parts),
    reading: createReading(uploads, pending),
    close() {
      routes?.close();
      source.close();
    },
  };
}

/** Asked for each time whether it is still there: it waits for a person, and not for long. */
function createPendingOrigin(
  { cacheControl, maxSourceBytes, deadlineMs }: Config,
  source: Source,
  { planPolicy: { rules }, originals: admission, now }: UploadingParts,
): Origin {
  const waiting = withLifetime(source, PENDING_CACHE_CONTROL);
  // Who has its URL has been told that it is there: what is gone was confirmed or given up, and does not come back.
  const freshness = { freshMs: 0, staleMs: 0, staleIfErrorMs: 0, missingMs: Number.POSITIVE_INFINITY };
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

interface RouteParts extends UploadingParts {
  readonly source: Source;
  readonly pending: Pending;
}

function createRoutes(config: Config, uploads: UploadsConfig, parts: RouteParts) {
  const { urlPrefix, keys, types, cacheControl, publicUrl: base, perMinute, maxBytes } = uploads;
  const { maxSourceBytes: maxPictureBytes, deadlineMs, s3ForcePathStyle: forcePathStyle } = config;
  const { source, pending, logger, purger, metrics } = parts;
  const [newId, clock] = [randomUUID, Date.now];
  const place = bucketPlace(new URL(uploads.bucket));
  const store = createUploadStore({ ...place, forcePathStyle, browserEndpoint: uploads.s3Endpoint });
  const tokens = createTokens(keys);
  const urls = createUrls(config, base);
  const inspect = createInspectUpload({
    source,
    admission: parts.originals,
    types,
    maxPictureBytes,
    plan: (facts) => planSmallest(facts, urls, parts.planPolicy),
    workers: parts.workers,
    transform: parts.transform,
  });
  const onLeft = (key: string, error: unknown) =>
    logger.warn({ key, reason: (error as Error).message }, 'an upload could not be removed');
  const options: UploadRouteOptions = {
    identify: createIdentify(uploads.identity),
    begin: createBegin({ tokens, presign: store.presign, newId, clock }),
    ...createConfirm({ tokens, store, inspect, urls, urlPrefix, cacheControl, clock, onLeft }),
    ...createOwned({
      store,
      urls,
      urlPrefix,
      base,
      signer: signerOf(config.signing.keys),
      clock,
      purge: async (key, signal) => void (await purger.purge({ keys: [key], prefixes: [], tags: [] }, signal)),
    }),
    editor: {
      receive: createReceive({ tokens, store, inspect, urls, urlPrefix, pending, newId, clock }),
      enter: (signal) => parts.bodies.enter(1, signal),
      bodyMs: BODY_MS,
    },
    limits: { types, maxBytes, maxPictureBytes },
    perMinute,
    deadlineMs,
    observe: metrics.uploadStep,
  };
  return { options, close: () => store.close() };
}

function createUrls(
  { ladders, maxWidth, presetsOnly, defaultOptions, dialect, signing }: Config,
  base: string,
): UploadUrls {
  return createUploadUrls({
    base,
    ladder: ladders.w,
    maxWidth,
    hasSizes: !presetsOnly,
    hasFormat: defaultOptions.f !== undefined || dialect !== 'native',
    signer: signing.isRequired ? signerOf(signing.keys) : undefined,
  });
}

function signerOf([key]: readonly SigningKey[]): UrlSigner | undefined {
  return key && { kid: key.id, sign: (text) => sign(text, key) };
}

/** Every size that will be named must be possible to make; the smallest one will be. */
function planSmallest(facts: ImageFacts, urls: UploadUrls, policy: PlanPolicy): Plan | undefined {
  const widths = urls.candidates('', facts.width).map(({ width: w }) => w);
  const [smallest] = [...widths.map((w) => ({ w, enlarge: 0 }) as const), {}].map((options) =>
    planVariant(options, facts, [], policy),
  );
  return smallest;
}
