import { GetPublicAccessBlockCommand, type S3Client } from '@aws-sdk/client-s3';
import type { BucketPlace } from '../bucket-url.ts';
import { createBucketClient } from './bucket-client.ts';
import {
  type BucketDocument,
  corsDocument,
  type FoundDocument,
  ifNone,
  lifecycleDocument,
} from './bucket-documents.ts';
import { type BucketNeeds, isThere, PUBLIC_ACCESS_BLOCK } from './bucket-rules.ts';

export interface BucketSetupOptions extends BucketPlace, BucketNeeds {
  readonly forcePathStyle: boolean;
}

/** What is to be done about what is missing. */
export type SetupMode = 'check' | 'dry-run' | 'put';

export interface Finding {
  /**
   * `denied`: nobody here may know, or change it. `unsupported`: the store has no such setting. `not put`: something that is there would be
   * lost.
   */
  readonly state: 'there' | 'missing' | 'would be put' | 'put' | 'denied' | 'unsupported' | 'not put';
  readonly what: string;
}

type Refusal = (permission: string) => { readonly state: Finding['state']; readonly why: string };

const unsupported: Refusal = (permission) => ({ state: 'unsupported', why: `${permission} is not supported here` });

/** Answers about one setting that leave the others to be looked at, by their codes; all others are trouble. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  AccessDenied: (permission) => ({ state: 'denied', why: `${permission} is not allowed` }),
  MethodNotAllowed: unsupported,
  NotImplemented: unsupported,
};

/**
 * Looks at the settings of a bucket, and puts what is missing if it is to; other rules stay as they are. One after the other, so that what was
 * done is known when the next fails.
 */
export async function* setUpBucket(
  options: BucketSetupOptions,
  mode: SetupMode,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { bucket, forcePathStyle } = options;
  const access = createBucketClient(forcePathStyle);
  try {
    yield* await settle(corsDocument(access, bucket, options), mode, signal);
    yield* await settle(lifecycleDocument(access, bucket, options), mode, signal);
    yield await publicAccess(access.client, bucket, signal);
  } catch (error) {
    const { name, message } = error as Error;
    throw new Error(`s3://${bucket}: ${name}: ${message}`, { cause: error });
  } finally {
    access.client.destroy();
  }
}

interface Rule {
  readonly ID?: string | undefined;
}

/** What is not known is not written: a document that could not be read would be replaced by ours. */
async function settle<R extends Rule>(
  document: BucketDocument<R>,
  mode: SetupMode,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { name, ours, reading } = document;
  const found = await document.read(signal).catch(refusal(reading));
  if ('state' in found) return ours.map(({ ID }) => ({ state: found.state, what: `${name} ${ID}: ${found.why}` }));
  const missing = ours.filter((rule) => !isThere(rule, found.rules));
  const outcome = missing.length > 0 ? await supply(document, found, mode, signal) : undefined;
  return ours.map((rule) => {
    const what = `${name} ${rule.ID}`;
    if (!outcome || !missing.includes(rule)) return { state: 'there', what };
    if (outcome.why !== undefined) return { state: outcome.state, what: `${what}: ${outcome.why}` };
    return { state: outcome.state, what: outcome.state === 'would be put' ? `${what} ${textOf(rule, found)}` : what };
  });
}

interface Outcome {
  readonly state: Finding['state'];
  readonly why?: string;
}

async function supply<R>(
  { writing }: BucketDocument<R>,
  { isWhole, put }: FoundDocument<R>,
  mode: SetupMode,
  signal: AbortSignal,
): Promise<Outcome> {
  if (mode === 'check') return { state: 'missing' };
  if (!isWhole)
    return { state: 'not put', why: 'rules that are there have elements that are unknown here and would be lost' };
  if (mode === 'dry-run') return { state: 'would be put' };
  return await put(signal).then(() => ({ state: 'put' }) as const, refusal(writing));
}

/** A rule as it would be put. */
function textOf<R extends Rule>({ ID }: R, { merged }: FoundDocument<R>): string {
  return JSON.stringify(merged.find((rule) => rule.ID === ID));
}

function refusal(permission: string): (error: unknown) => ReturnType<Refusal> {
  return (error) => {
    const { name } = error as Error;
    const known = Object.hasOwn(REFUSALS, name) ? REFUSALS[name] : undefined;
    if (!known) throw error;
    return known(permission);
  };
}

/** Only looked at: a bucket may be public on purpose, and who makes it private breaks what is served from it by now. */
async function publicAccess(client: S3Client, Bucket: string, signal: AbortSignal): Promise<Finding> {
  const what = 'Block Public Access';
  const found = await client
    .send(new GetPublicAccessBlockCommand({ Bucket }), { abortSignal: signal })
    .catch(ifNone('NoSuchPublicAccessBlockConfiguration'))
    .catch(refusal('s3:GetBucketPublicAccessBlock'));
  if (found && 'state' in found) return { state: found.state, what: `${what}: ${found.why}` };
  const block = found?.PublicAccessBlockConfiguration ?? {};
  const off = PUBLIC_ACCESS_BLOCK.filter((setting) => block[setting] !== true);
  return off.length === 0 ? { state: 'there', what } : { state: 'missing', what: `${what}: ${off.join(', ')}` };
}
