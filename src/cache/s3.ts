import { addAbortSignal, type Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createBreaker } from './breaker.ts';
import { decodeEntry, encodeEntry, entryName, lengthOf, MAX_ENTRY_BYTES } from './entry-codec.ts';
import type { CacheEntry, ObserveStore, Store } from './tier.ts';

export interface S3StoreLimits {
  /** Milliseconds for a read, from the call to the last byte. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Bytes of one object. */
  readonly entryBytes: number;
}

export interface S3StoreOptions {
  readonly bucket: string;
  /** What every name is prepended with, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  readonly forcePathStyle: boolean;
  readonly observe: ObserveStore;
  /** Milliseconds, from any moment on. */
  readonly now?: () => number;
  readonly limits?: Partial<S3StoreLimits>;
}

// A read that takes longer costs more than most pictures do; who waits for a write is nobody.
const LIMITS: S3StoreLimits = { readMs: 500, writeMs: 5_000, entryBytes: MAX_ENTRY_BYTES };

const BREAKER = { failures: 5, pauseMs: 5_000 };

// Reads of a busy process at once; a request past that waits for one, within its limit.
const MAX_SOCKETS = 50;

/**
 * Variants in an S3 bucket, which a lifecycle rule empties. Credentials, region and endpoint are the SDK's own (`AWS_…`). They need
 * s3:GetObject, s3:PutObject and s3:ListBucket: without the last, S3 answers 403 for what is missing, and that is a failure here.
 */
export function createS3Store(options: S3StoreOptions): Store {
  const { observe, now = () => performance.now() } = options;
  const limits = { ...LIMITS, ...options.limits };
  const breaker = createBreaker({ ...BREAKER, now });
  const bucket = createBucket(options, limits.entryBytes);

  async function read(key: string): Promise<CacheEntry | undefined> {
    const bytes = await within(limits.readMs, (signal) => bucket.read(key, signal));
    breaker.succeeded();
    const entry = decodeEntry(key, bytes);
    // What is corrupt is replaced by the entry that is made for want of it.
    observe(entry ? 'hit' : 'corrupt');
    return entry;
  }

  function failed(error: unknown): void {
    const missing = (error as Error).name === 'NoSuchKey';
    observe(missing ? 'miss' : 'read_failed');
    if (missing) breaker.succeeded();
    else breaker.failed();
  }

  async function write(key: string, entry: CacheEntry): Promise<void> {
    const parts = encodeEntry(key, entry);
    if (lengthOf(parts) > limits.entryBytes) return observe('dropped');
    await within(limits.writeMs, (signal) => bucket.write(key, Buffer.concat(parts), signal));
    observe('stored');
  }

  return {
    async get(key) {
      if (!breaker.admits()) {
        observe('skipped');
        return undefined;
      }
      try {
        return await read(key);
      } catch (error) {
        failed(error);
        return undefined;
      }
    },
    async set(key, entry) {
      await write(key, entry).catch(() => observe('store_failed'));
    },
    close: bucket.close,
  };
}

/** Entries as objects, and the SDK's errors as they are. */
function createBucket({ bucket, prefix, forcePathStyle }: S3StoreOptions, maxBytes: number) {
  const client = createClient(forcePathStyle);
  const addressOf = (key: string) => {
    const name = entryName(key);
    return { Bucket: bucket, Key: prefix === '' ? name : `${prefix}/${name}` };
  };
  return {
    async read(key: string, signal: AbortSignal): Promise<Buffer> {
      const output = await client.send(new GetObjectCommand(addressOf(key)), { abortSignal: signal });
      return collect(output.Body as Readable, output.ContentLength ?? 0, maxBytes, signal);
    },
    async write(key: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
      const command = new PutObjectCommand({
        ...addressOf(key),
        Body: bytes,
        ContentType: 'application/octet-stream',
        // Whatever stands before the bucket must not hand it to others: an entry is no picture.
        CacheControl: 'private',
      });
      await client.send(command, { abortSignal: signal });
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

/** Rejects at the limit, also while the SDK does what it does not interrupt: finds credentials, waits before it tries again. */
function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    work(signal).then(resolve, reject);
  });
}
