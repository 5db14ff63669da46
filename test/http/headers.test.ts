import t from 'tap';
import {
  COMMON_HEADERS,
  EXPOSED_HEADERS,
  originalHeaders,
  originalValidators,
  serverTiming,
  variantHeaders,
  variantValidators,
} from '../../src/http/headers.ts';
import type { ObjectHead } from '../../src/sources/source.ts';

const DEFAULT = 'public, max-age=3600';

function headOf(head: Partial<ObjectHead> = {}): ObjectHead {
  return { etag: '"abc"', lastModified: new Date('2024-05-06T07:08:09.123Z'), ...head };
}

t.test('every answer keeps browsers from guessing, and may be used in any page', (t) => {
  t.strictSame(COMMON_HEADERS, {
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
  });
  t.strictSame(EXPOSED_HEADERS, ['Accept-Ranges', 'Content-Range', 'Content-Length', 'ETag']);
  t.end();
});

t.test('an original says what is stored beside it, and nothing else', (t) => {
  const stored = {
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: 'gzip',
    contentDisposition: 'attachment; filename="a b.txt"',
    contentLanguage: 'de, en',
  };
  const secret = { metadata: { owner: 'somebody' }, 'x-amz-meta-owner': 'somebody', versionId: 'v1' };
  t.strictSame(originalHeaders({ ...headOf(stored), ...secret }), {
    'content-type': 'text/plain; charset=utf-8',
    'content-encoding': 'gzip',
    'content-disposition': 'attachment; filename="a b.txt"',
    'content-language': 'de, en',
  });
  t.strictSame(originalHeaders(headOf()), { 'content-type': 'application/octet-stream' });
  t.end();
});

const UNFIT: Readonly<Record<string, string>> = {
  'text beyond ASCII': 'grün',
  'a line break': 'a\r\nset-cookie: x=1',
  'a bare line feed': 'a\nb',
  'a control character': 'a\u0000b',
  'a tab': 'a\tb',
  DEL: 'a\u007fb',
  '8 KB': 'x'.repeat(8192),
  nothing: '',
};

for (const [what, value] of Object.entries(UNFIT)) {
  t.test(`no stored value is passed on that has ${what}`, (t) => {
    const head = headOf({
      contentType: value,
      contentEncoding: value,
      contentDisposition: value,
      contentLanguage: value,
      cacheControl: value,
      expires: value,
    });
    t.strictSame(originalHeaders(head), { 'content-type': 'application/octet-stream' });
    // It may have said private: then nobody keeps the answer.
    const lifetime = value === '' ? DEFAULT : 'no-store';
    t.match(originalValidators(head, DEFAULT), { 'cache-control': lifetime });
    t.notOk('expires' in originalValidators(head, DEFAULT));
    t.match(variantValidators({ etag: 'W/"v"' }, head, DEFAULT), { 'cache-control': lifetime });
    t.end();
  });
}

t.test('the object’s own lifetime is that of its variants, too', (t) => {
  const of = (head: ObjectHead) => [
    originalValidators(head, DEFAULT),
    variantValidators({ etag: 'W/"v"' }, head, DEFAULT),
  ];
  const until = 'Wed, 21 Oct 2026 07:28:00 GMT';
  for (const headers of of(headOf({ expires: until }))) {
    t.match(headers, { expires: until });
    t.notOk('cache-control' in headers, 'which would overrule it');
  }
  for (const headers of of(headOf({ expires: until, cacheControl: 'max-age=5' })))
    t.match(headers, { expires: until, 'cache-control': 'max-age=5' });
  for (const headers of of(headOf({}))) t.match(headers, { expires: undefined, 'cache-control': DEFAULT });
  t.end();
});

t.test('of what nobody is sure of, a minute or the object’s own that is shorter', (t) => {
  const stale = { why: 'unreachable', ms: 5 } as const;
  const lifetime = (cacheControl?: string) =>
    variantValidators({ etag: 'W/"v"' }, headOf({ cacheControl }), DEFAULT, stale)['cache-control'];
  for (const long of [undefined, 'max-age=3600', 'max-age=5, s-maxage=600', 'immutable', 'public'])
    t.equal(lifetime(long), 'public, max-age=10, s-maxage=60', String(long));
  for (const short of ['max-age=60', 'max-age=3600, s-maxage=5', 'no-cache', 'max-age="7"'])
    t.equal(lifetime(short), short);
  t.end();
});

t.test('an original that is private stays private when its Cache-Control cannot be repeated', (t) => {
  const cacheControl = `private, note="${'x'.repeat(8192)}"`;
  const validators = [
    originalValidators(headOf({ cacheControl }), DEFAULT),
    variantValidators({ etag: 'W/"v"' }, headOf({ cacheControl }), DEFAULT),
  ];
  for (const headers of validators) t.match(String(headers['cache-control']), /private|no-store/);
  t.end();
});

const MARKUP = [
  'text/html',
  'TEXT/HTML; charset=utf-8',
  'application/xhtml+xml',
  'application/vnd.wap.xhtml+xml',
  'text/xml',
  'application/xml; charset=utf-8',
  'application/rss+xml',
  'application/mathml+xml',
  'image/svg+xml',
  'image/svg+xml; charset=utf-8',
  'image/png, text/html',
];
const NO_MARKUP = [
  'application/pdf',
  'image/jpeg',
  'video/mp4',
  'text/plain',
  'application/json',
  'application/octet-stream',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
];

t.test('markup gets a sandbox: no scripts, no origin', (t) => {
  for (const contentType of MARKUP) {
    const policy = String(originalHeaders(headOf({ contentType }))['content-security-policy']);
    const directives = policy.split(/\s*;\s*/);
    t.ok(directives.includes('sandbox'), `${contentType}: without any allow-…`);
    t.ok(directives.includes("default-src 'none'"), contentType);
    t.notMatch(policy, /script-src|unsafe-eval|allow-/);
  }
  t.end();
});

t.test('a style sheet in XSL is markup, too', (t) => {
  const policy = originalHeaders(headOf({ contentType: 'text/xsl' }))['content-security-policy'];
  t.match(String(policy), /sandbox/);
  t.end();
});

t.test('what is no markup gets no policy: a sandbox breaks the PDF viewers of browsers', (t) => {
  for (const contentType of [...NO_MARKUP, undefined]) {
    t.equal(originalHeaders(headOf({ contentType }))['content-security-policy'], undefined, String(contentType));
  }
  t.end();
});

t.test('an original’s lifetime is its own: by Cache-Control, by Expires, or by default', (t) => {
  const expires = 'Thu, 01 Jan 2099 00:00:00 GMT';
  const own = 'private, max-age=5';
  const lifetimes: readonly [Partial<ObjectHead>, Record<string, string>][] = [
    [{}, { 'cache-control': DEFAULT }],
    [{ cacheControl: own }, { 'cache-control': own }],
    [{ expires }, { expires }],
    [
      { cacheControl: own, expires },
      { 'cache-control': own, expires },
    ],
    [
      { cacheControl: 'grün', expires },
      { 'cache-control': 'no-store', expires },
    ],
    [{ cacheControl: own, expires: 'grün' }, { 'cache-control': own }],
  ];
  for (const [head, lifetime] of lifetimes) {
    t.strictSame(originalValidators(headOf(head), DEFAULT), {
      etag: '"abc"',
      'last-modified': 'Mon, 06 May 2024 07:08:09 GMT',
      'accept-ranges': 'bytes',
      ...lifetime,
    });
  }
  t.end();
});

t.test('a variant has a tag of its own, the original’s date, and its lifetime', (t) => {
  const variant = { etag: 'W/"v"' };
  const common = { etag: 'W/"v"', 'last-modified': 'Mon, 06 May 2024 07:08:09 GMT' };
  t.strictSame(variantValidators(variant, headOf(), DEFAULT), { ...common, 'cache-control': DEFAULT });
  t.strictSame(variantValidators(variant, headOf({ cacheControl: 'max-age=5' }), DEFAULT), {
    ...common,
    'cache-control': 'max-age=5',
  });
  t.end();
});

t.test('a variant says its type and its length in bytes, and may load nothing', (t) => {
  const types = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', avif: 'image/avif', gif: 'image/gif' };
  for (const [format, type] of Object.entries(types) as [keyof typeof types, string][]) {
    const entry = { body: Buffer.from('€uro'), format, etag: 'W/"v"', storedAt: 0, tags: ['ab'] };
    const { 'content-security-policy': policy, ...headers } = variantHeaders(entry);
    t.strictSame(headers, { 'content-type': type, 'content-length': 6 });
    t.match(String(policy), /^default-src 'none';/);
    t.notMatch(String(policy), /script|sandbox/);
  }
  t.end();
});

t.test('Server-Timing says what the cache did and what each step took', (t) => {
  t.equal(serverTiming('hit', undefined), 'cache;desc=hit');
  const timings = { source: 12.345, queue: 0, transform: 30 };
  t.equal(serverTiming('miss', timings), 'cache;desc=miss, source;dur=12.3, queue;dur=0.0, transform;dur=30.0');
  t.end();
});
