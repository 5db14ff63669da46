import { addAbortSignal, type Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketPlace } from '../bucket-url.ts';

export interface S3BucketOptions extends BucketPlace {
  readonly forcePathStyle: boolean;
}

export interface S3Object {
  /** None when there are more than may be. */
  readonly bytes: Buffer;
  /** Entity tag, with its quotes. */
  readonly etag: string;
}

export interface WriteConditions {
  /** To replace this version and no other. */
  readonly ifMatch?: string | undefined;
  /** To replace nothing. */
  readonly ifNoneMatch?: '*' | undefined;
}

/** Objects by their names below a prefix, and the SDK's errors as they are. */
export interface S3Bucket {
  /** With a version that is known, what the SDK throws for a 304 where the object still is that. */
  read(name: string, maxBytes: number, signal: AbortSignal, known?: string): Promise<S3Object>;
  /** Gives the new entity tag. */
  write(name: string, bytes: Buffer, signal: AbortSignal, conditions?: WriteConditions): Promise<string>;
  /** The names that begin so, up to 1000 at a time. */
  list(start: string, signal: AbortSignal): AsyncGenerator<readonly string[]>;
  /** Up to 1000. */
  remove(names: readonly string[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

// Reads of a busy process at once; a request past that waits for one, within its limit.
const MAX_SOCKETS = 50;

export function createS3Bucket({ bucket: Bucket, prefix, forcePathStyle }: S3BucketOptions): S3Bucket {
  const client = createClient(forcePathStyle);
  const start = prefix === '' ? '' : `${prefix}/`;
  const addressOf = (name: string) => ({ Bucket, Key: `${start}${name}` });
  return {
    async read(name, maxBytes, signal, known) {
      const command = new GetObjectCommand({ ...addressOf(name), IfNoneMatch: known });
      const output = await client.send(command, { abortSignal: signal });
      const bytes = await collect(output.Body as Readable, output.ContentLength ?? 0, maxBytes, signal);
      return { bytes, etag: String(output.ETag) };
    },
    async write(name, bytes, signal, { ifMatch, ifNoneMatch } = {}) {
      const command = new PutObjectCommand({
        ...addressOf(name),
        Body: bytes,
        ContentType: 'application/octet-stream',
        // Whatever stands before the bucket must not hand it to others: an entry is no picture.
        CacheControl: 'private',
        IfMatch: ifMatch,
        IfNoneMatch: ifNoneMatch,
      });
      const { ETag } = await client.send(command, { abortSignal: signal });
      return String(ETag);
    },
    async *list(from, signal) {
      const input = { Bucket, Prefix: `${start}${from}` };
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, input, { abortSignal: signal })) {
        yield Contents.map(({ Key = '' }) => Key.slice(start.length));
      }
    },
    async remove(names, signal) {
      if (names.length === 0) return;
      const Objects = names.map((name) => ({ Key: addressOf(name).Key }));
      const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } });
      // The answer is 200 whatever became of the objects.
      const { Errors = [] } = await client.send(command, { abortSignal: signal });
      if (Errors[0]) throw new Error(`${Errors.length} of ${names.length} are not deleted: ${Errors[0].Code}.`);
    },
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

function createClient(forcePathStyle: boolean): S3Client {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return new S3Client({
    forcePathStyle,
    maxAttempts: 2,
    followRegionRedirects: false,
    // An entry has a checksum of its own.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: agent, httpsAgent: agent },
  });
}

/** All bytes of a body; none when there are more than may be. However it ends, the body holds its socket no longer. */
async function collect(body: Readable, length: number, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  addAbortSignal(signal, body);
  const chunks: Buffer[] = [];
  let bytes = length > maxBytes ? length : 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) return Buffer.alloc(0);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
