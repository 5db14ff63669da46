import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Staleness } from '../render/records.ts';
import type { RenderTimings } from '../render/renderer.ts';
import type { CacheOutcome } from './cache-headers.ts';
import { loggableUrl } from './loggable-url.ts';

/** What one line of the log says of a request, besides status, bytes and time. */
export interface RequestSummary {
  readonly key: string;
  /** Canonical options; empty for an original. */
  readonly options: string;
  readonly outcome: CacheOutcome;
  /** Why the original's record was used though it was no longer fresh. */
  readonly stale?: Staleness | undefined;
  readonly timings?: RenderTimings | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once by whoever answers; null when the answer is an error. */
    summary: RequestSummary | null;
    /** Set once, by the error handler or by a body that breaks off. */
    failure: string | null;
  }
}

/** Told of each request when it is over. */
export type RequestObserver = (
  request: Outcome & Pick<RequestSummary, 'stale'> & { readonly status: number; readonly seconds: number },
) => void;

/** nginx's number for a client that left before its answer was complete; only the log ever sees it. */
const CLIENT_LEFT_STATUS = 499;

/**
 * One line a request, when its answer is complete or its client has left. By the event of the response itself: Fastify's
 * onResponse hook does not run for an answer that nobody waited for.
 */
export function logRequests(app: FastifyInstance, observe: RequestObserver): void {
  app.decorateRequest('summary', null);
  app.decorateRequest('failure', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => logRequest(request, reply, observe));
    done();
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply, observe: RequestObserver): void {
  const isComplete = reply.raw.writableFinished;
  const { outcome, error } = outcomeOf(request, isComplete);
  const status = isComplete || request.failure !== null ? reply.statusCode : CLIENT_LEFT_STATUS;
  observe({ outcome, error, status, seconds: reply.elapsedTime / 1000, stale: request.summary?.stale });
  const line = {
    reqId: request.id,
    method: request.method,
    status,
    bytes: request.method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0),
    ms: Number(reply.elapsedTime.toFixed(1)),
    ...(error === undefined
      ? (request.summary ?? { url: loggableUrl(request.originalUrl), outcome })
      : { url: loggableUrl(request.originalUrl), outcome, error }),
  };
  request.log.info(line, 'request');
}

interface Outcome {
  readonly outcome: string;
  /** Code of the error that was answered, or of what kept the answer from being complete. */
  readonly error?: string | undefined;
}

function outcomeOf({ failure, summary }: FastifyRequest, isComplete: boolean): Outcome {
  const error = failure ?? (isComplete ? undefined : 'client_left');
  return error === undefined ? { outcome: summary?.outcome ?? 'other' } : { outcome: 'error', error };
}
