import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BucketPlace } from '../bucket-url.ts';
import { ServiceError } from '../errors.ts';
import { encodeKey } from '../request/encode.ts';
import { s3Error, statusOf } from '../s3-error.ts';
import { createPresign, type Presign } from './presign.ts';

export interface UploadStoreOptions extends BucketPlace {
  readonly forcePathStyle: boolean;
  /** Where browsers reach the store; undefined where the service does. */
  readonly browserEndpoint: string | undefined;
}

/** An object without its bytes. */
export interface StoredObject {
  readonly type: string;
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewObject extends Omit<StoredObject, 'bytes'> {
  readonly cacheControl: string;
}

/** Objects of one bucket, by their keys below its prefix. Errors are those of a source: `source_failed`, `source_unavailable`. */
export interface UploadStore {
  readonly presign: Presign;
  /** Undefined where there is none. */
  head(key: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  /**
   * Of this version (an entity tag) and over nothing: undefined where the source was replaced or removed, or the target is there, as far as
   * the store looks. Gives the entity tag of the copy.
   */
  copy(from: string, etag: string, to: string, object: NewObject, signal: AbortSignal): Promise<string | undefined>;
  /** Also what is not there. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  /** Of any length, as it comes: nothing is stored of a body that breaks off. */
  write(key: string, body: Readable, type: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 2_000;
// Long enough for the copy of the largest object within a region, which answers when it is done.
const IDLE_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
const MAX_SOCKETS = 64;
/** A HEAD says no more than 403, also of what is not there. */
const PERMISSIONS = '; expected s3:GetObject, s3:PutObject and s3:DeleteObject, and s3:ListBucket for what is missing';
/** The smallest that S3 has for all parts but the last. */
const PART_BYTES = 5 * 2 ** 20;
/** Held in memory for one body, together. */
const PARTS_AT_ONCE = 2;

export function createUploadStore(options: UploadStoreOptions): UploadStore {
  const { bucket: Bucket, prefix, forcePathStyle, browserEndpoint } = options;
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const settings: S3ClientConfig = {
    forcePathStyle,
    maxAttempts: ATTEMPTS,
    followRegionRedirects: false,
    // A checksum beside a presigned request would be that of no bytes, which are not known here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
  const client = new S3Client(settings);
  const browserClient =
    browserEndpoint === undefined ? client : new S3Client({ ...settings, endpoint: browserEndpoint });
  const id = `s3://${Bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const keyOf = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);

  /** An outcome by the status of an answer, or an error of ours. */
  function unless<T>(outcomes: Readonly<Record<number, T>>, signal: AbortSignal): (error: unknown) => T {
    return (error) => {
      signal.throwIfAborted();
      const status = Number(statusOf(error));
      if (Object.hasOwn(outcomes, status)) return outcomes[status] as T;
      throw asFailure(error);
    };
  }

  /** None of the 4xx of a store is one of ours: what the client did wrong was told before. */
  function asFailure(error: unknown): ServiceError {
    const { code, row, message } = s3Error(error, id);
    const isOurs = row.status >= 500;
    const said = isOurs ? message : `${id}: ${(error as Error).message}`;
    const hint = statusOf(error) === 403 ? PERMISSIONS : '';
    return new ServiceError(isOurs ? code : 'source_failed', `${said}${hint}`, { cause: error });
  }

  return {
    presign: createPresign({
      client: browserClient,
      bucket: Bucket,
      keyOf,
      failed(error) {
        throw asFailure(error);
      },
    }),
    async head(key, signal) {
      const command = new HeadObjectCommand({ Bucket, Key: keyOf(key) });
      const found = await client.send(command, { abortSignal: signal }).catch(unless({ 404: undefined }, signal));
      if (!found) return undefined;
      const { ContentType, ContentLength, Metadata } = found;
      return { type: String(ContentType), bytes: Number(ContentLength), metadata: { ...Metadata } };
    },
    async copy(from, etag, to, { type, cacheControl, metadata }, signal) {
      const command = new CopyObjectCommand({
        Bucket,
        Key: keyOf(to),
        CopySource: `${Bucket}/${encodeKey(keyOf(from))}`,
        CopySourceIfMatch: etag,
        IfNoneMatch: '*',
        MetadataDirective: 'REPLACE',
        ContentType: type,
        CacheControl: cacheControl,
        Metadata: { ...metadata },
      });
      // 404: the source is gone. 412: another version of it, or there is a target. 409: somebody else writes the target at this moment.
      const refused = { 404: undefined, 409: undefined, 412: undefined };
      const answer = await client.send(command, { abortSignal: signal }).catch(unless(refused, signal));
      // Some stores leave out its quotes.
      return answer && `"${String(answer.CopyObjectResult?.ETag).replaceAll('"', '')}"`;
    },
    async remove(key, signal) {
      const command = new DeleteObjectCommand({ Bucket, Key: keyOf(key) });
      await client.send(command, { abortSignal: signal }).catch(unless({ 404: undefined }, signal));
    },
    async write(key, Body, ContentType, signal) {
      const upload = new Upload({
        client,
        params: { Bucket, Key: keyOf(key), Body, ContentType },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
      });
      const stop = () => {
        void upload.abort();
        Body.destroy(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      try {
        await upload.done();
      } catch (error) {
        signal.throwIfAborted();
        if (Body.errored) throw new ServiceError('bad_upload', 'The body ends too early.', { cause: error });
        throw asFailure(error);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    close() {
      client.destroy();
      browserClient.destroy();
    },
  };
}
