import { Agent, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import type { Test } from 'tap';
import type { Parts } from '../../src/app.ts';
import { ServiceError } from '../../src/errors.ts';
import type { Source } from '../../src/sources/source.ts';
import { startService } from './service.ts';

const LAST_MODIFIED = new Date('2024-05-06T07:08:09Z');

/** Originals that are gone again when they were read: a long run holds none of them. */
export function createPassingSource(objects: ReadonlyMap<string, Uint8Array>): Source {
  return {
    id: 'memory://fuzz',
    async open(key) {
      const bytes = objects.get(key);
      if (!bytes) throw new ServiceError('not_found');
      const head = { etag: `"${bytes.length}-${key}"`, lastModified: LAST_MODIFIED };
      return await Promise.resolve({ status: 'opened', head, length: bytes.length, body: Readable.from([bytes]) });
    },
    check: () => Promise.resolve({ readable: true, detail: 'in memory' }),
    close: () => {},
  };
}

export interface FuzzService {
  /** The status of the answer to a target as it is written; its body is read and left. */
  status(target: string, headers?: Record<string, string>): Promise<number>;
}

/** Connections at a time: as many as a small CDN keeps. */
const SOCKETS = 16;

/** A service in this process that logs nothing. */
export async function startFuzzService(
  t: Test,
  env: Readonly<Record<string, string>>,
  parts: Partial<Parts>,
): Promise<FuzzService> {
  const { url } = await startService(t, { env, parts: { logger: pino({ level: 'silent' }), ...parts } });
  return askOften(t, url);
}

/** Asks over connections that are used again. */
export function askOften(t: Test, url: string): FuzzService {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  t.teardown(() => agent.destroy());
  const { hostname, port } = new URL(url);
  return {
    status: (path, headers = {}) =>
      new Promise((resolve, reject) => {
        const client = request({ hostname, port, path, headers, agent }, (answer: IncomingMessage) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        });
        client.on('error', reject).end();
      }),
  };
}
