import { isDeepStrictEqual } from 'node:util';
import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3';
import { TEMPORARY_FOLDER } from './keys.ts';

export interface BucketNeeds {
  /** What keys of the bucket begin with, without slashes at its ends; empty for all of it. */
  readonly prefix: string;
  /** Of the pages that upload; `*` for all. */
  readonly origins: readonly string[];
}

/** What has to be on, so that nothing of the bucket is public but by way of the service. */
export const PUBLIC_ACCESS_BLOCK = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
] as const;

/** At least the day for which an upload can be confirmed (`begin.ts`): S3 counts from the midnight after it. */
const DAYS = 1;
const PREFLIGHT_SECONDS = 3_600;

/** For browsers that send to the bucket, and that read what a presigned URL is for. */
export function corsRules({ origins }: BucketNeeds): readonly CORSRule[] {
  return [
    {
      ID: 'lambent-uploads',
      AllowedOrigins: [...origins],
      AllowedMethods: ['POST', 'PUT', 'GET', 'HEAD'],
      AllowedHeaders: ['content-type', 'if-none-match', 'range'],
      ExposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Length'],
      MaxAgeSeconds: PREFLIGHT_SECONDS,
    },
  ];
}

/** For what nobody confirms: whole, as an old version where the bucket has versions, or in parts. */
export function lifecycleRules({ prefix }: BucketNeeds): readonly LifecycleRule[] {
  const Filter = { Prefix: `${prefix === '' ? '' : `${prefix}/`}${TEMPORARY_FOLDER}/` };
  return [
    {
      ID: 'lambent-expire-tmp',
      Status: 'Enabled',
      Filter,
      Expiration: { Days: DAYS },
      NoncurrentVersionExpiration: { NoncurrentDays: DAYS },
    },
    {
      ID: 'lambent-abort-multipart',
      Status: 'Enabled',
      Filter,
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: DAYS },
    },
  ];
}

interface Rule {
  readonly ID?: string | undefined;
}

/** Every rule that is there, as it is and where it is: of CORS rules the first counts that fits. Ours are in place of those of the same name. */
export function withOurs<R extends Rule>(there: readonly R[], ours: readonly R[]): R[] {
  const added = ours.filter(({ ID }) => !there.some((rule) => rule.ID === ID));
  return [...there.map((rule) => ours.find(({ ID }) => ID === rule.ID) ?? rule), ...added];
}

/**
 * S3 refuses a lifecycle where one rule has a prefix of its own, as all had before there were filters, and another a filter. What others have
 * stays as it is, so ours follow.
 */
export function inFormOf(there: readonly LifecycleRule[], ours: readonly LifecycleRule[]): readonly LifecycleRule[] {
  const others = there.filter((rule) => !ours.some(({ ID }) => ID === rule.ID));
  if (!others.some(({ Prefix }) => Prefix !== undefined)) return ours;
  return ours.map(({ Filter, ...rule }) => ({ ...rule, Prefix: Filter?.Prefix }));
}

/** Whether a rule is there as it has to be, in whatever order its lists are, and in either form. */
export function isThere<R extends Rule>(rule: R, there: readonly R[]): boolean {
  const found = there.find(({ ID }) => ID === rule.ID);
  return found !== undefined && isDeepStrictEqual(plain(found), plain(rule));
}

function plain(rule: Rule & Pick<LifecycleRule, 'Prefix'>): unknown {
  const { Prefix, ...rest } = rule;
  const scoped = Prefix === undefined ? rest : { ...rest, Filter: { Prefix } };
  return JSON.parse(
    JSON.stringify(scoped, (_name, value: unknown) => (Array.isArray(value) ? value.toSorted() : value)),
  );
}

/** Whether the rules are all that a document has: what the SDK does not know, it leaves out, and to put it back so would lose that. */
export function isAllOf(xml: string, rules: readonly Rule[]): boolean {
  const tags = xml.replace(ROOT, '').match(TAG) ?? [];
  // An element without others in it: what closes it is the next tag, or itself.
  const values = tags.filter((tag, index) => {
    const isOpened = !tag.startsWith('</') && String(tags[index + 1]).startsWith('</');
    return tag.endsWith('/>') || isOpened;
  });
  return values.length === countValues(rules);
}

const ROOT = /^\s*(?:<\?[^>]*>\s*)?<[^>]*>/;
const TAG = /<[^<>]*>/g;

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Date) return 1;
  const counts = Object.values(value).map(countValues);
  return counts.length === 0 && !Array.isArray(value) ? 1 : counts.reduce((sum, count) => sum + count, 0);
}
