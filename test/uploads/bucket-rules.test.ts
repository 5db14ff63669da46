import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3';
import t from 'tap';
import { corsRules, inFormOf, isAllOf, isThere, lifecycleRules, withOurs } from '../../src/uploads/bucket-rules.ts';

const NEEDS = { prefix: 'site', origins: ['https://app.example', 'https://*.app.example'] };
const CORS: CORSRule = {
  ID: 'lambent-uploads',
  AllowedOrigins: ['https://app.example', 'https://*.app.example'],
  AllowedMethods: ['POST', 'PUT', 'GET', 'HEAD'],
  AllowedHeaders: ['content-type', 'if-none-match', 'range'],
  ExposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Length'],
  MaxAgeSeconds: 3600,
};
const EXPIRE: LifecycleRule = {
  ID: 'lambent-expire-tmp',
  Status: 'Enabled',
  Filter: { Prefix: 'site/tmp/' },
  Expiration: { Days: 1 },
  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
};
const ABORT: LifecycleRule = {
  ID: 'lambent-abort-multipart',
  Status: 'Enabled',
  Filter: { Prefix: 'site/tmp/' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
};
/** Of somebody else, in the form before there were filters, and in the one since. */
const OLD: LifecycleRule = { ID: 'old', Status: 'Disabled', Prefix: '', Expiration: { Date: new Date(0) } };
const NEW: LifecycleRule = {
  Status: 'Enabled',
  Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'a', Value: '' }], ObjectSizeGreaterThan: 0 } },
  Transitions: [{ Days: 0, StorageClass: 'GLACIER' }],
  NoncurrentVersionExpiration: { NoncurrentDays: 9, NewerNoncurrentVersions: 2 },
};

t.test('what uploads need', (t) => {
  t.same(corsRules(NEEDS), [CORS]);
  t.same(lifecycleRules(NEEDS), [EXPIRE, ABORT]);
  for (const [prefix, temporary] of [
    ['', 'tmp/'],
    ['a/b', 'a/b/tmp/'],
  ] as const) {
    const prefixes = lifecycleRules({ ...NEEDS, prefix }).map(({ Filter }) => Filter);
    t.same(prefixes, [{ Prefix: temporary }, { Prefix: temporary }], 'what was confirmed is never touched');
  }
  t.end();
});

t.test('ours are added, or put in the place of those of the same name', (t) => {
  const theirs = Object.freeze([OLD, NEW]);
  t.same(withOurs([], [EXPIRE, ABORT]), [EXPIRE, ABORT]);
  t.same(withOurs(theirs, [EXPIRE, ABORT]), [OLD, NEW, EXPIRE, ABORT]);
  t.equal(withOurs(theirs, [EXPIRE])[0], OLD, 'not even a copy');
  const stale = { ...EXPIRE, Expiration: { Days: 30 }, Status: 'Disabled' } as const;
  t.same(withOurs([OLD, stale, NEW], [EXPIRE, ABORT]), [OLD, EXPIRE, NEW, ABORT]);
  t.same(withOurs(withOurs(theirs, [EXPIRE, ABORT]), [EXPIRE, ABORT]), [OLD, NEW, EXPIRE, ABORT]);
  t.end();
});

t.test('a document has prefixes or filters, as others have them', (t) => {
  const { Filter: _filter, ...rest } = EXPIRE;
  const old = { ...rest, Prefix: 'site/tmp/' };
  t.same(inFormOf([], [EXPIRE]), [EXPIRE]);
  t.same(inFormOf([NEW], [EXPIRE]), [EXPIRE]);
  t.same(inFormOf([OLD], [EXPIRE]), [old]);
  t.same(inFormOf([old], [EXPIRE]), [EXPIRE], 'of ours none is asked');
  t.end();
});

t.test('a rule is there in any order of its lists and in either form, and in nothing else', (t) => {
  const shuffled = { ...CORS, AllowedMethods: ['HEAD', 'GET', 'PUT', 'POST'] };
  t.ok(isThere(CORS, [{ ...CORS, ID: 'other' }, shuffled]));
  for (const other of [
    { ...CORS, ID: 'other' },
    { ...CORS, AllowedMethods: ['POST', 'PUT', 'GET'] },
    { ...CORS, AllowedOrigins: ['*'] },
    { ...CORS, MaxAgeSeconds: undefined },
    { ...CORS, ExposeHeaders: undefined },
  ]) {
    t.notOk(isThere(CORS, [other]));
  }
  const { Filter: _filter, ...rest } = EXPIRE;
  t.ok(isThere(EXPIRE, [{ ...rest, Prefix: 'site/tmp/' }]));
  for (const other of [
    { ...rest, Prefix: 'site/' },
    { ...rest, Prefix: '' },
    { ...rest, Filter: {} },
    { ...EXPIRE, Status: 'Disabled' as const },
    { ...EXPIRE, Filter: { And: { Prefix: 'site/tmp/', ObjectSizeGreaterThan: 9 } } },
  ]) {
    t.notOk(isThere(EXPIRE, [other]));
  }
  t.end();
});

t.test('a document is understood when each of its values is', (t) => {
  const xml = (rules: string) => `<?xml version="1.0"?>\n<L xmlns="http://x/">\n ${rules}</L>`;
  const rule =
    '<Rule><ID>a</ID><Filter/><Status>Enabled</Status>\n<Expiration><Date>1970-01-01</Date></Expiration></Rule>';
  const parsed: LifecycleRule = { ID: 'a', Status: 'Enabled', Filter: {}, Expiration: { Date: new Date(0) } };
  t.ok(isAllOf(xml(rule), [parsed]));
  t.ok(isAllOf(xml(rule + rule), [parsed, parsed]));
  t.ok(isAllOf('<L/>', []));
  t.ok(isAllOf(xml('<C><ID></ID><O>a</O><O>b</O></C>'), [{ ID: '', AllowedOrigins: ['a', 'b'] } as CORSRule]));
  for (const more of ['<New>1</New>', '<New/>', '<New><A x="1">1</A></New>', '<New></New>'])
    t.notOk(isAllOf(xml(rule.replace('<Filter/>', `<Filter/>${more}`)), [parsed]), more);
  t.notOk(isAllOf('<html><body>Sign in</body></html>', []));
  t.end();
});
