import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';
import { startS3Front } from './s3-front.ts';
import { startS3rver } from './s3rver-store.ts';

export type Credentials = { accessKeyId: string; secretAccessKey: string };
export type PutOptions = {
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: Date;
  metadata?: Record<string, string>;
};

/**
 * An S3 server with one empty bucket. What arrives at `endpoint` is logged in `requests` and subject to `deny` and
 * `fault`. `client`, `put` and `remove` prepare the bucket by a way of their own: they are neither logged nor counted
 * in `openSockets`, and no rule holds them back.
 */
export type TestS3 = RecordingProxy & {
  readonly region: string;
  readonly credentials: Credentials;
  readonly bucket: string;
  readonly label: string;
  readonly client: S3Client;
  /** Returns the ETag. */
  put(key: string, body: string | Uint8Array, options?: PutOptions): Promise<string>;
  remove(key: string): Promise<void>;
};

type Store = {
  endpoint: string;
  region: string;
  credentials: Credentials;
  label: string;
  close(client: S3Client, bucket: string): Promise<void>;
};

/** Runs over s3rver, or over the store that TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY name. */
export async function startS3Server(): Promise<TestS3> {
  const { TEST_S3_ENDPOINT: external } = process.env;
  const store = external ? externalStore(external) : await startLocalStore();
  const { endpoint, region, credentials, label } = store;
  const bucket = `lambent-${randomBytes(6).toString('hex')}`;
  // More than once: a connection that was idle may be closed as it is used again.
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 3 });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const proxy = await startRecordingProxy(endpoint, bucket);
  const closeProxy = proxy.close;
  return Object.assign(proxy, {
    region,
    credentials,
    bucket,
    label,
    client,
    put: (key: string, body: string | Uint8Array, options: PutOptions = {}) => put(client, bucket, key, body, options),
    async remove(key: string) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    async close() {
      await closeProxy();
      await store.close(client, bucket);
      client.destroy();
    },
  });
}

async function startLocalStore(): Promise<Store> {
  const region = 'us-east-1';
  // s3rver knows this one key id, and never looks at the secret.
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: randomBytes(20).toString('hex') };
  const s3rver = await startS3rver();
  const front = await startS3Front(s3rver.endpoint, { ...credentials, region });
  return {
    endpoint: front.endpoint,
    region,
    credentials,
    label: 's3rver 3.7.1 behind a SigV4 front',
    async close() {
      await front.close();
      await s3rver.close();
    },
  };
}

function externalStore(endpoint: string): Store {
  const { TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY, TEST_S3_REGION } = process.env;
  if (!TEST_S3_ACCESS_KEY || !TEST_S3_SECRET_KEY) {
    throw new Error('TEST_S3_ENDPOINT needs TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY');
  }
  return {
    endpoint,
    region: TEST_S3_REGION || 'us-east-1',
    credentials: { accessKeyId: TEST_S3_ACCESS_KEY, secretAccessKey: TEST_S3_SECRET_KEY },
    label: `TEST_S3_ENDPOINT ${endpoint}`,
    close: deleteBucket,
  };
}

async function put(client: S3Client, bucket: string, key: string, body: string | Uint8Array, options: PutOptions) {
  const answer = await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      ContentDisposition: options.contentDisposition,
      ContentEncoding: options.contentEncoding,
      ContentLanguage: options.contentLanguage,
      Expires: options.expires,
      Metadata: options.metadata,
    }),
  );
  return answer.ETag ?? '';
}

async function deleteBucket(client: S3Client, bucket: string): Promise<void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    await Promise.all(Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))));
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}
