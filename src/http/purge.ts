import { setTimeout } from 'node:timers/promises';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.ts';
import { readPurgeOrder } from '../purge/purge-order.ts';
import type { Purged, Purger, StepOutcome } from '../purge/purger.ts';
import { bearerOf } from './bearer.ts';
import { sendError } from './error-handler.ts';
import { createSecretCheck } from './secret.ts';

export interface PurgeRouteOptions {
  readonly token: string;
  readonly purger: Pick<Purger, 'purge'>;
  /** Whether the CDN can be told of tags. */
  readonly takesTags: boolean;
  /** How long the CDN is waited for, in milliseconds. */
  readonly cdnPatienceMs: number;
  /** Aborts when the process ends. */
  readonly signal: AbortSignal;
}

/** The answer. `pending`: the CDN goes on being told. */
type PurgeReport = Omit<Purged, 'cdn'> & { readonly cdn: StepOutcome | 'pending' };

// A thousand keys of 1024 bytes, each character of which may be escaped by six.
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** `POST /purge`, for who has the token. */
export function purgeRoutes(app: FastifyInstance, options: PurgeRouteOptions, done: () => void): void {
  const { token, purger, takesTags, cdnPatienceMs, signal } = options;
  const isToken = createSecretCheck([token]);

  app.route({
    method: 'POST',
    url: '/purge',
    bodyLimit: MAX_BODY_BYTES,
    errorHandler: (error, request, reply) => void sendError(toBadPurge(error), request, reply),
    // Before the body is read: who has no token is no one to read megabytes from.
    onRequest(request, reply, next) {
      if (isToken(bearerOf(request))) return next();
      reply.header('www-authenticate', 'Bearer');
      next(new ServiceError('unauthorized'));
    },
    handler,
  });
  done();

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<PurgeReport> {
    const order = readPurgeOrder(request.body);
    if (order.tags.length > 0 && !takesTags)
      throw new ServiceError(
        'bad_purge',
        '"tags": expected keys or prefixes instead, since PURGE_CLOUDFRONT_BY is paths',
      );
    // Not given up when who asked for it leaves: half a purge helps nobody.
    const { cdn, ...purged } = await purger.purge(order, signal);
    const report = {
      ...purged,
      cdn: await Promise.race([cdn, setTimeout(cdnPatienceMs, 'pending' as const, { ref: false })]),
    };
    const { keys, prefixes, tags } = order;
    request.log.info({ keys: keys.length, prefixes: prefixes.length, tags: tags.length, ...report }, 'purged');
    reply.code(statusOf(report)).header('cache-control', 'no-store');
    return report;
  }
}

/** What Fastify itself complains of, too: of a body that is too long, is no JSON, or says that it is something else. */
function toBadPurge(error: FastifyError): unknown {
  const isOfRequest = error.statusCode !== undefined && error.statusCode < 500;
  return isOfRequest ? new ServiceError('bad_purge', `The body: ${error.message}`) : error;
}

/** 200 where all is done, 202 where the CDN is still being told, 503 where it has to be asked for again. */
function statusOf({ store, replicas, cdn }: PurgeReport): number {
  if ([store, replicas, cdn].includes('failed')) return 503;
  return cdn === 'pending' ? 202 : 200;
}
