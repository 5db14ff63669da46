import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3';
import t from 'tap';
import { answer, byId, NAMES, startBucket, states } from '../support/bucket-settings.ts';

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
  const stale: CORSRule = { ID: 'lambent-uploads', AllowedOrigins: ['https://old.example'], AllowedMethods: ['PUT'] };
  await putCors([...theirs.slice(0, 1), stale, ...theirs.slice(1)]);
  const filter = { Status: 'Enabled', Filter: { Prefix: 'site/tmp/' } } as const;
  await putLifecycle([logs, { ID: 'lambent-expire-tmp', ...filter, Expiration: { Days: 30 } }]);
  const [before, beforeLogs] = [await cors(), (await lifecycle())?.find(({ ID }) => ID === 'logs')];
  t.same(states(await run('check')).slice(0, 3), ['missing', 'missing', 'missing']);
  t.same(states(await run('put')).slice(0, 3), ['put', 'put', 'put']);
  const after = await cors();
  t.same([after?.[0], after?.[2]], [before?.[0], before?.[2]]);
  t.match(after?.[1], { ID: 'lambent-uploads', AllowedOrigins: ['https://app.example'] }, 'where it was');
  t.equal(after?.length, 3);
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

/** Every field that S3 has for a rule, some of them twice, and one in the form before there were filters. */
const FOREIGN_LIFECYCLES = [
  [
    '<Rule><ID>logs</ID><Filter><And><Prefix>l &amp; o/</Prefix><Tag><Key>a</Key><Value></Value></Tag><Tag><Key>b</Key><Value>007</Value></Tag><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><ObjectSizeLessThan>5000000000000</ObjectSizeLessThan></And></Filter><Status>Enabled</Status><Transition><Days>0</Days><StorageClass>GLACIER</StorageClass></Transition><Transition><Date>2030-01-01T00:00:00Z</Date><StorageClass>OF_TOMORROW</StorageClass></Transition><NoncurrentVersionTransition><NoncurrentDays>3</NoncurrentDays><StorageClass>GLACIER_IR</StorageClass><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>5</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>',
    '<Rule><Filter/><Status>Disabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>',
  ],
  [
    '<Rule><ID>old</ID><Prefix>old/</Prefix><Status>Disabled</Status><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration></Rule>',
    '<Rule><ID>all</ID><Prefix></Prefix><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>',
  ],
];
const FOREIGN_CORS = [
  '<CORSRule><ID>x</ID><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://*.a.example</AllowedOrigin><AllowedOrigin>null</AllowedOrigin><AllowedHeader>x-*</AllowedHeader><ExposeHeader>b</ExposeHeader><ExposeHeader>a</ExposeHeader><MaxAgeSeconds>0</MaxAgeSeconds></CORSRule>',
  '<CORSRule><AllowedMethod>DELETE</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>',
];

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const documentOf = (root: string, rules: readonly string[]) =>
  `${DECLARATION}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join('')}</${root}>`;

/** The rules of a document, each by its elements, which have no order. */
function rulesOf(xml = ''): string[][] {
  const rules = xml.match(/<(CORSRule|Rule)>.*?<\/\1>/gs) ?? [];
  return rules.map((rule) => (rule.match(/<\w[^<]*/g) ?? []).toSorted());
}

t.test('rules of others are put back element by element', async (t) => {
  const { s3, run } = await startBucket(t);
  for (const rules of FOREIGN_LIFECYCLES) {
    const found = documentOf('LifecycleConfiguration', rules);
    const header = { 'x-amz-transition-default-minimum-object-size': 'varies_by_storage_class' };
    const puts = answer(s3, '?lifecycle', { xml: found, headers: header });
    t.same(states(await run('put')).slice(1, 3), ['put', 'put']);
    const put = rulesOf(await puts.at(-1));
    t.same(put.slice(0, 2), rulesOf(found));
    t.equal(put.length, 4);
    const { headers } = s3.requests.findLast(({ method }) => method === 'PUT') ?? {};
    t.match(headers, header, 'of the whole document, too');
  }
  const found = documentOf('CORSConfiguration', FOREIGN_CORS);
  const puts = answer(s3, '?cors', { xml: found });
  t.same(states(await run('put'))[0], 'put');
  const put = rulesOf(await puts[0]);
  t.same([put.slice(0, 2), put.length], [rulesOf(found), 3]);
});

t.test('where others have prefixes without filters, so have ours', async (t) => {
  const { run, lifecycle, putLifecycle } = await startBucket(t);
  const old: LifecycleRule = { ID: 'old', Status: 'Enabled', Prefix: 'old/', Expiration: { Days: 9 } };
  await putLifecycle([old]);
  const [, dry] = await run('dry-run');
  t.match(dry?.what, /^lifecycle rule lambent-expire-tmp \{.*"Prefix":"site\/tmp\/"/);
  t.notMatch(dry?.what, /Filter/, 'it is said as it would be put');
  t.same(states(await run('put')).slice(1, 3), ['put', 'put']);
  const [multipart, expire, theirs] = byId((await lifecycle()) ?? []);
  t.same(theirs, old);
  t.same([multipart?.Prefix, multipart?.Filter], ['site/tmp/', undefined]);
  t.same([expire?.Prefix, expire?.Filter, expire?.Expiration], ['site/tmp/', undefined, { Days: 1 }]);
  t.same(states(await run('put')).slice(1, 3), ['there', 'there']);
});

t.test('nothing is put over what is not understood', async (t) => {
  const { s3, run } = await startBucket(t);
  const strange = '<Rule><ID>z</ID><Filter><Prefix>a/</Prefix><ArchiveZone/></Filter><Status>Enabled</Status></Rule>';
  answer(s3, '?lifecycle', { xml: documentOf('LifecycleConfiguration', [strange]) });
  const why = 'rules that are there have elements that are unknown here and would be lost';
  for (const mode of ['put', 'dry-run'] as const) {
    t.same((await run(mode)).slice(1, 3), [
      { state: 'not put', what: `${NAMES[1]}: ${why}` },
      { state: 'not put', what: `${NAMES[2]}: ${why}` },
    ]);
  }
  t.same(states(await run('check')).slice(1, 3), ['missing', 'missing']);
  const puts = s3.requests.filter(({ method, query }) => method === 'PUT' && query.startsWith('lifecycle'));
  t.equal(puts.length, 0);
});

t.test('a 404 of somebody else is no empty document', async (t) => {
  const { s3, run } = await startBucket(t);
  for (const query of ['?cors', '?lifecycle', '?publicAccessBlock']) {
    s3.requests.reset();
    answer(s3, query, { status: 404 });
    await t.rejects(run('put'), { message: new RegExp(`^s3://${s3.bucket}: NotFound`) }, query);
    t.notOk(s3.requests.some((request) => request.method === 'PUT' && `?${request.query}`.startsWith(query)));
  }
});
