import type { BucketPlace } from '../bucket-url.ts';
import { type BucketNeeds, corsRules, lifecycleRules, PUBLIC_ACCESS_BLOCK } from './bucket-rules.ts';

type Needs = BucketPlace & BucketNeeds;

const blockAll = <N extends string>(name: (name: (typeof PUBLIC_ACCESS_BLOCK)[number]) => N) =>
  Object.fromEntries(PUBLIC_ACCESS_BLOCK.map((setting) => [name(setting), true]));

/** The rules of a bucket that is made with them, as a CloudFormation template in JSON. */
export function cloudFormation({ bucket, ...needs }: Needs): string {
  const cors = corsRules(needs).map((rule) => ({
    Id: rule.ID,
    AllowedOrigins: rule.AllowedOrigins,
    AllowedMethods: rule.AllowedMethods,
    AllowedHeaders: rule.AllowedHeaders,
    ExposedHeaders: rule.ExposeHeaders,
    MaxAge: rule.MaxAgeSeconds,
  }));
  const lifecycle = lifecycleRules(needs).map((rule) => ({
    Id: rule.ID,
    Status: rule.Status,
    Prefix: rule.Filter?.Prefix,
    ExpirationInDays: rule.Expiration?.Days,
    NoncurrentVersionExpiration: rule.NoncurrentVersionExpiration,
    AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
  }));
  return text({
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      UploadsBucket: {
        Type: 'AWS::S3::Bucket',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BucketName: bucket,
          CorsConfiguration: { CorsRules: cors },
          LifecycleConfiguration: { Rules: lifecycle },
          PublicAccessBlockConfiguration: blockAll((name) => name),
        },
      },
    },
  });
}

/** The rules of a bucket that is there, as Terraform in JSON (a file named `….tf.json`). */
export function terraform({ bucket, ...needs }: Needs): string {
  const cors_rule = corsRules(needs).map((rule) => ({
    id: rule.ID,
    allowed_origins: rule.AllowedOrigins,
    allowed_methods: rule.AllowedMethods,
    allowed_headers: rule.AllowedHeaders,
    expose_headers: rule.ExposeHeaders,
    max_age_seconds: rule.MaxAgeSeconds,
  }));
  const rule = lifecycleRules(needs).map((own) => ({
    id: own.ID,
    status: own.Status,
    filter: { prefix: own.Filter?.Prefix },
    expiration: own.Expiration && { days: own.Expiration.Days },
    noncurrent_version_expiration: own.NoncurrentVersionExpiration && {
      noncurrent_days: own.NoncurrentVersionExpiration.NoncurrentDays,
    },
    abort_incomplete_multipart_upload: own.AbortIncompleteMultipartUpload && {
      days_after_initiation: own.AbortIncompleteMultipartUpload.DaysAfterInitiation,
    },
  }));
  return text({
    resource: {
      aws_s3_bucket_cors_configuration: { uploads: { bucket, cors_rule } },
      aws_s3_bucket_lifecycle_configuration: { uploads: { bucket, rule } },
      aws_s3_bucket_public_access_block: { uploads: { bucket, ...blockAll(snakeCase) } },
    },
  });
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

function text(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
