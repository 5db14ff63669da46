import cors from '@fastify/cors';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { ServiceError } from '../errors.ts';
import { handleErrors } from './error-handler.ts';
import { COMMON_HEADERS, EXPOSED_HEADERS } from './headers.ts';
import { type ImageOptions, imageRoutes } from './image.ts';
import { originLock } from './origin-lock.ts';
import { logRequests, type RequestObserver } from './request-log.ts';
import { publicServerOptions } from './server-options.ts';

export interface PublicAppOptions {
  readonly logger: FastifyBaseLogger;
  /** Origins that may read answers; `*` for all. */
  readonly corsOrigins: '*' | readonly string[];
  /** What a CDN has to say one of; undefined where anybody may ask. */
  readonly originSecrets: readonly string[] | undefined;
  readonly image: ImageOptions;
  readonly observe: RequestObserver;
}

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** The port that a CDN talks to. */
export async function buildPublicApp({
  logger,
  corsOrigins,
  originSecrets,
  image,
  observe,
}: PublicAppOptions): Promise<FastifyInstance> {
  const anyOrigin = corsOrigins === '*';
  const app: FastifyInstance = Fastify(
    publicServerOptions({
      logger,
      corsHeaders: anyOrigin ? { 'access-control-allow-origin': '*' } : { vary: 'Origin' },
    }),
  );
  handleErrors(app);
  logRequests(app, observe);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(COMMON_HEADERS);
    done();
  });
  await app.register(cors, {
    origin: anyOrigin ? '*' : [...corsOrigins],
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['Range'],
    exposedHeaders: EXPOSED_HEADERS,
    strictPreflight: false,
    maxAge: 86_400,
  });
  // After CORS: a page is to learn that it was refused, and a preflight names no secret.
  if (originSecrets) app.addHook('onRequest', originLock(originSecrets));
  app.addHook('onRequest', (request, _reply, done) => {
    // Before a body is looked at: there is none that could make another method right.
    done(METHODS.includes(request.method) ? undefined : new ServiceError('method_not_allowed'));
  });
  // Outside the reserved prefix every path is a key of the one route, and what is not asked by a method of its is refused above.
  app.setNotFoundHandler(() => {
    throw new ServiceError('no_route');
  });
  await app.register(imageRoutes, image);
  return app;
}
