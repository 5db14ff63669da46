import type { S3Bucket } from './s3-bucket.ts';
import { MAX_NOTE_BYTES, NOTE_NAME, type SharedNote, type VersionedText } from './tier.ts';

const NOT_MODIFIED = 304;
/** What S3 says when another has written first: before this write was begun, or while it was under way. */
const CONFLICTS: readonly unknown[] = [412, 409];

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

  /** What the store refused to replace it has just confirmed to be there: then its conditions are of no use. */
  async function writeAnyway(bytes: Buffer, replaced: string, signal: AbortSignal): Promise<string | 'conflict'> {
    const isThere = (await read(replaced, signal)) === 'unchanged';
    return isThere ? await bucket.write(NOTE_NAME, bytes, signal) : 'conflict';
  }

  return {
    read,
    async write(text, replaced, signal) {
      const bytes = Buffer.from(text);
      const conditions = replaced === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: replaced };
      try {
        return await bucket.write(NOTE_NAME, bytes, signal, conditions);
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      return replaced === undefined ? 'conflict' : await writeAnyway(bytes, replaced, signal);
    },
  };
}

/** 404: it was there, and somebody removed it. */
function isConflict(error: unknown): boolean {
  return CONFLICTS.includes(statusOf(error)) || (error as Error).name === 'NoSuchKey';
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
