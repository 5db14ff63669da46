import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { unwrappedHeaders } from './aws-chunked.ts';
import { type Outgoing, openUpstream, readAll, withoutHopHeaders } from './http-relay.ts';
import { asFirstVersion, asSecondVersion } from './list-objects.ts';
import { answerRead, type ByteRange } from './object-read.ts';
import type { S3Request } from './s3-request.ts';
import { parseTarget } from './s3-target.ts';
import { backendPath } from './s3rver-path.ts';

/** What s3rver does right by itself, but for conditions, ranges and listings. */
export async function relay({ req, res, backend, body }: S3Request): Promise<void> {
  const upstream = openUpstream(backend, outgoingOf(req, body), res);
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  if (isObject(req, answer)) sendObject(req, res, answer);
  else if (isListing(req, answer)) await sendListing(res, answer);
  else send(res, answer.statusCode ?? 500, answer.headers, answer);
}

function outgoingOf(req: IncomingMessage, body: Buffer): Outgoing {
  const { method = 'GET' } = req;
  return { method, path: backendPath(req.url ?? '/'), headers: unwrappedHeaders(withoutConditions(req), body) };
}

/** s3rver ignores some of these and misreads others: the front answers them from the plain object. */
function withoutConditions(req: IncomingMessage) {
  const {
    'if-match': _match,
    'if-none-match': _noneMatch,
    'if-modified-since': _modified,
    'if-unmodified-since': _unmodified,
    range: _range,
    ...rest
  } = req.headers;
  return rest;
}

function isObject(req: IncomingMessage, answer: IncomingMessage): boolean {
  return /^(GET|HEAD)$/.test(req.method ?? '') && answer.statusCode === 200 && answer.headers.etag !== undefined;
}

function isListing(req: IncomingMessage, answer: IncomingMessage): boolean {
  const { query, key } = parseTarget(req.url ?? '/');
  return req.method === 'GET' && key === '' && answer.statusCode === 200 && asFirstVersion(query) !== undefined;
}

async function sendListing(res: ServerResponse, answer: IncomingMessage): Promise<void> {
  const xml = Buffer.from(asSecondVersion((await readAll(answer)).toString()));
  send(res, 200, { ...answer.headers, 'content-length': String(xml.length) }, Readable.from([xml]));
}

function sendObject(req: IncomingMessage, res: ServerResponse, answer: IncomingMessage): void {
  const { etag = '', 'last-modified': lastModified = '', ...rest } = answer.headers;
  const size = Number(rest['content-length']);
  const read = answerRead(req.headers, { etag, lastModified: Date.parse(lastModified), size });
  if (read.status === 200) send(res, 200, answer.headers, answer);
  else if (read.status === 304) send(res, 304, { etag, 'last-modified': lastModified }, Readable.from([]));
  else {
    const { start, end } = read.range;
    const ranged = { 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': String(end + 1 - start) };
    send(res, 206, { ...answer.headers, ...ranged }, Readable.from(slice(answer, read.range)));
  }
}

function send(res: ServerResponse, status: number, headers: IncomingMessage['headers'], body: Readable): void {
  res.writeHead(status, { ...withoutHopHeaders(headers), 'x-amz-request-id': randomUUID() });
  pipeline(body, res, () => undefined);
}

async function* slice(source: AsyncIterable<Buffer>, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source) {
    const from = Math.max(0, start - at);
    if (from < chunk.length) yield chunk.subarray(from, end + 1 - at);
    at += chunk.length;
    if (at > end) return;
  }
}
