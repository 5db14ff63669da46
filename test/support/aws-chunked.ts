import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Error } from './s3-error.ts';

type Payload = { body: Buffer; trailers: IncomingHttpHeaders };

/** Unwraps what the client sent and checks it against every digest it gave: returns the object's bytes. */
export function verifyPayload(sent: Buffer, headers: IncomingHttpHeaders, payloadHash: string): Buffer {
  const { body, trailers } = unwrap(sent, headers, payloadHash);
  verifyHash(body, payloadHash);
  verifyChecksums(body, { ...headers, ...trailers });
  return body;
}

/** The headers of a request once its body is unwrapped. */
export function unwrappedHeaders(headers: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  const {
    'x-amz-trailer': _trailer,
    'x-amz-decoded-content-length': _decoded,
    'transfer-encoding': _transfer,
    'content-encoding': encoding = '',
    ...rest
  } = headers;
  const encodings = encoding.split(/\s*,\s*/).filter((name) => name !== '' && name !== 'aws-chunked');
  return {
    ...rest,
    ...(encodings.length > 0 && { 'content-encoding': encodings.join(',') }),
    ...('x-amz-content-sha256' in rest && { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
    'content-length': String(body.length),
  };
}

function unwrap(sent: Buffer, headers: IncomingHttpHeaders, payloadHash: string): Payload {
  if (!payloadHash.startsWith('STREAMING-')) return { body: sent, trailers: {} };
  if (payloadHash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new S3Error(501, 'NotImplemented', 'This server does not verify signed chunks.');
  }
  const payload = dechunk(sent);
  if (payload.body.length !== Number(headers['x-amz-decoded-content-length'])) {
    throw incomplete('You did not provide the number of bytes specified by x-amz-decoded-content-length.');
  }
  const promised = headers['x-amz-trailer'];
  if (promised !== undefined && !(String(promised) in payload.trailers)) {
    throw new S3Error(400, 'MalformedTrailerError', `The request has no trailer ${promised}.`);
  }
  return payload;
}

function dechunk(sent: Buffer): Payload {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = sent.indexOf('\r\n', at);
    const size = end < 0 ? Number.NaN : Number.parseInt(sent.toString('latin1', at, end), 16);
    if (!(end + 2 + size <= sent.length)) throw incomplete('The aws-chunked body ends early.');
    at = end + 2;
    if (size === 0) return { body: Buffer.concat(chunks), trailers: parseTrailers(sent.toString('latin1', at)) };
    chunks.push(sent.subarray(at, at + size));
    at += size + 2;
  }
}

function parseTrailers(text: string): IncomingHttpHeaders {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function verifyHash(body: Buffer, payloadHash: string): void {
  if (/^(STREAMING-.*|UNSIGNED-PAYLOAD)$/.test(payloadHash)) return;
  if (createHash('sha256').update(body).digest('hex') !== payloadHash) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'x-amz-content-sha256 does not match what was computed.');
  }
}

function verifyChecksums(body: Buffer, given: IncomingHttpHeaders): void {
  const computed = { 'content-md5': () => md5(body), 'x-amz-checksum-crc32': () => crc32Base64(body) };
  for (const [name, compute] of Object.entries(computed)) {
    if (given[name] !== undefined && given[name] !== compute()) {
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    }
  }
}

function md5(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}

function crc32Base64(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function incomplete(message: string): S3Error {
  return new S3Error(400, 'IncompleteBody', message);
}
