import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3';
import t from 'tap';
import { type Finding, setUpBucket } from '../../src/uploads/bucket-setup.ts';
import { answer, BLOCKED, byId, NAMES, settle, startBucket, states } from '../support/bucket-settings.ts';
import { S3Error, sendError } from '../support/s3-error.ts';

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
t.test('a bucket gets what it lacks, once, and is looked at for the rest', async (t) => {
  const { s3, run, cors, lifecycle, block } = await startBucket(t);
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
  s3.requests.reset();
  t.same(
    await run('put'),
    NAMES.map((what) => ({ state: 'there', what })),
  );
  t.notOk(
    s3.requests.some(({ method }) => method === 'PUT'),
    'what is there is not put again',
  );
  t.same(
    await run('check'),
    NAMES.map((what) => ({ state: 'there', what })),
  );
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

t.test('what a store does not have is said, and the rest done', async (t) => {
  const { s3, run } = await startBucket(t);
  const xml = '<Error><Code>NotImplemented</Code><Message>No.</Message></Error>';
  answer(s3, '?publicAccessBlock', { status: 501, xml });
  t.same((await run('put'))[3], {
    state: 'unsupported',
    what: 'Block Public Access: s3:GetBucketPublicAccessBlock is not supported here',
  });
  answer(s3, '?lifecycle', { status: 405, xml: xml.replace('NotImplemented', 'MethodNotAllowed') });
  t.same(states(await run('put')).slice(0, 3), ['there', 'unsupported', 'unsupported']);
});

t.test('trouble is told by the bucket’s name, after what was done before', async (t) => {
  const { s3 } = await startBucket(t);
  const place = { bucket: `${s3.bucket}-not`, prefix: '', forcePathStyle: true, origins: ['*'] };
  await t.rejects(settle(place, 'check'), { message: new RegExp(`^s3://${s3.bucket}-not: NoSuchBucket`) });
  answer(s3, '?lifecycle', {
    method: 'PUT',
    status: 400,
    xml: '<Error><Code>InvalidRequest</Code><Message>Found overlapping prefixes</Message></Error>',
  });
  const found: Finding[] = [];
  await t.rejects(settle({ ...place, bucket: s3.bucket }, 'put', found), {
    message: `s3://${s3.bucket}: InvalidRequest: Found overlapping prefixes`,
  });
  t.same(found, [{ state: 'put', what: NAMES[0] }]);
  const stopped = setUpBucket({ ...place, bucket: s3.bucket }, 'put', AbortSignal.abort());
  await t.rejects(stopped.next(), { message: /AbortError/ });
});
