import type { Socket } from 'node:net';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { ServiceError } from '../errors.ts';
import type { Readiness } from '../telemetry/readiness.ts';
import { answerParserError, handleErrors } from './error-handler.ts';
import { type PurgeRouteOptions, purgeRoutes } from './purge.ts';

export interface ManagementOptions {
  readonly logger: FastifyBaseLogger;
  readonly readiness: Readiness;
  readonly metrics: Pick<Registry, 'contentType' | 'metrics'>;
  /** Undefined where nothing is purged by request. */
  readonly purge: PurgeRouteOptions | undefined;
}

const KEEP_ALIVE_MS = 1_000;
// Nothing but probes and purges comes here: what does not arrive in time, or is not taken, holds a connection to no purpose.
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;

/** The port that the platform talks to; never routed from outside. */
export function buildManagementApp({ logger, readiness, metrics, purge }: ManagementOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    // A connection on which a request was under way when the port closed is idle after that, and would keep it from closing for 72 s.
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    logController: new LogController({ disableRequestLogging: true }),
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerParserError(error, socket, {}),
  });
  handleErrors(app);
  app.setNotFoundHandler(() => {
    throw new ServiceError('no_route');
  });
  // No dependency is asked: a process that answers is alive, and restarting it would not mend S3.
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const { reasons } = readiness;
    reply.code(reasons.length === 0 ? 200 : 503);
    return { status: reasons.length === 0 ? 'ok' : 'not ready', reasons };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return await metrics.metrics();
  });
  if (purge) app.register(purgeRoutes, purge);
  return app;
}
