import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';

export interface DrainOptions {
  /** How long the platform gets to notice that this process is not ready, while every request is still answered. */
  readonly delay: () => Promise<void>;
  /** What tells the platform; called first. */
  readonly announce: () => void;
}

/** Ends a server without losing a request. */
export type Drain = (options: DrainOptions) => Promise<void>;

const IDLE_CLOSE_INTERVAL_MS = 100;

/**
 * Prepares a server for its end. Closing it outright would reset keep-alive connections on which a request is just arriving,
 * and wait for those that were busy until their keep-alive time is over. So, in this order: the platform is told; every
 * answer closes its connection; after the delay nothing new is accepted; connections that fall idle are closed.
 */
export function prepareDrain(app: FastifyInstance): Drain {
  let draining = false;
  // Before the framework sees the request: also what it answers by itself is to close its connection.
  app.server.prependListener('request', (_request, response) => {
    if (draining) response.setHeader('connection', 'close');
  });
  return async ({ delay, announce }) => {
    announce();
    draining = true;
    await delay();
    await closeIdly(app.server);
  };
}

async function closeIdly(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const timer = setInterval(() => server.closeIdleConnections(), IDLE_CLOSE_INTERVAL_MS);
  await closed;
  clearInterval(timer);
}
