import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { orAborted } from '../abort.ts';
import { ClientLeft, ServiceError } from '../errors.ts';
import type { Begun, UploadOrder } from '../uploads/begin.ts';
import type { Confirm } from '../uploads/confirm.ts';
import type { Identify } from '../uploads/identity.ts';
import type { Owned } from '../uploads/owned.ts';
import { readKey, readTokens, readUploadOrder, readUrlOrder, type UploadLimits } from '../uploads/upload-requests.ts';
import { bearerOf } from './bearer.ts';
import { type EditorUploadOptions, editorUploads } from './editor-uploads.ts';
import { logFailure, outcomeOf, sendError, toServiceError } from './error-handler.ts';
import { startDeadline } from './request-deadline.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who uploads; empty before that is known, and elsewhere. */
    subject: string;
  }
}

export interface UploadRouteOptions extends Confirm, Owned {
  readonly identify: Identify;
  readonly begin: (order: UploadOrder, subject: string) => Promise<Begun>;
  readonly editor: EditorUploadOptions;
  /** A place among those who ask the store; given back by what it returns. */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
  readonly limits: UploadLimits;
  readonly perMinute: number;
  readonly deadlineMs: number;
  readonly observe: (step: UploadStep, outcome: string) => void;
}

/** What is counted. */
export type UploadStep = 'begin' | 'confirm' | 'state' | 'withdraw' | 'receive' | 'url' | 'remove';

/** A hundred tokens, and the rest is small. */
const MAX_BODY_BYTES = 512 * 1024;
/** Of one request, at a time: each reads an object. */
const TOKENS_AT_ONCE = 8;
/** Subjects whose requests are counted. */
const MAX_COUNTED = 10_000;

/** What browsers and backends do about uploads. All of it is JSON, for who says who they are, and nothing may be kept. */
export async function uploadRoutes(app: FastifyInstance, options: UploadRouteOptions): Promise<void> {
  const { begin, enter, limits, deadlineMs, observe } = options;

  // Forms are read by the one route that takes them, and text by none.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(toBadUpload(error), request, reply));
  await guard(app, options);
  await app.register(multipart);
  await app.register(editorUploads, { ...options.editor, limits, observe });

  /** Counts what came of a step. */
  async function counted<T>(step: UploadStep, work: () => T | Promise<T>): Promise<T> {
    try {
      const answer = await work();
      observe(step, 'done');
      return answer;
    } catch (error) {
      observe(step, outcomeOf(error));
      throw error;
    }
  }

  /** The same, of what asks the store. */
  async function asking<T>(step: UploadStep, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return await counted(step, async () => {
      const release = await enter(signal);
      try {
        return await work();
      } finally {
        release();
      }
    });
  }

  const bodyLimit = MAX_BODY_BYTES;

  app.post('/', { bodyLimit }, async ({ body, subject }, reply) => {
    const { signal } = startDeadline(reply, deadlineMs);
    // The store is not asked, but whoever has the credentials may be.
    const begun = await counted('begin', () => orAborted(begin(readUploadOrder(body, limits), subject), signal));
    reply.code(201);
    return begun;
  });

  app.post('/confirm', { bodyLimit }, async (request, reply) => {
    const asksOnly = new URLSearchParams(queryOf(request)).has('status');
    return await forEachToken(
      request,
      reply,
      asksOnly ? 'state' : 'confirm',
      asksOnly ? options.state : options.confirm,
    );
  });

  app.delete('/', { bodyLimit }, async (request, reply) => {
    if (!new URLSearchParams(queryOf(request)).has('key'))
      return await forEachToken(request, reply, 'withdraw', options.withdraw);
    const { signal } = startDeadline(reply, deadlineMs);
    await asking('remove', signal, () => options.remove(readKey(queryOf(request)), request.subject, signal));
    return reply.code(204).send();
  });

  app.get('/url', async (request, reply) => {
    const { signal } = startDeadline(reply, deadlineMs);
    const { key, seconds, options: picture } = readUrlOrder(queryOf(request));
    return await asking('url', signal, () => options.urlFor(key, seconds, picture, request.subject, signal));
  });

  /** One answer for one token, a list for a list: there, what is wrong with one says nothing of the others. */
  async function forEachToken(
    request: FastifyRequest,
    reply: FastifyReply,
    step: UploadStep,
    work: (token: string, subject: string, signal: AbortSignal) => Promise<object>,
  ): Promise<object> {
    const { body, subject } = request;
    const { signal } = startDeadline(reply, deadlineMs);
    const { tokens, isSingle } = readTokens(body);
    const one = (token: string) => asking(step, signal, () => work(token, subject, signal));
    if (isSingle) return await one(tokens[0] as string);
    const results = Readable.from(tokens).map(
      (token: string) => one(token).catch((error: unknown) => asResult(error, request)),
      {
        concurrency: TOKENS_AT_ONCE,
      },
    );
    return { results: await results.toArray() };
  }
}

/** Who asks, and how often. */
async function guard(app: FastifyInstance, { identify, perMinute }: UploadRouteOptions): Promise<void> {
  app.decorateRequest('subject', '');
  // Before a body is read: who is nobody is no one to read megabytes from.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('www-authenticate', 'Bearer');
    request.subject = await identify(bearerOf(request));
    reply.removeHeader('www-authenticate');
  });
  await app.register(rateLimit, {
    hook: 'preParsing',
    max: perMinute,
    timeWindow: '1 minute',
    cache: MAX_COUNTED,
    keyGenerator: ({ subject }) => subject,
    errorResponseBuilder: () => new ServiceError('too_many_requests'),
    addHeadersOnExceeding: UNSAID,
    addHeaders: { ...UNSAID, 'retry-after': true },
  });
}

/** Who is told what is left would use it up. */
const UNSAID = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };

/** An error as one of several results, unless there is nobody to read them. */
function asResult(error: unknown, request: FastifyRequest): object {
  if (error instanceof ClientLeft) throw error;
  const failure = toServiceError(error);
  const { code, publicMessage: message, row } = failure;
  if (row.status >= 500) logFailure(request, failure);
  return { error: { code, message, status: row.status } };
}

/** As it came. */
function queryOf({ originalUrl }: FastifyRequest): string {
  return originalUrl.split('?').slice(1).join('?');
}

/** What Fastify itself complains of, too: of a body that is too long, is no JSON, or says that it is something else. */
function toBadUpload(error: FastifyError): unknown {
  const isOfRequest = error.statusCode !== undefined && error.statusCode < 500;
  return isOfRequest ? new ServiceError('bad_upload', `The body: ${error.message}`) : error;
}
