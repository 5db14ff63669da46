import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Outgoing = { method: string; path: string; headers: IncomingHttpHeaders };

/** Opens the request to the next server. It ends when the client goes away, and takes the client along if it breaks. */
export function openUpstream(origin: string, outgoing: Outgoing, res: ServerResponse): ClientRequest {
  const upstream = request(origin, { ...outgoing, headers: withoutHopHeaders(outgoing.headers), agent: false });
  upstream.on('error', () => res.destroy());
  res.on('close', () => upstream.destroy());
  return upstream;
}

/** Everything but what describes the one connection it came over. */
export function withoutHopHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, ...rest } = headers;
  return rest;
}

export async function readAll(source: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Listens on a free port of the loopback address and returns its origin. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
