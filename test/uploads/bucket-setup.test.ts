import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { type SetupMode, setUpBucket } from '../../src/uploads/bucket-setup.ts';
import { cloudFormation, terraform } from '../../src/uploads/bucket-templates.ts';
import { ROOT } from '../support/process.ts';
import { S3Error, sendError } from '../support/s3-error.ts';
import { startS3Server, type TestS3 } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';

const OURS_CORS: CORSRule = {
  ID: 'lambent-uploads',
  AllowedOrigins: ['https://app.example'],
  AllowedMethods: ['POST', 'PUT', 'GET', 'HEAD'],
  AllowedHeaders: ['content-type', 'if-none-match', 'range'],
  ExposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Length'],
  MaxAgeSeconds: 3600,
};
const OURS_LIFECYCLE: readonly LifecycleRule[] = [
  {
    ID: 'lambent-expire-tmp',
    Status: 'Enabled',
    Filter: { Prefix: 'site/tmp/' },
    Expiration: { Days: 1 },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
  },
  {
    ID: 'lambent-abort-multipart',
    Status: 'Enabled',
    Filter: { Prefix: 'site/tmp/' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  },
];
const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};
const NAMES = [
  'CORS rule lambent-uploads',
  'lifecycle rule lambent-expire-tmp',
  'lifecycle rule lambent-abort-multipart',
  'Block Public Access',
];

async function startBucket(t: Test) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const env = useS3(t, s3);
  const place = { bucket: s3.bucket, prefix: 'site', forcePathStyle: true, origins: ['https://app.example'] };
  const run = (mode: SetupMode) => setUpBucket(place, mode, AbortSignal.timeout(30_000));
  return { s3, run, env, ...documentsOf(s3) };
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

const states = (findings: readonly { state: string }[]) => findings.map(({ state }) => state);

t.test('a bucket gets what it lacks, once, and is looked at for the rest', async (t) => {
  const { run, cors, lifecycle, block } = await startBucket(t);
  t.same(states(await run('check')), ['missing', 'missing', 'missing', 'missing']);
  t.same(states(await run('dry-run')), ['would be put', 'would be put', 'would be put', 'missing']);
  await t.rejects(cors(), { name: 'NoSuchCORSConfiguration' }, 'nothing was put so far');
  const put = await run('put');
  t.same(states(put), ['put', 'put', 'put', 'missing']);
  t.same(
    put.map(({ what }) => what),
    [...NAMES.slice(0, 3), `${NAMES[3]}: BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets`],
  );
  t.match(await cors(), [{ ...OURS_CORS, AllowedMethods: Array }]);
  t.match(byId((await lifecycle()) ?? []), byId(OURS_LIFECYCLE));
  await block({ ...BLOCKED, RestrictPublicBuckets: false });
  t.equal((await run('put'))[3]?.what, 'Block Public Access: RestrictPublicBuckets');
  await block(BLOCKED);
  t.same(
    await run('put'),
    NAMES.map((what) => ({ state: 'there', what })),
  );
  t.same(
    await run('check'),
    NAMES.map((what) => ({ state: 'there', what })),
  );
});

/** Stores give rules in an order of their own. */
function byId(rules: readonly LifecycleRule[]): LifecycleRule[] {
  return rules.toSorted((a, b) => (a.ID ?? '').localeCompare(b.ID ?? ''));
}

t.test('the rules of others stay as they are', async (t) => {
  const { run, cors, lifecycle, putCors, putLifecycle } = await startBucket(t);
  const theirs: CORSRule[] = [
    { ID: 'theirs', AllowedOrigins: ['https://*.other.example'], AllowedMethods: ['GET'], MaxAgeSeconds: 5 },
    { AllowedOrigins: ['*'], AllowedMethods: ['DELETE'], AllowedHeaders: ['x-*'], ExposeHeaders: ['x-a', 'x-b'] },
  ];
  const logs: LifecycleRule = {
    ID: 'logs',
    Status: 'Disabled',
    Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'a', Value: 'b' }] } },
    Expiration: { Days: 7 },
  };
  await putCors([...theirs, { ...OURS_CORS, AllowedOrigins: ['https://old.example'] }]);
  await putLifecycle([logs, { ...OURS_LIFECYCLE[0], Expiration: { Days: 30 } } as LifecycleRule]);
  const [before, beforeLogs] = [(await cors())?.slice(0, 2), (await lifecycle())?.find(({ ID }) => ID === 'logs')];
  t.same(states(await run('check')).slice(0, 3), ['missing', 'missing', 'missing']);
  t.same(states(await run('put')).slice(0, 3), ['put', 'put', 'put']);
  const after = await cors();
  t.same(after?.slice(0, 2), before);
  t.match(after?.slice(2), [{ ID: 'lambent-uploads', AllowedOrigins: ['https://app.example'] }]);
  const rules = await lifecycle();
  t.same(
    rules?.find(({ ID }) => ID === 'logs'),
    beforeLogs,
  );
  t.match(
    rules?.find(({ ID }) => ID === 'lambent-expire-tmp'),
    { Expiration: { Days: 1 } },
  );
  t.equal(rules?.length, 3);
});

t.test('what cannot be read is not written over, and each permission is named', async (t) => {
  const { s3, run, cors, putCors } = await startBucket(t);
  await putCors([{ ID: 'theirs', AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]);
  const deny = (method: string) => {
    s3.fault = (req, res) => {
      if (req.method !== method) return false;
      sendError(res, new S3Error(403, 'AccessDenied', 'Access Denied'));
      return true;
    };
  };
  deny('GET');
  t.same(await run('put'), [
    { state: 'denied', what: `${NAMES[0]}: s3:GetBucketCORS is not allowed` },
    { state: 'denied', what: `${NAMES[1]}: s3:GetLifecycleConfiguration is not allowed` },
    { state: 'denied', what: `${NAMES[2]}: s3:GetLifecycleConfiguration is not allowed` },
    { state: 'denied', what: `${NAMES[3]}: s3:GetBucketPublicAccessBlock is not allowed` },
  ]);
  t.notOk(s3.requests.some(({ method }) => method === 'PUT'));
  deny('PUT');
  t.same((await run('put')).slice(0, 2), [
    { state: 'denied', what: `${NAMES[0]}: s3:PutBucketCORS is not allowed` },
    { state: 'denied', what: `${NAMES[1]}: s3:PutLifecycleConfiguration is not allowed` },
  ]);
  s3.fault = undefined;
  t.match(await cors(), [{ ID: 'theirs' }]);
});

t.test('trouble is told, and by the bucket’s name', async (t) => {
  const { s3 } = await startBucket(t);
  const place = { bucket: `${s3.bucket}-not`, prefix: '', forcePathStyle: true, origins: ['*'] };
  await t.rejects(setUpBucket(place, 'check', AbortSignal.timeout(30_000)), {
    message: new RegExp(`^s3://${s3.bucket}-not: NoSuchBucket`),
  });
  s3.fault = (_req, res) => {
    res.writeHead(400).end();
    return true;
  };
  await t.rejects(setUpBucket({ ...place, bucket: s3.bucket }, 'put', AbortSignal.timeout(30_000)), {
    message: new RegExp(`^s3://${s3.bucket}: `),
  });
  for (const [query, name] of [
    ['cors', 'cors'],
    ['publicAccessBlock', 'public'],
  ] as const) {
    s3.fault = (req, res) => {
      if (!req.url?.includes(query) || (query === 'cors' && req.method === 'GET')) return false;
      res.writeHead(400).end();
      return true;
    };
    await t.rejects(setUpBucket({ ...place, bucket: s3.bucket }, 'put', AbortSignal.timeout(30_000)), name);
  }
});

t.test('templates have the same rules', (t) => {
  const needs = { bucket: 'my-bucket', prefix: 'site', origins: ['https://app.example'] };
  const formation = JSON.parse(cloudFormation(needs)).Resources.UploadsBucket;
  t.match(formation, {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'Retain',
    Properties: {
      BucketName: 'my-bucket',
      CorsConfiguration: { CorsRules: [{ Id: 'lambent-uploads', ExposedHeaders: Array, MaxAge: 3600 }] },
      LifecycleConfiguration: {
        Rules: [
          { Id: 'lambent-expire-tmp', Status: 'Enabled', Prefix: 'site/tmp/', ExpirationInDays: 1 },
          { Id: 'lambent-abort-multipart', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        ],
      },
      PublicAccessBlockConfiguration: BLOCKED,
    },
  });
  t.same(formation.Properties.CorsConfiguration.CorsRules[0].AllowedOrigins, ['https://app.example']);
  const { resource } = JSON.parse(terraform(needs));
  t.match(resource, {
    aws_s3_bucket_cors_configuration: {
      uploads: { bucket: 'my-bucket', cors_rule: [{ id: 'lambent-uploads', max_age_seconds: 3600 }] },
    },
    aws_s3_bucket_lifecycle_configuration: {
      uploads: {
        rule: [
          {
            filter: { prefix: 'site/tmp/' },
            expiration: { days: 1 },
            noncurrent_version_expiration: { noncurrent_days: 1 },
          },
          { abort_incomplete_multipart_upload: { days_after_initiation: 1 } },
        ],
      },
    },
    aws_s3_bucket_public_access_block: {
      uploads: {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
      },
    },
  });
  t.match(JSON.parse(terraform({ ...needs, prefix: '' })).resource.aws_s3_bucket_lifecycle_configuration.uploads.rule, [
    { filter: { prefix: 'tmp/' } },
    {},
  ]);
  t.end();
});

t.test('from the command line', async (t) => {
  const { s3, env, cors, block } = await startBucket(t);
  const lambent = async (args: readonly string[], more: Record<string, string> = {}) => {
    const { SOURCE: _source, ...rest } = env;
    const options = { cwd: ROOT, env: { ...process.env, ...rest, UPLOADS_BUCKET: `s3://${s3.bucket}`, ...more } };
    const done = promisify(execFile)(process.execPath, ['dist/cli.js', ...args], options);
    const {
      stdout,
      stderr,
      code = 0,
    } = (await done.catch((error: unknown) => error)) as {
      stdout: string;
      stderr: string;
      code?: number;
    };
    return { stdout, code, complaint: /^lambent: .*$/m.exec(stderr)?.[0] };
  };
  const checked = await lambent(['bucket-check']);
  t.match(checked, { code: 1, stdout: /^missing {7}CORS rule lambent-uploads\n/ });
  const dry = await lambent([
    'bucket-setup',
    '--dry-run',
    '--origin',
    'https://a.example',
    '--origin',
    'https://b.example',
  ]);
  t.match(dry.stdout, /^would be put {2}CORS rule lambent-uploads \{.*"https:\/\/a\.example","https:\/\/b\.example"/);
  await block(BLOCKED);
  t.match(await lambent(['bucket-setup'], { CORS_ORIGINS: 'https://c.example, https://d.example' }), { code: 0 });
  t.match(await cors(), [{ AllowedOrigins: ['https://c.example', 'https://d.example'] }]);
  t.match(await lambent(['bucket-check', '--origin', 'https://c.example']), { code: 1 });
  t.match(await lambent(['bucket-setup', '--cloudformation']), { code: 0, stdout: /"AWS::S3::Bucket"/ });
  t.match(await lambent(['bucket-setup', '--terraform']), { code: 0, stdout: /"aws_s3_bucket_cors_configuration"/ });
  t.match(await lambent(['bucket-setup', '--origin', 'app.example']), {
    code: 1,
    complaint: /--origin is "app.example"/,
  });
  t.match(await lambent(['bucket-setup', 'operand']), { code: 1 });
  t.match(await lambent(['bucket-check'], { UPLOADS_BUCKET: '' }), { code: 1, complaint: /UPLOADS_BUCKET is not set/ });
});
