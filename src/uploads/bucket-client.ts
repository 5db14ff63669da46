import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';

/** Answers one request after the other. */
export interface BucketClient {
  readonly client: S3Client;
  /** The last answer as it came: the SDK leaves out what it does not know. */
  lastText(): string;
}

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;

export function createBucketClient(forcePathStyle: boolean): BucketClient {
  const requestHandler = { connectionTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
  const client = new S3Client({ forcePathStyle, maxAttempts: ATTEMPTS, followRegionRedirects: false, requestHandler });
  let last = '';
  // Of low priority: before whatever else reads the answer.
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: Readable };
      last = await text(response.body);
      response.body = Readable.from([Buffer.from(last)]);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return { client, lastText: () => last };
}
