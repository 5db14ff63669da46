import cors from '@fastify/cors';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.ts';
import { handleErrors } from './error-handler.ts';
import { COMMON_HEADERS, EXPOSED_HEADERS } from './headers.ts';
import { type ImageOptions, imageRoutes } from './image.ts';
import { originLock } from './origin-lock.ts';
import { logRequests, type RequestObserver } from './request-log.ts';
import { publicServerOptions, UPLOADS_PREFIX } from './server-options.ts';
import type { UploadRouteOptions } from './uploads.ts';

export interface PublicAppOptions {
  readonly logger: FastifyBaseLogger;
  /** Origins that may read answers; `*` for all. */
  readonly corsOrigins: '*' | readonly string[];
  /** What a CDN has to say one of; undefined where anybody may ask. */
  readonly originSecrets: readonly string[] | undefined;
  readonly image: ImageOptions;
  /** Undefined where there are no uploads. */
  readonly uploads: UploadRouteOptions | undefined;
  readonly observe: RequestObserver;
}

const METHODS = ['GET', 'HEAD', 'OPTIONS'];
const UPLOAD_METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS'];

/** The port that a CDN talks to. */
export async function buildPublicApp({
  logger,
  corsOrigins,
  originSecrets,
  image,
  uploads,
  observe,
}: PublicAppOptions): Promise<FastifyInstance> {
  const anyOrigin = corsOrigins === '*';
  const app: FastifyInstance = Fastify(
    publicServerOptions({
      logger,
      corsHeaders: anyOrigin ? { 'access-control-allow-origin': '*' } : { vary: 'Origin' },
      bodyMs: uploads?.editor.bodyMs,
    }),
  );
  handleErrors(app);
  logRequests(app, observe);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(COMMON_HEADERS);
    done();
  });
  // One set of rules for all paths: chosen by path, every answer would say `Vary: Origin`, and be an entry for each page at a CDN. That a
  // page may ask for something does not mean that it is there.
  await app.register(cors, {
    origin: anyOrigin ? '*' : [...corsOrigins],
    methods: uploads ? ['GET', 'HEAD', 'POST', 'DELETE'] : ['GET', 'HEAD'],
    allowedHeaders: uploads ? ['Range', 'Authorization', 'Content-Type'] : ['Range'],
    exposedHeaders: uploads ? [...EXPOSED_HEADERS, 'Retry-After'] : EXPOSED_HEADERS,
    strictPreflight: false,
    maxAge: 86_400,
  });
  // After CORS: a page is to learn that it was refused, and a preflight names no secret.
  if (originSecrets) app.addHook('onRequest', originLock(originSecrets));
  app.addHook('onRequest', (request, _reply, done) => {
    // Before a body is looked at: there is none that could make another method right.
    const isAllowed = METHODS.includes(request.method) || !request.is404;
    done(isAllowed ? undefined : methodNotAllowed(uploads !== undefined && isAboutUploads(request)));
  });
  // Outside the reserved prefix every path is a key of the one route, and what is not asked by a method of its is refused above.
  app.setNotFoundHandler(() => {
    throw new ServiceError('no_route');
  });
  await app.register(imageRoutes, image);
  if (uploads) {
    // Loaded on demand, with what reads forms and counts requests.
    const { uploadRoutes } = await import('./uploads.ts');
    await app.register(uploadRoutes, { ...uploads, prefix: UPLOADS_PREFIX });
  }
  return app;
}

function isAboutUploads({ url }: Pick<FastifyRequest, 'url'>): boolean {
  return url.startsWith(UPLOADS_PREFIX);
}

function methodNotAllowed(isAboutUploads: boolean): ServiceError {
  if (!isAboutUploads) return new ServiceError('method_not_allowed');
  const allow = UPLOAD_METHODS.join(', ');
  return new ServiceError('method_not_allowed', `Only ${allow} are allowed.`, { allow });
}
