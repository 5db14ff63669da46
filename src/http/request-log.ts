import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RenderTimings } from '../render/renderer.ts';

/** What one line of the log says of a request, besides status, bytes and time. */
export interface RequestSummary {
  readonly key: string;
  /** Canonical options; empty for an original. */
  readonly options: string;
  readonly outcome: 'hit' | 'miss' | 'collapsed' | 'not-modified' | 'original';
  readonly timings?: RenderTimings | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once by whoever answers; null when the answer is an error. */
    summary: RequestSummary | null;
    /** Set once by the error handler. */
    failure: string | null;
  }
}

/** One line a request, when its answer is complete or its client has left. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('summary', null);
  app.decorateRequest('failure', null);
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        status: reply.statusCode,
        bytes: Number(reply.getHeader('content-length') ?? 0),
        ms: Number(reply.elapsedTime.toFixed(1)),
        ...describe(request),
      },
      'request',
    );
    done();
  });
}

function describe(request: FastifyRequest): object {
  if (request.failure !== null) return { url: request.originalUrl, outcome: 'error', error: request.failure };
  return request.summary ?? { url: request.originalUrl, outcome: 'other' };
}
