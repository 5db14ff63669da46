import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { BucketPlace } from '../bucket-url.ts';
import { ServiceError } from '../errors.ts';
import { isAccessDenied, lastModifiedOf, s3Error, statusOf } from '../s3-error.ts';
import type { NotModified, ObjectHead, Opened, ReadConditions, Source, SourceStatus } from './source.ts';

export interface S3SourceOptions extends BucketPlace {
  readonly forcePathStyle: boolean;
  /** Sockets to S3 at most; a request past that waits for one. */
  readonly maxSockets: number;
  /** Told how many times a request was made again. */
  readonly onRetry?: ((times: number) => void) | undefined;
}

// A region's front end answers a connection in milliseconds; one that does not is better tried again than waited for.
const CONNECT_TIMEOUT_MS = 2_000;
// Without a byte for so long the connection is dead: the deadline ends a request, this ends what has no deadline, a stream.
const IDLE_TIMEOUT_MS = 10_000;
// Two retries, with the SDK's jitter and its budget: when most requests fail, soon none is made again.
const ATTEMPTS = 3;

const DENIED = Symbol('AccessDenied');
const NO_LIST = 'S3 then answers 403 for a missing key, which is taken for a 404 once an object was read';

/** Originals from an S3 bucket. Credentials, region and endpoint are the SDK's own (`AWS_…`, roles, profiles). */
export function createS3Source(options: S3SourceOptions): Source {
  const { bucket, prefix, forcePathStyle, maxSockets, onRetry } = options;
  const agent = { keepAlive: true, maxSockets };
  const settings: S3ClientConfig = {
    forcePathStyle,
    maxAttempts: ATTEMPTS,
    // A redirect to another region is a mistake in the configuration; following it would choose a host by what came back.
    followRegionRedirects: false,
    // Length is checked by the reader; hashing every byte in JavaScript would cost more than resizing some pictures.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
  const client = new S3Client(settings);
  // How often a request is tried is a client's own setting; sockets and credentials are shared.
  const { requestHandler, credentials } = client.config;
  const clientThatTriesOnce = new S3Client({ ...settings, requestHandler, credentials, maxAttempts: 1 });
  const id = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  // S3 answers AccessDenied for a missing key to who may not list. Once an object was read, that is what it means.
  let hasRead = false;

  async function get(key: string, conditions: ReadConditions, signal: AbortSignal): Promise<GetObjectCommandOutput> {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: prefix === '' ? key : `${prefix}/${key}`,
      IfNoneMatch: conditions.ifNoneMatch,
      IfMatch: conditions.ifMatch,
      Range: conditions.range,
    });
    const sender = conditions.retry === false ? clientThatTriesOnce : client;
    const output = await sender.send(command, { abortSignal: signal });
    countRetries(output);
    return output;
  }

  function countRetries(outcome: unknown): void {
    const retries = retriesOf(outcome);
    if (retries > 0) onRetry?.(retries);
  }

  async function open(key: string, conditions: ReadConditions, signal: AbortSignal): Promise<Opened | NotModified> {
    try {
      const output = await get(key, conditions, signal);
      hasRead = true;
      return openedOf(output);
    } catch (error) {
      countRetries(error);
      signal.throwIfAborted();
      // The SDK knows no success but a body: a 304 arrives as an exception named Unknown.
      if (statusOf(error) === 304) return { status: 'not-modified', lastModified: lastModifiedOf(error) };
      throw isAccessDenied(error) ? await deniedError(error) : s3Error(error, id);
    }
  }

  async function deniedError(error: unknown): Promise<ServiceError> {
    if (hasRead) return new ServiceError('not_found', undefined, { cause: error });
    const missing = `${await identityOf(client)} is denied s3:GetObject on ${id}/* (or s3:ListBucket, for a missing key)`;
    return new ServiceError('source_unavailable', missing, { cause: error });
  }

  /** Some key of the source; undefined when it is empty, `denied` to an identity without s3:ListBucket. */
  async function anyKey(signal: AbortSignal): Promise<string | undefined | typeof DENIED> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix === '' ? undefined : `${prefix}/`,
      MaxKeys: 1,
    });
    const listing = await client.send(command, { abortSignal: signal }).catch(unlessDenied);
    if (listing === DENIED) return DENIED;
    const key = listing.Contents?.[0]?.Key;
    return key === undefined || prefix === '' ? key : key.slice(prefix.length + 1);
  }

  async function mayRead(key: string, signal: AbortSignal): Promise<boolean> {
    const output = await get(key, {}, signal).catch(unlessDenied);
    if (output === DENIED) return false;
    (output.Body as Readable).destroy();
    hasRead = true;
    return true;
  }

  async function check(signal: AbortSignal): Promise<SourceStatus> {
    const identity = await identityOf(client);
    try {
      const key = await anyKey(signal);
      if (key === DENIED)
        return { readable: true, detail: `${identity} is denied s3:ListBucket on ${bucket}: ${NO_LIST}` };
      if (key === undefined) return { readable: true, detail: `${identity} may list ${id}, which is empty` };
      if (await mayRead(key, signal)) return { readable: true, detail: `${identity} may list and read ${id}` };
      return { readable: false, detail: `${identity} is denied s3:GetObject on ${id}/*` };
    } catch (error) {
      signal.throwIfAborted();
      return { readable: false, detail: `${identity}: ${s3Error(error, id).message}` };
    }
  }

  return { id, open, check, close: () => client.destroy() };
}

/** An answer and an exception of the SDK's both say how many attempts they took. */
function retriesOf(outcome: unknown): number {
  return ((outcome as Partial<GetObjectCommandOutput>).$metadata?.attempts ?? 1) - 1;
}

function unlessDenied(error: unknown): typeof DENIED {
  if (isAccessDenied(error)) return DENIED;
  throw error;
}

function openedOf(output: GetObjectCommandOutput): Opened {
  const body = output.Body as Readable;
  const length = output.ContentLength;
  if (length === undefined) {
    body.destroy();
    throw new ServiceError('source_failed', 'S3 answered without a Content-Length.');
  }
  return {
    status: 'opened',
    head: headOf(output),
    length,
    contentRange: output.ContentRange,
    retries: retriesOf(output),
    body,
  };
}

function headOf(output: GetObjectCommandOutput): ObjectHead {
  const lastModified = output.LastModified ?? new Date(0);
  return {
    etag: output.ETag ?? `"${lastModified.getTime().toString(36)}"`,
    lastModified,
    contentType: output.ContentType,
    contentEncoding: output.ContentEncoding,
    contentDisposition: output.ContentDisposition,
    contentLanguage: output.ContentLanguage,
    cacheControl: output.CacheControl,
    expires: output.ExpiresString,
  };
}

/** Who reads, for the operator's eyes: an access key's id is not its secret, and four of its letters are enough to tell. */
async function identityOf(client: S3Client): Promise<string> {
  try {
    const { accessKeyId, accountId } = await client.config.credentials();
    const account = accountId === undefined ? '' : ` of account ${accountId}`;
    return `access key ${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}${account}`;
  } catch {
    return 'nobody (no AWS credentials were found)';
  }
}
