import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyBaseLogger, type FastifyHttpOptions, LogController } from 'fastify';
import { answerParserError, sendError } from './error-handler.ts';
import type { Headers } from './headers.ts';

export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  /** CORS headers of answers that are made before the CORS plugin has run. */
  readonly corsHeaders: Headers;
  /** How long a request with a body may take to arrive, in milliseconds; undefined where there are none. */
  readonly bodyMs?: number | undefined;
}

const RESERVED_PREFIX = '/-/';
/** Under which the service has everything of uploads. */
export const UPLOADS_PREFIX = `${RESERVED_PREFIX}uploads`;

// Longer than a load balancer keeps an idle connection (ALB: 60 s), or it would send a request into one just closed here.
const KEEP_ALIVE_MS = 72_000;
// A request has no body, unless it is an upload, and is a few packets: what takes longer to arrive is a slow client holding a connection.
const REQUEST_TIMEOUT_MS = 10_000;
// Node.js would look for those every 30 s.
const REQUEST_CHECK_MS = 5_000;
// A client that takes no byte of its answer for so long has gone without saying so.
const IDLE_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 16_384;

/** Fastify's options for the public port. */
export function publicServerOptions({ logger, corsHeaders, bodyMs }: ServerOptions): FastifyHttpOptions<Server> {
  return {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // HEAD is answered on purpose: the automatic route reads a whole stream to learn its length.
    exposeHeadRoutes: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: bodyMs ?? REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_CHECK_MS,
    },
    genReqId,
    // A logger for each request would cost every hit some microseconds for one line that can name its request by itself.
    childLoggerFactory: (parent) => parent,
    rewriteUrl,
    frameworkErrors(error, request, reply) {
      reply.headers(corsHeaders);
      sendError(error, request, reply);
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerParserError(error, socket, corsHeaders),
  };
}

/**
 * Every path outside the reserved prefix goes to one route, and the raw target is parsed there: the router would decode it a
 * first time, answer bad escapes before any hook, and let /%2D/info through to /-/info.
 */
function rewriteUrl({ url = '' }: IncomingMessage): string {
  return url.startsWith(RESERVED_PREFIX) ? url : '/';
}

/** The caller's id when it is a plain one, so that a CDN's log and ours can be joined; it is never sent anywhere. */
function genReqId({ headers }: { readonly headers: IncomingMessage['headers'] }): string {
  const given = headers['x-amz-cf-id'] ?? headers['x-request-id'];
  return typeof given === 'string' && /^[\w=-]{8,128}$/.test(given) ? given : randomUUID();
}
