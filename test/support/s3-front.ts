import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { unwrappedHeaders, verifyPayload } from './aws-chunked.ts';
import { parseForm } from './form-data.ts';
import { closeServer, listen, type Outgoing, openUpstream, readAll, withoutHopHeaders } from './http-relay.ts';
import { asFirstVersion, asSecondVersion } from './list-objects.ts';
import { answerRead, type ByteRange } from './object-read.ts';
import { verifyPost } from './post-policy.ts';
import { createTurns, isConditionalPut, judgePut, type Turn } from './s3-conditional-put.ts';
import { copyObject, copySourceOf } from './s3-copy.ts';
import { corsHeaders, preflightHeaders } from './s3-cors.ts';
import { S3Error, sendError } from './s3-error.ts';
import { answerSubresource, createSubresources, type Subresources, sendXml, subresourceOf } from './s3-subresources.ts';
import { encodePath, parseTarget } from './s3-target.ts';
import { type Identity, verifySignature } from './sigv4.ts';

export type S3Front = { endpoint: string; close(): Promise<void> };

/**
 * What makes s3rver behave as S3: it verifies signatures, digests and policies, answers conditional and ranged reads, copies what is still the
 * same, and keeps the settings of buckets.
 */
export async function startS3Front(backend: string, identity: Identity): Promise<S3Front> {
  const [inTurn, subresources] = [createTurns(), createSubresources()];
  const server = createServer((req, res) => {
    handle(req, res, { backend, identity, inTurn, subresources }).catch((error: unknown) => {
      if (error instanceof S3Error) sendError(res, error);
      else res.destroy();
    });
  });
  return { endpoint: await listen(server), close: () => closeServer(server) };
}

interface Front {
  readonly backend: string;
  readonly identity: Identity;
  readonly inTurn: Turn;
  readonly subresources: Subresources;
}

async function handle(req: IncomingMessage, res: ServerResponse, front: Front): Promise<void> {
  // Before the verdict: an answer to a body that nobody reads may be lost with the connection.
  const sent = await readAll(req);
  const { method = '', url = '/', headers } = req;
  const { bucket, key, query } = parseTarget(url);
  const rules = front.subresources.get(bucket, 'cors');
  if (method === 'OPTIONS') return void res.writeHead(200, preflightHeaders(rules, headers)).end();
  for (const [name, value] of Object.entries(corsHeaders(rules, method, headers))) res.setHeader(name, value);
  if (method === 'POST' && headers['content-type']?.startsWith('multipart/form-data'))
    return await storeForm(req, res, front, sent);

  const payloadHash = verifySignature(req, front.identity);
  const body = verifyPayload(sent, headers, payloadHash);
  const setting = key === '' ? subresourceOf(query) : undefined;
  if (setting) await requireBucket(bucket, front);
  if (setting)
    return answerSubresource(res, front.subresources, { method, bucket, name: setting, xml: body.toString() });
  const source = copySourceOf(method, headers);
  if (!source && !isConditionalPut(method, headers)) return await forward(req, res, front.backend, body);
  await front.inTurn(async () => {
    if (isConditionalPut(method, headers)) await judge(url, headers, front);
    if (source) await copy(req, res, front, source);
    else await forward(req, res, front.backend, body);
  });
}

async function requireBucket(bucket: string, { backend }: Front): Promise<void> {
  const { status } = await fetch(new URL(`/${bucket}`, backend), { method: 'HEAD' });
  if (status === 404) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
}

async function judge(url: string, headers: IncomingMessage['headers'], { backend }: Front): Promise<void> {
  const found = await fetch(new URL(backendPath(url), backend), { method: 'HEAD' });
  judgePut(headers, found.ok ? String(found.headers.get('etag')) : undefined);
}

async function copy(req: IncomingMessage, res: ServerResponse, { backend }: Front, source: string): Promise<void> {
  const [from, to] = [encodePath(source), req.url ?? '/'].map((path) => new URL(backendPath(path), backend)) as [
    URL,
    URL,
  ];
  // Its query says what kind of request it is.
  to.search = '';
  sendXml(res, await copyObject(from, to, req.headers));
}

/** A presigned POST: what its policy allows is stored as by a PUT. */
async function storeForm(req: IncomingMessage, res: ServerResponse, front: Front, sent: Buffer): Promise<void> {
  const form = parseForm(sent, req.headers['content-type'] ?? '');
  const { bucket } = parseTarget(req.url ?? '/');
  const body = new Uint8Array(verifyPost(form, bucket, front.identity));
  const kept = [...form.fields].filter(([name]) => /^(content-|cache-control|expires|x-amz-meta-)/.test(name));
  const path = backendPath(`/${bucket}/${encodePath(form.fields.get('key') ?? '')}`);
  const stored = await fetch(new URL(path, front.backend), { method: 'PUT', body, headers: kept });
  const status = Number(form.fields.get('success_action_status') ?? 204);
  res.writeHead(status, { etag: String(stored.headers.get('etag')) }).end();
}

async function forward(req: IncomingMessage, res: ServerResponse, backend: string, body: Buffer): Promise<void> {
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

/**
 * s3rver keeps objects in files named like their keys, so keys that make no good file name get another one.
 * A listing shows that other name.
 */
function backendPath(url: string): string {
  const { path, query, bucket, key } = parseTarget(url);
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long');
  if (key === '') return `${path}?${asFirstVersion(query) ?? query}`;
  if (isFileName(key)) return url;
  const hex =
    Buffer.from(key)
      .toString('hex')
      .match(/.{1,200}/g) ?? [];
  return `/${bucket}/${encodePath(['~', ...hex].join('/'))}?${query}`;
}

function isFileName(key: string): boolean {
  const names = key.replace(/\/$/, '').split('/');
  return names.every((name) => !/^\.{0,2}$/.test(name) && !name.includes('\0') && Buffer.byteLength(name) <= 200);
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
