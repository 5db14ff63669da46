import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface PresignOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** A key in the bucket by one below its prefix. */
  readonly keyOf: (key: string) => string;
  /** What it is to have no credentials, or none now. */
  readonly failed: (error: unknown) => never;
}

/** What may be sent: so many bytes of one type. */
export interface Announced {
  readonly type: string;
  readonly size: number;
}

/** Permissions that a browser takes to the store by itself, each for one key; `seconds` from now. */
export interface Presign {
  /** A form (multipart/form-data): these fields, then the file in `file`. */
  post(
    key: string,
    announced: Announced,
    seconds: number,
  ): Promise<{ readonly url: string; readonly fields: Readonly<Record<string, string>> }>;
  /** A PUT with these headers, besides the length that a browser sends by itself. */
  put(
    key: string,
    announced: Announced,
    seconds: number,
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
  get(key: string, seconds: number): Promise<string>;
}

export function createPresign({ client, bucket: Bucket, keyOf, failed }: PresignOptions): Presign {
  return {
    async post(key, { type, size }, seconds) {
      return await createPresignedPost(client, {
        Bucket,
        Key: keyOf(key),
        // Exactly: who announces less than comes, or more, has announced something else.
        Conditions: [['content-length-range', size, size]],
        Fields: { 'Content-Type': type },
        Expires: seconds,
      }).catch(failed);
    },
    async put(key, { type, size }, seconds) {
      const headers = { 'content-type': type, 'if-none-match': '*' };
      const command = new PutObjectCommand({
        Bucket,
        Key: keyOf(key),
        ContentType: type,
        ContentLength: size,
        // Of two who have the URL, one has the object.
        IfNoneMatch: '*',
      });
      // The presigner leaves the type out unless it is told not to.
      const signableHeaders = new Set(['host', 'content-length', ...Object.keys(headers)]);
      const signing = { expiresIn: seconds, signableHeaders };
      return { url: await getSignedUrl(client, command, signing).catch(failed), headers };
    },
    async get(key, seconds) {
      const command = new GetObjectCommand({ Bucket, Key: keyOf(key) });
      return await getSignedUrl(client, command, { expiresIn: seconds }).catch(failed);
    },
  };
}
