import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { BucketClient } from './bucket-client.ts';
import { type BucketNeeds, corsRules, inFormOf, isAllOf, lifecycleRules, withOurs } from './bucket-rules.ts';

/** Rules that S3 replaces all at once. */
export interface BucketDocument<R> {
  readonly name: string;
  readonly ours: readonly R[];
  /** Permissions. */
  readonly reading: string;
  readonly writing: string;
  read(signal: AbortSignal): Promise<FoundDocument<R>>;
}

export interface FoundDocument<R> {
  readonly rules: readonly R[];
  /** Those that are there, with ours. */
  readonly merged: readonly R[];
  /** Whether the rules are all that is there. */
  readonly isWhole: boolean;
  put(signal: AbortSignal): Promise<unknown>;
}

export function corsDocument(
  { client, lastText }: BucketClient,
  Bucket: string,
  needs: BucketNeeds,
): BucketDocument<CORSRule> {
  const ours = corsRules(needs);
  return {
    name: 'CORS rule',
    ours,
    reading: 's3:GetBucketCORS',
    writing: 's3:PutBucketCORS',
    async read(abortSignal) {
      const command = new GetBucketCorsCommand({ Bucket });
      const found = await client.send(command, { abortSignal }).catch(ifNone('NoSuchCORSConfiguration'));
      const rules = found?.CORSRules ?? [];
      const merged = withOurs(rules, ours);
      return {
        rules,
        merged,
        isWhole: !found || isAllOf(lastText(), rules),
        put(signal) {
          const input = { Bucket, CORSConfiguration: { CORSRules: merged } };
          return client.send(new PutBucketCorsCommand(input), { abortSignal: signal });
        },
      };
    },
  };
}

export function lifecycleDocument(
  { client, lastText }: BucketClient,
  Bucket: string,
  needs: BucketNeeds,
): BucketDocument<LifecycleRule> {
  const ours = lifecycleRules(needs);
  return {
    name: 'lifecycle rule',
    ours,
    reading: 's3:GetLifecycleConfiguration',
    writing: 's3:PutLifecycleConfiguration',
    async read(abortSignal) {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket });
      const found = await client.send(command, { abortSignal }).catch(ifNone('NoSuchLifecycleConfiguration'));
      const rules = found?.Rules ?? [];
      const merged = withOurs(rules, inFormOf(rules, ours));
      return {
        rules,
        merged,
        isWhole: !found || isAllOf(lastText(), rules),
        put(signal) {
          const input = {
            Bucket,
            LifecycleConfiguration: { Rules: merged },
            // Of the whole document: unsaid, it would be set back.
            TransitionDefaultMinimumObjectSize: found?.TransitionDefaultMinimumObjectSize,
          };
          return client.send(new PutBucketLifecycleConfigurationCommand(input), { abortSignal: signal });
        },
      };
    },
  };
}

/**
 * Where S3 says that there is no such document, and by nothing else: any other 404, of a proxy for instance, leaves open what is there, and what
 * is not known would be replaced.
 */
export function ifNone(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as Error).name !== code) throw error;
  };
}
