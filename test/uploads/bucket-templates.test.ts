import t from 'tap';
import { cloudFormation, terraform } from '../../src/uploads/bucket-templates.ts';

const NEEDS = { bucket: 'my-bucket', prefix: 'site', origins: ['https://app.example'] };
const METHODS = ['POST', 'PUT', 'GET', 'HEAD'];
const HEADERS = ['content-type', 'if-none-match', 'range'];
const EXPOSED = ['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Length'];

t.test('CloudFormation has the same rules', (t) => {
  t.same(JSON.parse(cloudFormation(NEEDS)), {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      UploadsBucket: {
        Type: 'AWS::S3::Bucket',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BucketName: 'my-bucket',
          CorsConfiguration: {
            CorsRules: [
              {
                Id: 'lambent-uploads',
                AllowedOrigins: ['https://app.example'],
                AllowedMethods: METHODS,
                AllowedHeaders: HEADERS,
                ExposedHeaders: EXPOSED,
                MaxAge: 3600,
              },
            ],
          },
          LifecycleConfiguration: {
            Rules: [
              {
                Id: 'lambent-expire-tmp',
                Status: 'Enabled',
                Prefix: 'site/tmp/',
                ExpirationInDays: 1,
                NoncurrentVersionExpiration: { NoncurrentDays: 1 },
              },
              {
                Id: 'lambent-abort-multipart',
                Status: 'Enabled',
                Prefix: 'site/tmp/',
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              },
            ],
          },
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            IgnorePublicAcls: true,
            BlockPublicPolicy: true,
            RestrictPublicBuckets: true,
          },
        },
      },
    },
  });
  t.end();
});

t.test('Terraform has the same rules', (t) => {
  const bucket = 'my-bucket';
  t.same(JSON.parse(terraform(NEEDS)), {
    resource: {
      aws_s3_bucket_cors_configuration: {
        uploads: {
          bucket,
          cors_rule: [
            {
              id: 'lambent-uploads',
              allowed_origins: ['https://app.example'],
              allowed_methods: METHODS,
              allowed_headers: HEADERS,
              expose_headers: EXPOSED,
              max_age_seconds: 3600,
            },
          ],
        },
      },
      aws_s3_bucket_lifecycle_configuration: {
        uploads: {
          bucket,
          rule: [
            {
              id: 'lambent-expire-tmp',
              status: 'Enabled',
              filter: { prefix: 'site/tmp/' },
              expiration: { days: 1 },
              noncurrent_version_expiration: { noncurrent_days: 1 },
            },
            {
              id: 'lambent-abort-multipart',
              status: 'Enabled',
              filter: { prefix: 'site/tmp/' },
              abort_incomplete_multipart_upload: { days_after_initiation: 1 },
            },
          ],
        },
      },
      aws_s3_bucket_public_access_block: {
        uploads: {
          bucket,
          block_public_acls: true,
          ignore_public_acls: true,
          block_public_policy: true,
          restrict_public_buckets: true,
        },
      },
    },
  });
  t.end();
});
