import type { S3Bucket } from './s3-bucket.ts';
import { MAX_NOTE_BYTES, NOTE_NAME, type SharedNote } from './tier.ts';

const NOT_MODIFIED = 304;
/** What S3 says when another has written first: before this write was begun, or while it was under way. */
const CONFLICTS: readonly unknown[] = [412, 409];

/** A note as one object, replaced by conditional writes. A store that ignores those lets the later of two win. */
export function createS3Note(bucket: S3Bucket): SharedNote {
  return {
    async read(known, signal) {
      try {
        const { bytes, etag } = await bucket.read(NOTE_NAME, MAX_NOTE_BYTES, signal, known);
        return { text: bytes.toString(), version: etag };
      } catch (error) {
        if (statusOf(error) === NOT_MODIFIED) return 'unchanged';
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async write(text, replaced, signal) {
      const conditions = replaced === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: replaced };
      try {
        return await bucket.write(NOTE_NAME, Buffer.from(text), signal, conditions);
      } catch (error) {
        // 404: it was there, and somebody removed it.
        if (CONFLICTS.includes(statusOf(error)) || (error as Error).name === 'NoSuchKey') return 'conflict';
        throw error;
      }
    },
  };
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
