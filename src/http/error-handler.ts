import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClientLeft, ERROR_CACHING, type ErrorCode, ServiceError } from '../errors.ts';
import { COMMON_HEADERS, type Headers } from './headers.ts';
import { loggableUrl } from './loggable-url.ts';

/** The one place where an error becomes an answer: its row's status, lifetime and public text, as JSON. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Nobody is there to read an answer, nothing is wrong, and the log knows of it by itself.
  if (error instanceof ClientLeft) return reply.hijack();
  const failure = toServiceError(error);
  noteFailure(failure, request, reply);
  const body = errorBody(failure);
  return reply.code(failure.row.status).headers(errorHeaders(failure, body)).send(body);
}

/** What every answer to a failure begins with, whatever it shows. */
export function noteFailure(failure: ServiceError, request: FastifyRequest, reply: FastifyReply): void {
  request.failure = failure.code;
  if (failure.row.status >= 500) logFailure(request, failure);
  // What a handler has set by now may describe the object: an error must not be kept, named or dated as one.
  for (const name of OBJECT_HEADERS) reply.removeHeader(name);
}

const OBJECT_HEADERS = [
  'etag',
  'last-modified',
  'expires',
  'accept-ranges',
  'content-range',
  'content-encoding',
  'content-disposition',
  'content-language',
  'content-security-policy',
  'cache-status',
  'server-timing',
  'lambent-animation',
];

export function logFailure(request: FastifyRequest, failure: ServiceError): void {
  const { code, message, cause } = failure;
  const details = {
    reqId: request.id,
    url: loggableUrl(request.originalUrl),
    code,
    reason: message,
    err: failure.code === 'internal' ? cause : undefined,
  };
  if (failure.code === 'internal') request.log.error(details, 'internal error');
  else request.log.warn(details, 'failed');
}

/** What came of work that threw, in one word for a metric: the code of the error, or `client_left`. */
export function outcomeOf(error: unknown): string {
  return error instanceof ClientLeft ? 'client_left' : toServiceError(error).code;
}

/** Errors of Fastify's own, by their status; everything else is a mistake of ours. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { statusCode = 500 } = error as { readonly statusCode?: number };
  const code: ErrorCode = statusCode >= 400 && statusCode < 500 ? 'bad_http' : 'internal';
  return new ServiceError(code, undefined, { cause: error });
}

function errorBody({ code, publicMessage }: ServiceError): string {
  return JSON.stringify({ error: { code, message: publicMessage } });
}

function errorHeaders({ row, size, allow = 'GET, HEAD, OPTIONS' }: ServiceError, body: string): Headers {
  return {
    ...COMMON_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...failureLifetime(row),
    // RFC 9110, 15.5.17: a client learns the length it asked beyond.
    ...(size === undefined ? {} : { 'content-range': `bytes */${size}` }),
    ...(row.status === 405 ? { allow } : {}),
  };
}

/** How long the answer to a failure may be kept, and when to ask again. */
export function failureLifetime({ caching, retryAfter }: ServiceError['row']): Headers {
  return { 'cache-control': ERROR_CACHING[caching], ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };
}

const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Answers what is not HTTP, on the bare socket, with the body and headers of every error and those of CORS besides. */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket, corsHeaders: Headers): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const failure = new ServiceError(PARSER_ERRORS[String(error.code)] ?? 'bad_http');
  const body = errorBody(failure);
  const date = new Date().toUTCString();
  const headers = { date, ...errorHeaders(failure, body), ...corsHeaders, connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${failure.row.status} ${REASON}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

// RFC 9112, 4: clients should ignore the reason phrase.
const REASON = 'Error';
