import type { S3Bucket, WriteConditions } from './s3-bucket.ts';
import { MAX_NOTE_BYTES, NOTE_NAME, type SharedNote, type VersionedText } from './tier.ts';

const NOT_MODIFIED = 304;
const PRECONDITION_FAILED = 412;
/** Another has written; another write is under way; it was there, and somebody removed it. */
const CONFLICTS: readonly number[] = [PRECONDITION_FAILED, 409, 404];

/**
 * A note as one object, replaced by conditional writes. A store that does not know them lets the later of two win; one that takes no
 * entity tag for the one it gave (Ceph before 18 compares the quotes, too) is written to without a condition.
 */
export function createS3Note(bucket: S3Bucket): SharedNote {
  async function read(
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<VersionedText | 'unchanged' | undefined> {
    try {
      const { bytes, etag } = await bucket.read(NOTE_NAME, MAX_NOTE_BYTES, signal, known);
      return { text: bytes.toString(), version: etag };
    } catch (error) {
      if (statusOf(error) === NOT_MODIFIED) return 'unchanged';
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** The status of what the store refuses; other errors are thrown. */
  async function write(bytes: Buffer, signal: AbortSignal, conditions?: WriteConditions): Promise<string | number> {
    try {
      return await bucket.write(NOTE_NAME, bytes, signal, conditions);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || !CONFLICTS.includes(status)) throw error;
      return status;
    }
  }

  return {
    read,
    async write(text, replaced, signal) {
      const bytes = Buffer.from(text);
      const conditions = replaced === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: replaced };
      let written = await write(bytes, signal, conditions);
      // What the store refuses to replace it confirms to be there: then its conditions are of no use.
      if (written === PRECONDITION_FAILED && replaced !== undefined && (await read(replaced, signal)) === 'unchanged')
        written = await write(bytes, signal);
      return typeof written === 'string' ? written : 'conflict';
    },
  };
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
