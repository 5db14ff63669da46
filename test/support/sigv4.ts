import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';
import { decodeUri, encodePath, encodeUri, parseQuery, parseTarget } from './s3-target.ts';

export type Identity = { accessKeyId: string; secretAccessKey: string; region: string };
export type SignedRequest = { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders };

type Claim = { credential: string; signedHeaders: string; signature: string; date: string; payloadHash: string };
type Query = [name: string, value: string][];

const maxSkewMs = 15 * 60 * 1000;
const maxExpirySeconds = 7 * 24 * 60 * 60;
const authorization = /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;
const amzDate = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Checks the AWS Signature Version 4 of a request (Authorization header or presigned URL) and returns the payload hash
 * it signs. Written from the specification: sharing the SDK's signer would hide an error that both make.
 */
export function verifySignature(request: SignedRequest, identity: Identity, now = Date.now()): string {
  const { path, query } = parseTarget(request.url ?? '/');
  const params = parseQuery(query);
  const presigned = params.some(([name]) => name === 'X-Amz-Signature');
  const claim = presigned ? claimOfQuery(params, request.headers) : claimOfHeaders(request.headers);
  const scope = verifyCredential(claim, identity);
  if (presigned) verifyExpiry(claim.date, params, now);
  else verifySkew(claim.date, now);
  verifySignedHeaders(claim.signedHeaders, request.headers);

  const canonical = [
    request.method,
    encodePath(decodeUri(path)),
    canonicalQuery(params),
    ...canonicalHeaders(claim.signedHeaders, request.headers),
    '',
    claim.signedHeaders,
    claim.payloadHash,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', claim.date, scope.join('/'), sha256(canonical)].join('\n');
  if (hmac(signingKey(identity.secretAccessKey, scope), text).toString('hex') !== claim.signature) {
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The calculated signature does not match the one provided.');
  }
  return claim.payloadHash;
}

/** What a presigned URL says instead of headers: S3 looks at a checksum there as it does at one in a header. */
export function hoistedHeaders(query: string): IncomingHttpHeaders {
  const named = parseQuery(query).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(named.filter(([name]) => name.startsWith('x-amz-checksum-')));
}

function claimOfHeaders(headers: IncomingHttpHeaders): Claim {
  if (headers.authorization === undefined) throw denied('Access Denied');
  const [, credential, signedHeaders, signature] = authorization.exec(headers.authorization) ?? [];
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    throw malformed('The authorization header is malformed.');
  }
  const payloadHash = header(headers, 'x-amz-content-sha256');
  if (payloadHash === '') {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return { credential, signedHeaders, signature, date: header(headers, 'x-amz-date'), payloadHash };
}

function claimOfQuery(params: Query, headers: IncomingHttpHeaders): Claim {
  const param = (name: string) => params.find(([other]) => other === name)?.[1] ?? '';
  if (param('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw malformed('X-Amz-Algorithm must be AWS4-HMAC-SHA256.');
  return {
    credential: param('X-Amz-Credential'),
    signedHeaders: param('X-Amz-SignedHeaders'),
    signature: param('X-Amz-Signature'),
    date: param('X-Amz-Date'),
    payloadHash: param('X-Amz-Content-Sha256') || header(headers, 'x-amz-content-sha256') || 'UNSIGNED-PAYLOAD',
  };
}

/** The scope of a credential that is ours, and of that day. */
export function verifyCredential(
  { credential, date }: Pick<Claim, 'credential' | 'date'>,
  identity: Identity,
): string[] {
  const [accessKeyId, ...scope] = credential.split('/');
  if (accessKeyId !== identity.accessKeyId) {
    throw new S3Error(403, 'InvalidAccessKeyId', 'The access key id you provided does not exist in our records.');
  }
  const expected = [date.slice(0, 8), identity.region, 's3', 'aws4_request'];
  if (scope.join('/') !== expected.join('/')) throw malformed(`The credential scope must be ${expected.join('/')}.`);
  return scope;
}

function verifySkew(date: string, now: number): void {
  if (Math.abs(now - parseAmzDate(date)) > maxSkewMs) {
    throw new S3Error(403, 'RequestTimeTooSkewed', 'The request time and the current time differ too much.');
  }
}

function verifyExpiry(date: string, params: Query, now: number): void {
  const seconds = Number(params.find(([name]) => name === 'X-Amz-Expires')?.[1]);
  if (!(seconds >= 0 && seconds <= maxExpirySeconds)) throw malformed('X-Amz-Expires must be within a week.');
  const signedAt = parseAmzDate(date);
  if (now + maxSkewMs < signedAt) throw denied('Request is not valid yet');
  if (now > signedAt + seconds * 1000) throw denied('Request has expired');
}

function verifySignedHeaders(signedHeaders: string, headers: IncomingHttpHeaders): void {
  const signed = signedHeaders.split(';');
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signed.includes(name));
  if (!signed.includes('host') || unsigned.length > 0) {
    throw denied(`There were headers present in the request which were not signed: ${unsigned.join() || 'host'}`);
  }
}

function canonicalQuery(params: Query): string {
  return params
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

function canonicalHeaders(signedHeaders: string, headers: IncomingHttpHeaders): string[] {
  return signedHeaders.split(';').map((name) => `${name}:${header(headers, name).trim().replace(/ +/g, ' ')}`);
}

export function signingKey(secret: string, scope: string[]): Buffer {
  return scope.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

function parseAmzDate(date: string): number {
  const time = Date.parse(date.replace(amzDate, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(time)) throw denied('AWS authentication requires a valid x-amz-date');
  return time;
}

function header(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name] ?? '');
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function denied(message: string): S3Error {
  return new S3Error(403, 'AccessDenied', message);
}

function malformed(message: string): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', message);
}
