import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { bucketPlace } from './bucket-url.ts';
import type { Config } from './config.ts';
import type { UploadRouteOptions } from './http/uploads.ts';
import type { Purger } from './purge/purger.ts';
import type { Admission } from './render/admission.ts';
import { createInspectUpload } from './render/inspect-upload.ts';
import { type SigningKey, sign } from './signing-keys.ts';
import type { Source } from './sources/source.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { ImageFacts } from './transform/facts.ts';
import type { Transform } from './transform/observe.ts';
import { type Plan, type PlanPolicy, planVariant } from './transform/plan.ts';
import { createBegin } from './uploads/begin.ts';
import { createConfirm } from './uploads/confirm.ts';
import { createIdentify } from './uploads/identity.ts';
import { createOwned } from './uploads/owned.ts';
import type { Pending } from './uploads/pending.ts';
import { createReceive } from './uploads/receive.ts';
import { createTokens } from './uploads/tokens.ts';
import { createUploadStore } from './uploads/upload-store.ts';
import { createUploadUrls, type UploadUrls, type UrlSigner } from './uploads/upload-urls.ts';
import type { UploadsConfig } from './uploads-config.ts';

/** How long a body may take: 25 MiB at 0.7 megabits a second. */
const BODY_MS = 300_000;

export interface UploadRouteParts {
  /** Bounds originals in memory. */
  readonly originals: Admission;
  /** Bounds pictures that are worked on. */
  readonly workers: Admission;
  readonly transform: Transform;
  /** Bounds bodies that pass through here. */
  readonly bodies: Admission;
  /** Bounds who asks the store. */
  readonly steps: Admission;
  readonly planPolicy: PlanPolicy;
  readonly purger: Pick<Purger, 'purge'>;
  /** Drops what is remembered of an object here, and that there was none. */
  readonly forget: (key: string) => void;
  readonly metrics: Pick<Metrics, 'uploadStep' | 'sourceRetried'>;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Where uploads wait, and where they are for good. */
  readonly source: Source;
  readonly pending: Pending;
}

/** What the routes of uploads are made of. */
export function createUploadRoutes(config: Config, uploads: UploadsConfig, parts: UploadRouteParts) {
  const { urlPrefix, keys, types, cacheControl, publicUrl: base, perMinute, maxBytes } = uploads;
  const { maxSourceBytes: maxPictureBytes, deadlineMs, s3ForcePathStyle: forcePathStyle } = config;
  const { source, pending, logger, purger, metrics, forget } = parts;
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
    ...createConfirm({ tokens, store, inspect, urls, urlPrefix, cacheControl, clock, onLeft, onConfirmed: forget }),
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
    enter: (signal) => parts.steps.enter(1, signal),
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

/** Every size that will be named must be possible to make; the smallest one will be, of an animation its first frame. */
function planSmallest(facts: ImageFacts, urls: UploadUrls, policy: PlanPolicy): Plan | undefined {
  const widths = urls.candidates('', facts.width).map(({ width: w }) => w);
  const named = [...widths.map((w) => ({ w, enlarge: 0 }) as const), {}];
  for (const options of named) planVariant(options, facts, [], policy);
  return planVariant({ ...named[0], anim: 0 }, facts, [], policy);
}
