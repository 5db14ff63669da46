import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createMemoryTier } from './cache/memory.ts';
import { type Config, ConfigError, type VariableName } from './config.ts';
import { buildManagementApp } from './http/management.ts';
import { createSendOriginal } from './http/original.ts';
import { buildPublicApp } from './http/public-app.ts';
import { createAdmission } from './render/admission.ts';
import { createOriginalReader } from './render/original-reader.ts';
import { createOriginals } from './render/originals.ts';
import { createPassthrough } from './render/passthrough.ts';
import { prepare } from './render/prepare.ts';
import { createRenderer } from './render/renderer.ts';
import { openSource } from './sources/open-source.ts';
import type { Source, SourceStatus } from './sources/source.ts';
import { createLogger } from './telemetry/logger.ts';
import { createReadiness } from './telemetry/readiness.ts';
import type { Listening } from './telemetry/start-report.ts';
import type { Plan } from './transform/plan.ts';
import { setUpSharp } from './transform/sharp-setup.ts';
import { transform } from './transform/transform.ts';

/** What a test may put in place of the real thing. */
export interface Parts {
  readonly logger: Logger;
  readonly source: Source;
  readonly transform: (original: Uint8Array, plan: Plan) => Promise<Buffer>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The service, built and not yet listening. */
export interface App {
  readonly publicApp: FastifyInstance;
  readonly managementApp: FastifyInstance;
  /** Listens on both ports, then makes itself ready in the background. */
  start(): Promise<Listening>;
  stop(): Promise<void>;
}

/** Originals whose bytes are in memory at once, for each worker: one at work and three on their way keep it busy. */
const ORIGINALS_PER_WORKER = 4;
/** Sockets to the source: streams to clients hold theirs for as long as a client takes. */
const MAX_SOCKETS = 128;
const CHECK_RETRY_MS = 5_000;

/** The composition root: configuration in, parts put together, nothing started. */
export async function buildApp(config: Config, replaced: Partial<Parts> = {}): Promise<App> {
  setUpSharp();
  const { forcePathStyle, maxSockets } = { forcePathStyle: config.s3ForcePathStyle, maxSockets: MAX_SOCKETS };
  const parts: Parts = {
    logger: replaced.logger ?? createLogger(config.logLevel),
    source: replaced.source ?? (await openSource({ url: config.source, forcePathStyle, maxSockets })),
    transform: replaced.transform ?? transform,
    now: replaced.now ?? (() => performance.now()),
  };
  const { logger, source, now } = parts;
  const readiness = createReadiness({
    codecs: 'codecs are not warmed up yet',
    source: 'the source is not checked yet',
  });
  const { workers: capacity, queueLength, maxSourceBytes, originalFreshMs: freshMs, cacheControl } = config;

  const originals = createOriginals({
    reader: createOriginalReader({ source, maxSourceBytes, now }),
    admission: createAdmission({ capacity: capacity * ORIGINALS_PER_WORKER, queueLength }),
    freshMs,
    now,
  });
  const render = createRenderer({
    originals,
    tier: createMemoryTier({ maxBytes: config.cacheMemoryBytes }),
    workers: createAdmission({ capacity, queueLength }),
    transform: parts.transform,
  });
  const publicApp = await buildPublicApp({
    logger,
    corsOrigins: config.corsOrigins,
    image: {
      sourceId: source.id,
      originals,
      render,
      sendOriginal: createSendOriginal({ passthrough: createPassthrough({ source }), cacheControl }),
      policy: { maxWidth: config.maxWidth, maxHeight: config.maxHeight, defaults: config.defaultOptions },
      limits: config,
      cacheControl,
      deadlineMs: config.deadlineMs,
    },
  });
  const managementApp = buildManagementApp({ logger, readiness });
  const stopping = new AbortController();

  return {
    publicApp,
    managementApp,
    async start() {
      const listening = {
        publicUrl: await listen(publicApp, 'PORT', config.host, config.port),
        managementUrl: await listen(managementApp, 'MANAGEMENT_PORT', config.host, config.managementPort),
      };
      const { signal } = stopping;
      const onStatus = (status: SourceStatus) => logSourceStatus(logger, status);
      const report = readiness.report;
      void prepare({ source, transform: parts.transform, report, onStatus, retryMs: CHECK_RETRY_MS, signal });
      return listening;
    },
    async stop() {
      stopping.abort();
      await Promise.all([publicApp.close(), managementApp.close()]);
      source.close();
    },
  };
}

async function listen(app: FastifyInstance, variable: VariableName, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new ConfigError(`${variable} is ${port}; listening on ${host} fails: ${(error as Error).message}.`);
  }
}

function logSourceStatus(logger: Logger, { readable, detail }: SourceStatus): void {
  if (readable) logger.info({ detail }, 'the source can be read');
  else logger.error({ detail }, 'the source cannot be read; trying again');
}
