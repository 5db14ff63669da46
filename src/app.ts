import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { prepareDrain } from './http/drain.ts';
import { buildManagementApp } from './http/management.ts';
import { buildPublicApp } from './http/public-app.ts';
import { createImages } from './images.ts';
import { prepare } from './render/prepare.ts';
import { observeSource } from './sources/observe.ts';
import { openSource } from './sources/open-source.ts';
import type { Source, SourceStatus } from './sources/source.ts';
import { createLogger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createReadiness } from './telemetry/readiness.ts';
import type { Listening } from './telemetry/start-report.ts';
import { draw } from './transform/apart.ts';
import type { Transform } from './transform/observe.ts';
import { drawingRules } from './transform/rules.ts';
import { setUpSharp } from './transform/sharp-setup.ts';
import { TEMPORARY_FOLDER } from './uploads/keys.ts';
import type { VariableName } from './variables.ts';

/** What a test may put in place of the real thing. */
export interface Parts {
  readonly logger: Logger;
  readonly source: Source;
  readonly transform: Transform;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Lets so many milliseconds pass. */
  readonly wait: (ms: number) => Promise<void>;
  /** How long a purge is tried, in milliseconds. */
  readonly purgeLimitMs: number | undefined;
}

/** The service, built and not yet listening. */
export interface App {
  readonly publicApp: FastifyInstance;
  readonly managementApp: FastifyInstance;
  readonly logger: Logger;
  /** Listens on both ports, then makes itself ready in the background. */
  start(): Promise<Listening>;
  /** Ends without losing a request: see `http/drain.ts`. */
  drain(): Promise<void>;
  /** Ends as soon as what is being answered is. */
  stop(): Promise<void>;
}

/** Sockets to the source: streams to clients hold theirs for as long as a client takes. */
const MAX_SOCKETS = 128;
const CHECK_RETRY_MS = 5_000;

/** The composition root: configuration in, parts put together, nothing started. */
export async function buildApp(config: Config, replaced: Partial<Parts> = {}): Promise<App> {
  const rules = drawingRules(config.dialect, config.svg);
  setUpSharp({ ...rules, keepsGainMap: config.keepsGainMap });
  const metrics = createMetrics();
  const parts = await chooseParts(config, replaced, metrics);
  const { logger } = parts;
  const source = observeSource(parts.source, metrics.sourceAnswered);
  const readiness = createReadiness({
    codecs: 'codecs are not warmed up yet',
    source: 'the source is not checked yet',
    purges: 'it is not known yet what was purged',
  });

  const stopping = new AbortController();
  const images = await createImages(config, { ...parts, source, rules, metrics, ending: stopping.signal });
  const { purging } = images;
  const publicApp = await buildPublicApp({
    logger,
    corsOrigins: config.corsOrigins,
    originSecrets: config.originSecrets,
    observe: metrics.request,
    image: images.options,
    uploads: images.uploads,
  });
  const managementApp = buildManagementApp({ logger, readiness, metrics: metrics.registry, purge: purging.route });
  const drainPublicApp = prepareDrain(publicApp);

  const app: App = {
    publicApp,
    managementApp,
    logger,
    async start() {
      const listening = {
        publicUrl: await listen(publicApp, 'PORT', config.host, config.port),
        managementUrl: await listen(managementApp, 'MANAGEMENT_PORT', config.host, config.managementPort),
      };
      void prepare({
        source: parts.source,
        transform: parts.transform,
        report: readiness.report,
        onStatus: (status) => logSourceStatus(logger, status),
        retryMs: CHECK_RETRY_MS,
        signal: stopping.signal,
      });
      void purging.start().then(() => readiness.report('purges', undefined));
      return listening;
    },
    async drain() {
      logger.info({ delayMs: config.drainDelayMs }, 'draining');
      const announce = () => readiness.report('draining', 'the service is ending');
      await drainPublicApp({ delay: () => parts.wait(config.drainDelayMs), announce });
      await app.stop();
      logger.info('drained');
    },
    async stop() {
      stopping.abort();
      await Promise.all([publicApp.close(), managementApp.close()]);
      await images.close();
      source.close();
    },
  };
  return app;
}

async function chooseParts(config: Config, replaced: Partial<Parts>, metrics: Metrics): Promise<Parts> {
  const { source: url, s3ForcePathStyle: forcePathStyle, uploads } = config;
  const hidden = uploads && `${uploads.urlPrefix}${TEMPORARY_FOLDER}/`;
  const https = { allowPrivate: config.sourceAllowPrivate, redirects: config.sourceRedirects };
  return {
    logger: replaced.logger ?? createLogger(config.logLevel),
    source:
      replaced.source ??
      (await openSource({
        url,
        forcePathStyle,
        https,
        maxSockets: MAX_SOCKETS,
        hidden,
        onRetry: metrics.sourceRetried,
      })),
    // Half of a deadline: who waits is told why, and the next one need not wait as long.
    transform: replaced.transform ?? ((original, plan) => draw(original, plan, config.deadlineMs / 2)),
    now: replaced.now ?? (() => performance.now()),
    wait: replaced.wait ?? ((ms) => setTimeout(ms)),
    purgeLimitMs: replaced.purgeLimitMs,
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
