import { NEVER, orTimedOut } from '../abort.ts';
import { createBreaker } from './breaker.ts';
import { decodeEntry, encodeEntry, entryName, lengthOf, MAX_ENTRY_BYTES } from './entry-codec.ts';
import { createS3Bucket, type S3BucketOptions } from './s3-bucket.ts';
import { createS3Note } from './s3-note.ts';
import type { CacheEntry, ObserveStore, Store } from './tier.ts';

export interface S3StoreLimits {
  /** Milliseconds for a read, from the call to the last byte. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Bytes of one object. */
  readonly entryBytes: number;
}

export interface S3StoreOptions extends S3BucketOptions {
  readonly observe: ObserveStore;
  /** Milliseconds, from any moment on. */
  readonly now?: () => number;
  readonly limits?: Partial<S3StoreLimits>;
}

// A read that takes longer costs more than most pictures do; who waits for a write is nobody.
const LIMITS: S3StoreLimits = { readMs: 500, writeMs: 5_000, entryBytes: MAX_ENTRY_BYTES };

const BREAKER = { failures: 5, pauseMs: 5_000 };

/**
 * Variants in an S3 bucket, which a lifecycle rule empties. Credentials, region and endpoint are the SDK's own (`AWS_…`). They need
 * s3:GetObject, s3:PutObject and s3:ListBucket: without the last, S3 answers 403 for what is missing, and that is a failure here.
 * To drop entries takes s3:DeleteObject, too.
 */
export function createS3Store(options: S3StoreOptions): Store {
  const { observe, now = () => performance.now() } = options;
  const limits = { ...LIMITS, ...options.limits };
  const breaker = createBreaker({ ...BREAKER, now });
  const bucket = createS3Bucket(options);

  async function read(key: string): Promise<CacheEntry | undefined> {
    const object = await orTimedOut(limits.readMs, NEVER, (signal) =>
      bucket.read(entryName(key), limits.entryBytes, signal),
    );
    breaker.succeeded();
    const { bytes } = object;
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
    await orTimedOut(limits.writeMs, NEVER, (signal) => bucket.write(entryName(key), Buffer.concat(parts), signal));
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
    async drop(objectTags, signal) {
      for (const tag of objectTags) {
        for await (const names of bucket.list(tag, signal)) await bucket.remove(names, signal);
      }
    },
    note: createS3Note(bucket),
    close: bucket.close,
  };
}
