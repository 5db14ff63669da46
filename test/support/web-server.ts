import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Test } from 'tap';
import { resolveRange } from '../../src/sources/range.ts';
import { type Certificate, createCertificate } from './certificate.ts';

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** `https://127.0.0.1:port`. */
  readonly origin: string;
  readonly port: number;
  /** What a client has to trust. */
  readonly ca: string;
  /** What was asked for, as it was written. */
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** Connections made so far, TLS or not. */
  readonly connections: number;
  /** Connections there are. */
  readonly open: number;
  /** Answers in place of the objects. */
  answer: Answerer | undefined;
  /** Stores an object under a path without its first slash, percent-encoded as it is going to be asked for. */
  put(path: string, body: string | Uint8Array): void;
  remove(path: string): void;
}

export interface WebServerOptions {
  readonly certificate?: Certificate;
  /** `W/` for tags that are weak. */
  readonly tagPrefix?: string;
}

/** A web server with what one has that serves files: tags, dates, conditions, ranges. */
export async function startWebServer(t: Test, options: WebServerOptions = {}): Promise<WebServer> {
  const { certificate = createCertificate(['127.0.0.1', 'localhost', 'photos.test']), tagPrefix = '' } = options;
  const objects = new Map<string, Stored>();
  const sockets = new Set<Duplex>();
  let connections = 0;
  const server = createServer(certificate, (request, response) => {
    web.requests.push({ url: request.url ?? '', headers: request.headers });
    (web.answer ?? serve)(request, response);
  });
  const serve: Answerer = (request, response) => {
    const stored = objects.get((request.url ?? '').slice(1));
    const { status, headers, body } = answerOf(stored, request.headers);
    response.writeHead(status, { 'content-length': body.length, ...headers }).end(body);
  };
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const web: WebServer = {
    origin: `https://127.0.0.1:${port}`,
    port,
    ca: certificate.cert,
    requests: [],
    answer: undefined,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    put(path, body) {
      const bytes = Buffer.from(body);
      const etag = `${tagPrefix}"${createHash('md5').update(bytes).digest('hex')}"`;
      objects.set(path, { bytes, etag, modified: new Date().toUTCString() });
    },
    remove: (path) => void objects.delete(path),
  };
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return web;
}

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modified: string;
}

interface PlainAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function answerOf(stored: Stored | undefined, asked: IncomingHttpHeaders): PlainAnswer {
  if (!stored) return { status: 404, headers: {}, body: Buffer.from('no such page') };
  const { bytes, etag, modified } = stored;
  const headers = { etag, 'last-modified': modified, 'content-type': 'image/png' };
  const none = { headers, body: Buffer.alloc(0) };
  // By strong comparison, which a weak tag always fails (RFC 9110, 13.1.1).
  if (asked['if-match'] !== undefined && (asked['if-match'] !== etag || etag.startsWith('W/')))
    return { ...none, status: 412 };
  if (asked['if-none-match'] === etag) return { ...none, status: 304 };
  const range = asked.range === undefined ? undefined : resolveRange(asked.range, bytes.length);
  if (range === undefined) return { status: 200, headers, body: bytes };
  if (range === 'unsatisfiable')
    return { ...none, status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  const contentRange = `bytes ${range.start}-${range.end}/${bytes.length}`;
  const body = bytes.subarray(range.start, range.end + 1);
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body };
}
