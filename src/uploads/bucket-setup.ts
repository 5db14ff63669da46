import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketPlace } from '../bucket-url.ts';
import { isAccessDenied, statusOf } from '../s3-error.ts';
import { type BucketNeeds, corsRules, isThere, lifecycleRules, PUBLIC_ACCESS_BLOCK, withOurs } from './bucket-rules.ts';

export interface BucketSetupOptions extends BucketPlace, BucketNeeds {
  readonly forcePathStyle: boolean;
}

/** What is to be done about what is missing. */
export type SetupMode = 'check' | 'dry-run' | 'put';

export interface Finding {
  /** `denied`: nobody here may know, or change it. */
  readonly state: 'there' | 'missing' | 'would be put' | 'put' | 'denied';
  readonly what: string;
}

/** Rules that are one document, which is put as a whole. */
interface Document<R> {
  readonly name: string;
  readonly ours: readonly R[];
  readonly reading: string;
  readonly writing: string;
  read(
    signal: AbortSignal,
  ): Promise<{ readonly rules: readonly R[]; put(rules: R[], signal: AbortSignal): Promise<unknown> }>;
}

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;

/** Looks at the settings of a bucket, and puts what is missing if it is to. Other rules stay as they are. */
export async function setUpBucket(
  options: BucketSetupOptions,
  mode: SetupMode,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { bucket: Bucket, forcePathStyle } = options;
  const requestHandler = { connectionTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
  const client = new S3Client({ forcePathStyle, maxAttempts: ATTEMPTS, followRegionRedirects: false, requestHandler });
  try {
    return [
      ...(await settle(corsDocument(client, Bucket, options), mode, signal)),
      ...(await settle(lifecycleDocument(client, Bucket, options), mode, signal)),
      await publicAccess(client, Bucket, signal),
    ];
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(`s3://${Bucket}: ${name}: ${message}`, { cause: error });
  } finally {
    client.destroy();
  }
}

function corsDocument(client: S3Client, Bucket: string, needs: BucketNeeds): Document<CORSRule> {
  return {
    name: 'CORS rule',
    ours: corsRules(needs),
    reading: 's3:GetBucketCORS',
    writing: 's3:PutBucketCORS',
    async read(signal) {
      const found = await client.send(new GetBucketCorsCommand({ Bucket }), { abortSignal: signal }).catch(ifNone);
      return {
        rules: found?.CORSRules ?? [],
        put: (CORSRules, stop) =>
          client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }), { abortSignal: stop }),
      };
    },
  };
}

function lifecycleDocument(client: S3Client, Bucket: string, needs: BucketNeeds): Document<LifecycleRule> {
  return {
    name: 'lifecycle rule',
    ours: lifecycleRules(needs),
    reading: 's3:GetLifecycleConfiguration',
    writing: 's3:PutLifecycleConfiguration',
    async read(signal) {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket });
      const found = await client.send(command, { abortSignal: signal }).catch(ifNone);
      return {
        rules: found?.Rules ?? [],
        put(Rules, stop) {
          const input = {
            Bucket,
            LifecycleConfiguration: { Rules },
            // Of the whole document: unsaid, it would be set back.
            TransitionDefaultMinimumObjectSize: found?.TransitionDefaultMinimumObjectSize,
          };
          return client.send(new PutBucketLifecycleConfigurationCommand(input), { abortSignal: stop });
        },
      };
    },
  };
}

/** What is not known is not written: a document that could not be read would be replaced by ours. */
async function settle<R extends { readonly ID?: string | undefined }>(
  { name, ours, reading, writing, read }: Document<R>,
  mode: SetupMode,
  signal: AbortSignal,
): Promise<Finding[]> {
  const label = ({ ID }: R) => `${name} ${ID}`;
  const found = await read(signal).catch(unlessDenied);
  if (!found) return ours.map((rule) => ({ state: 'denied', what: `${label(rule)}: ${reading} is not allowed` }));
  const missing = ours.filter((rule) => !isThere(rule, found.rules));
  const isPut = mode === 'put' && missing.length > 0;
  const done = isPut && (await found.put(withOurs(found.rules, ours), signal).then(() => true, unlessDenied));
  const state = stateOf(mode, done === true);
  return ours.map((rule) => {
    if (!missing.includes(rule)) return { state: 'there', what: label(rule) };
    const why = { denied: `: ${writing} is not allowed`, 'would be put': ` ${JSON.stringify(rule)}` };
    return { state, what: `${label(rule)}${why[state as keyof typeof why] ?? ''}` };
  });
}

function stateOf(mode: SetupMode, isDone: boolean): Finding['state'] {
  if (mode === 'check') return 'missing';
  if (mode === 'dry-run') return 'would be put';
  return isDone ? 'put' : 'denied';
}

/** Only looked at: a bucket may be public on purpose, and who makes it private breaks what is served from it by now. */
async function publicAccess(client: S3Client, Bucket: string, signal: AbortSignal): Promise<Finding> {
  const what = 'Block Public Access';
  const command = new GetPublicAccessBlockCommand({ Bucket });
  const found = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    return isAccessDenied(error) ? 'denied' : ifNone(error);
  });
  if (found === 'denied') return { state: 'denied', what: `${what}: s3:GetBucketPublicAccessBlock is not allowed` };
  const block = found?.PublicAccessBlockConfiguration ?? {};
  const off = PUBLIC_ACCESS_BLOCK.filter((setting) => block[setting] !== true);
  return off.length === 0 ? { state: 'there', what } : { state: 'missing', what: `${what}: ${off.join(', ')}` };
}

/** Where there is no such document; a bucket that is not there is none of them. */
function ifNone(error: unknown): undefined {
  if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined;
  throw error;
}

function unlessDenied(error: unknown): undefined {
  if (isAccessDenied(error)) return undefined;
  throw error;
}
