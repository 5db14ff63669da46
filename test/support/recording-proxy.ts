import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { closeServer, listen, openUpstream, withoutHopHeaders } from './http-relay.ts';
import { S3Error, sendError } from './s3-error.ts';
import { parseTarget, type S3Target } from './s3-target.ts';

/** `status` is 0 until an answer begins. `key` is decoded, and empty for a request about the bucket. */
export type LoggedRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
};
export type RequestLog = LoggedRequest[] & { reset(): void };
export type Deny = { list?: boolean; get?: boolean | ((key: string) => boolean) };
/** Returns true when it has taken over the answer. */
export type Fault = (req: IncomingMessage, res: ServerResponse) => boolean;

export type RecordingProxy = {
  readonly endpoint: string;
  readonly requests: RequestLog;
  deny: Deny;
  fault: Fault | undefined;
  openSockets(): number;
  close(): Promise<void>;
};

/**
 * A transparent proxy in front of an S3 store. It leaves the headers alone, Host included, so signatures stay valid.
 * `deny` bends the answers of the one bucket.
 */
export async function startRecordingProxy(store: string, bucket: string): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => relay(req, res));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const proxy: RecordingProxy = {
    endpoint: await listen(server),
    requests: createLog(),
    deny: {},
    fault: undefined,
    openSockets: () => sockets.size,
    close: () => closeServer(server),
  };

  function relay(req: IncomingMessage, res: ServerResponse): void {
    const target = parseTarget(req.url ?? '/');
    proxy.requests.push(logEntry(req, res, target));
    if (proxy.fault?.(req, res)) return;
    const upstream = openUpstream(store, outgoingOf(req), res);
    upstream.on('response', (answer) => {
      if (target.bucket === bucket && isDenied(proxy.deny, req.method, target.key, answer.statusCode)) {
        answer.destroy();
        sendError(res, new S3Error(403, 'AccessDenied', 'Access Denied'));
      } else {
        res.writeHead(answer.statusCode ?? 500, withoutHopHeaders(answer.headers));
        pipeline(answer, res, () => undefined);
      }
    });
    pipeline(req, upstream, () => undefined);
  }

  return proxy;
}

function createLog(): RequestLog {
  const log: LoggedRequest[] = [];
  return Object.assign(log, {
    reset() {
      log.length = 0;
    },
  });
}

function logEntry(req: IncomingMessage, res: ServerResponse, target: S3Target): LoggedRequest {
  return {
    method: req.method ?? '',
    path: target.path,
    query: target.query,
    key: target.key,
    headers: req.headers,
    get status() {
      return res.headersSent ? res.statusCode : 0;
    },
  };
}

/** Node would send a PUT or POST of unknown length in chunks, which S3 refuses: no length here means no body. */
function outgoingOf(req: IncomingMessage) {
  const { method = 'GET', url: path = '/', headers } = req;
  const bodiless = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  return { method, path, headers: bodiless && /^P/.test(method) ? { ...headers, 'content-length': '0' } : headers };
}

/** S3 looks at permissions after the signature, so a refusal by the store itself stays as it is. */
function isDenied(deny: Deny, method: string | undefined, key: string, status: number | undefined): boolean {
  if (!/^(GET|HEAD)$/.test(method ?? '') || status === 400 || status === 403) return false;
  if (key === '') return deny.list === true;
  const get = typeof deny.get === 'function' ? deny.get(key) : deny.get === true;
  return get || (deny.list === true && status === 404);
}
