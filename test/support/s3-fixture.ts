import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { Test } from 'tap';
import { startS3Server, type TestS3 } from './s3-server.ts';

type Input<Command> = Partial<Omit<Command, 'Bucket' | 'Key'>>;

/** A server of the test's own, and a client that speaks to it as a service would. */
export async function setUp(t: Test) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  return { s3, ...connect(t, s3) };
}

export function connect(t: Test, s3: TestS3, config: S3ClientConfig = {}) {
  const { endpoint, region, credentials, bucket: Bucket } = s3;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...config });
  t.teardown(() => client.destroy());
  return {
    client,
    list: (input: Input<ListObjectsV2CommandInput> = {}) => client.send(new ListObjectsV2Command({ Bucket, ...input })),
    head: (Key: string) => client.send(new HeadObjectCommand({ Bucket, Key })),
    put: (Key: string, Body: string | Readable, input: Input<PutObjectCommandInput> = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...input })),
    get: (Key: string, input: Input<GetObjectCommandInput> = {}) =>
      client.send(new GetObjectCommand({ Bucket, Key, ...input })),
  };
}

export async function bytesOf(reading: Promise<GetObjectCommandOutput>): Promise<Buffer> {
  const { Body } = await reading;
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export async function textOf(reading: Promise<GetObjectCommandOutput>): Promise<string> {
  return (await bytesOf(reading)).toString();
}

/** Expects the store to refuse with this status, and with this code where the answer has a body to carry one. */
export async function refuses(t: Test, asked: Promise<unknown>, status: number, code?: string): Promise<void> {
  const error = await asked.catch((reason: unknown) => reason);
  t.match(error, { $metadata: { httpStatusCode: status }, ...(code !== undefined && { name: code }) });
}
