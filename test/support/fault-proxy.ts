import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

/** What happens to the bytes that come back on one connection; whoever gets `client` takes them over. */
export type Fault = (store: Socket, client: Socket) => void;

export interface FaultProxy {
  readonly endpoint: string;
  /** For connections made from now on; undefined passes everything. */
  fault: Fault | undefined;
  /** Connections made so far. */
  readonly connections: number;
  /** Ends the connections there are, so that what is asked next makes one of its own. */
  drop(): void;
  /** Nobody listens any more: what connects is refused. */
  refuse(): Promise<void>;
}

/** A wire to a store that can break. Below HTTP, so that heads, signatures and lengths are the store's own. */
export async function startFaultProxy(t: Test, store: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(store);
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket);
          other.destroy();
        });
    }
    client.pipe(upstream);
    (proxy.fault ?? passes)(upstream, client);
  });
  const proxy: FaultProxy = {
    endpoint: await listen(server),
    fault: undefined,
    get connections() {
      return connections;
    },
    drop() {
      for (const socket of open) socket.destroy();
    },
    refuse: () => close(server, open),
  };
  t.teardown(() => close(server, open));
  return proxy;
}

const passes: Fault = (store, client) => void store.pipe(client);

/** Takes requests and answers nothing. */
export const blackHole: Fault = (store) => void store.resume();

/** One byte every few milliseconds, for ever too slow. */
export const trickles: Fault = (store, client) => {
  store.once('data', (bytes: Buffer) => {
    let sent = 0;
    const timer = setInterval(() => client.write(bytes.subarray(sent, ++sent)), 5);
    client.on('close', () => clearInterval(timer));
  });
};

/** Passes so many bytes, then resets the connection. */
export function resetsAfter(limit: number): Fault {
  return (store, client) => cutAfter(store, client, limit, () => client.resetAndDestroy());
}

/** Passes so many bytes, then closes the connection in order. */
export function closesAfter(limit: number): Fault {
  return (store, client) => cutAfter(store, client, limit, () => client.end());
}

const SLOW_DOWN = [
  'HTTP/1.1 503 Slow Down',
  'content-type: application/xml',
  'connection: close',
  '',
  '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
].join('\r\n');

/** Says what S3 says when it has too much to do. */
export const slowsDown: Fault = (store, client) => {
  store.once('data', () => client.end(SLOW_DOWN));
};

function cutAfter(store: Socket, client: Socket, limit: number, cut: () => void): void {
  let passed = 0;
  store.on('data', (bytes: Buffer) => {
    const part = bytes.subarray(0, limit - passed);
    passed += part.length;
    client.write(part, () => passed >= limit && cut());
  });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return `http://127.0.0.1:${port}`;
}

async function close(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}
