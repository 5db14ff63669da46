import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

export interface Recorded {
  readonly target: string;
  readonly accept: string | undefined;
}

export interface Recorder {
  readonly url: string;
  readonly arrivals: readonly Recorded[];
  /** Of the last request that could be read. */
  headers(): IncomingHttpHeaders;
}

/** A server that notes what arrives, and answers all of it alike. */
export async function startRecorder(t: Test, headers: OutgoingHttpHeaders = {}): Promise<Recorder> {
  const arrivals: Recorded[] = [];
  let last: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    last = request.headers;
    arrivals.push({ target: request.url ?? '', accept: last.accept });
    response.writeHead(200, headers).end('a picture');
  });
  // Bytes that are no URL's: Node refuses them before anybody sees them, but they have arrived.
  server.on('clientError', ({ rawPacket }: Error & { readonly rawPacket?: Buffer }, socket) => {
    const text = rawPacket?.toString('latin1') ?? '';
    arrivals.push({ target: /^\S+ (\S+)/.exec(text)?.[1] ?? '', accept: /^accept: (.*)\r$/im.exec(text)?.[1] });
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrivals, headers: () => last };
}
