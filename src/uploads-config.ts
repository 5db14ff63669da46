import { bucketPlace } from './bucket-url.ts';
import { invalid } from './config-error.ts';
import { readOrigins, readValues, toBytes, type Values } from './config-values.ts';
import { isWithin } from './places.ts';
import { readKeys } from './protection.ts';
import type { SigningKey } from './signing-keys.ts';
import type { IdentityRule } from './uploads/identity.ts';
import type { UploadType } from './uploads/upload-types.ts';

/** How uploads are taken, where they are. */
export interface UploadsConfig {
  /** `s3:` URL. */
  readonly bucket: string;
  /** What keys in a URL begin with before those of the bucket's folders: empty, or with a slash at its end. */
  readonly urlPrefix: string;
  readonly servesEndpoints: boolean;
  /** The first one signs, all verify. */
  readonly keys: readonly SigningKey[];
  readonly identity: IdentityRule;
  readonly types: readonly UploadType[];
  readonly maxBytes: number;
  readonly perMinute: number;
  readonly cacheControl: string;
  /** Origin of URLs; empty where they begin with the path. */
  readonly publicUrl: string;
  /** Where browsers reach the store; undefined where the service does. */
  readonly s3Endpoint: string | undefined;
}

/** Of one request, and of one copy (Amazon S3: PutObject, CopyObject). */
const MAX_BYTES = 5 * 2 ** 30;

export function readUploads(values: Values, source: string): UploadsConfig | undefined {
  const { UPLOADS_BUCKET: bucket, UPLOADS_KEYS: keys, UPLOADS_MAX_BYTES } = values;
  if (bucket === undefined) return undefined;
  if (keys === undefined) throw invalid('UPLOADS_KEYS', undefined);
  const maxBytes = toBytes(UPLOADS_MAX_BYTES);
  if (maxBytes < 1 || maxBytes > MAX_BYTES) throw invalid('UPLOADS_MAX_BYTES', UPLOADS_MAX_BYTES, 'from 1 to 5GiB');
  return {
    bucket,
    urlPrefix: urlPrefixOf(bucket, source),
    servesEndpoints: values.UPLOADS_ENDPOINTS,
    keys: readKeys('UPLOADS_KEYS', keys),
    identity: readIdentity(values),
    types: [...new Set(values.UPLOADS_TYPES.split(','))] as UploadType[],
    maxBytes,
    perMinute: values.UPLOADS_PER_MINUTE,
    cacheControl: values.UPLOADS_CACHE_CONTROL,
    publicUrl: values.UPLOADS_PUBLIC_URL ?? '',
    s3Endpoint: values.UPLOADS_S3_ENDPOINT,
  };
}

/** What was confirmed is served as an original, or it would have no URL. */
function urlPrefixOf(bucket: string, source: string): string {
  if (!isWithin(bucket, source)) throw invalid('UPLOADS_BUCKET', bucket, `a place within SOURCE, which is ${source}`);
  const [outer, inner] = [source, bucket].map((url) => bucketPlace(new URL(url)).prefix) as [string, string];
  const below = outer === '' ? inner : inner.slice(outer.length + 1);
  return below === '' ? '' : `${below}/`;
}

function readIdentity(values: Values): IdentityRule {
  const { UPLOADS_JWT_SECRET: secret, UPLOADS_JWKS_URL: jwksUrl, UPLOADS_API_KEYS: apiKeys } = values;
  const { UPLOADS_JWT_ISSUER: issuer, UPLOADS_JWT_AUDIENCE: audience } = values;
  if (values.UPLOADS_ENDPOINTS && secret === undefined && jwksUrl === undefined && apiKeys === undefined)
    throw invalid('UPLOADS_JWT_SECRET', undefined, 'it, UPLOADS_JWKS_URL or UPLOADS_API_KEYS beside UPLOADS_BUCKET');
  // Whoever signs for many services signs for others, too: their tokens are not meant for this one.
  if (jwksUrl !== undefined && issuer === undefined) throw invalid('UPLOADS_JWT_ISSUER', undefined);
  if (jwksUrl !== undefined && audience === undefined) throw invalid('UPLOADS_JWT_AUDIENCE', undefined);
  return { secret, jwksUrl, issuer, audience, apiKeys: apiKeys === undefined ? [] : readApiKeys(apiKeys) };
}

function readApiKeys(text: string): IdentityRule['apiKeys'] {
  const keys = text.split(',').map((part) => {
    const [subject = '', key = ''] = part.split(':');
    return { subject, key };
  });
  if (new Set(keys.map(({ key }) => key)).size < keys.length) throw invalid('UPLOADS_API_KEYS', text, 'each key once');
  return keys;
}

/** The bucket that is to be set up, by whoever may; nothing else of the service has to be configured for that. */
export interface BucketConfig {
  /** `s3:` URL. */
  readonly bucket: string;
  readonly forcePathStyle: boolean;
  readonly corsOrigins: '*' | readonly string[];
}

export function readBucket(env: NodeJS.ProcessEnv): BucketConfig {
  const { UPLOADS_BUCKET: bucket, S3_FORCE_PATH_STYLE: forcePathStyle, CORS_ORIGINS } = readValues(env);
  if (bucket === undefined) throw invalid('UPLOADS_BUCKET', undefined);
  return { bucket, forcePathStyle, corsOrigins: readOrigins(CORS_ORIGINS) };
}
