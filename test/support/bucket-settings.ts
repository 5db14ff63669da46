import { text } from 'node:stream/consumers';
import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import type { Test } from 'tap';
import { type BucketSetupOptions, type Finding, type SetupMode, setUpBucket } from '../../src/uploads/bucket-setup.ts';
import { startS3Server, type TestS3 } from './s3-server.ts';
import { useS3 } from './service.ts';

/** What findings are about, in their order. */
export const NAMES = [
  'CORS rule lambent-uploads',
  'lifecycle rule lambent-expire-tmp',
  'lifecycle rule lambent-abort-multipart',
  'Block Public Access',
];

export const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** A bucket for uploads into its folder `site`, and its settings. */
export async function startBucket(t: Test) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const env = useS3(t, s3);
  const place = { bucket: s3.bucket, prefix: 'site', forcePathStyle: true, origins: ['https://app.example'] };
  const run = (mode: SetupMode) => settle(place, mode);
  return { s3, run, env, ...documentsOf(s3) };
}

export async function settle(options: BucketSetupOptions, mode: SetupMode, found: Finding[] = []): Promise<Finding[]> {
  for await (const finding of setUpBucket(options, mode, AbortSignal.timeout(30_000))) found.push(finding);
  return found;
}

interface StoodIn {
  readonly method?: string;
  readonly status?: number;
  readonly xml?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers in the store's place about one setting: requests of the method as is said, and puts in any case. Gives what is put, as it came. */
export function answer(s3: TestS3, query: string, stoodIn: StoodIn): Promise<string>[] {
  const { method = 'GET', status = 200, xml = '', headers = {} } = stoodIn;
  const puts: Promise<string>[] = [];
  s3.fault = (req, res) => {
    if (!req.url?.includes(query) || ![method, 'PUT'].includes(req.method ?? '')) return false;
    if (req.method === 'PUT') puts.push(text(req));
    if (req.method === method) res.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(xml);
    else res.writeHead(200).end();
    return true;
  };
  return puts;
}

function documentsOf({ client, bucket: Bucket }: TestS3) {
  return {
    cors: async () => (await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules,
    lifecycle: async () => (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    putCors: (CORSRules: CORSRule[]) =>
      client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } })),
    putLifecycle: (Rules: LifecycleRule[]) =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
    block: (PublicAccessBlockConfiguration: object) =>
      client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
  };
}

export const states = (findings: readonly { state: string }[]) => findings.map(({ state }) => state);

/** Stores give rules in an order of their own. */
export function byId(rules: readonly LifecycleRule[]): LifecycleRule[] {
  return rules.toSorted((a, b) => (a.ID ?? '').localeCompare(b.ID ?? ''));
}
