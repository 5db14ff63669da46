import { fileURLToPath } from 'node:url';
import t from 'tap';
import { jpeg } from '../support/pictures.ts';
import { checkRows, type Row } from '../support/rfc.ts';
import { type Service, startOverS3 } from '../support/service.ts';

const SHORT = 'public, max-age=10, s-maxage=60';
const MISSING = 'public, max-age=10, s-maxage=30';

/** RFC 9211, 2 by RFC 8941, 3.3 and 4.1: one member, a token, with parameters. */
const SYNTAX = /^lambent(; (hit|collapsed|stored|fwd=[a-z-]+|ttl=-?\d{1,15}|fwd-status=\d{3}|detail=[a-z][a-z-]*))+$/;
/** RFC 9211, 2.2: why a cache went forward. */
const FWD = /fwd=(bypass|method|uri-miss|vary-miss|miss|request|stale|partial)(;|$)/;

/** What breaks the rules of the header, whatever it says. */
function problemsOf(value: string): string[] {
  const isHit = value.includes('; hit');
  const isForwarded = value.includes('; fwd=');
  const rules: readonly [boolean, string][] = [
    [SYNTAX.test(value), 'not a structured field'],
    [isHit !== isForwarded, 'either a hit (2.1) or forwarded (2.2)'],
    [!isForwarded || FWD.test(value), 'an unknown reason (2.2)'],
    [isForwarded || !/; (collapsed|stored|fwd-status)/.test(value), 'of what was not forwarded (2.3, 2.5, 2.6)'],
  ];
  return rules.flatMap(([isTrue, problem]) => (isTrue ? [] : [`${problem}: ${value}`]));
}

async function statusOf(service: Service, target: string, headers: Record<string, string> = {}): Promise<string> {
  return String((await service.get(target, headers)).headers['cache-status']);
}

t.test('RFC 9211: Cache-Status', async (t) => {
  const { s3, service } = await startOverS3(t);
  const photo = await jpeg(80, 60);
  await s3.put('a.jpg', photo);
  await s3.put('private.jpg', photo, { cacheControl: 'private' });
  const cases: readonly [what: string, target: string, expected: string, headers?: Record<string, string>][] = [
    ['made now', '/a.jpg?w=40', 'lambent; fwd=miss'],
    ['kept', '/a.jpg?w=40', 'lambent; hit'],
    ['not modified', '/a.jpg?w=40', 'lambent; hit', { 'if-none-match': '*' }],
    ['an original', '/a.jpg', 'lambent; fwd=bypass'],
    ['what is private is not kept', '/private.jpg?w=40', 'lambent; fwd=miss'],
    ['and made again', '/private.jpg?w=40', 'lambent; fwd=miss'],
  ];
  for (const [what, target, expected, headers] of cases) {
    const value = await statusOf(service, target, headers);
    t.same([value, ...problemsOf(value)], [expected], what);
  }
  const crowd = await Promise.all(Array.from({ length: 5 }, () => statusOf(service, '/a.jpg?w=30')));
  const [first, ...others] = crowd.sort();
  t.same(first, 'lambent; fwd=miss');
  t.same([...new Set(others)], ['lambent; fwd=miss; collapsed']);
  t.same(crowd.flatMap(problemsOf), []);
  const none: readonly [string, string][] = [
    ['/nope', 'an error comes from no cache'],
    ['/a.jpg?w=x', 'nor a refusal'],
  ];
  for (const [target, what] of none) t.equal(await statusOf(service, target), 'undefined', what);
});

t.test('RFC 5861, 3: what is stale is used while it is asked about', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(80, 60), { cacheControl: 'max-age=5' });
  await service.get('/a.jpg?w=40');
  // Fresh for 60 s; less than a second later it is a second late.
  service.advance(60_100);
  const { headers } = await service.get('/a.jpg?w=40');
  const value = String(headers['cache-status']);
  t.same([value, ...problemsOf(value)], ['lambent; hit; ttl=-1; detail=stale-while-revalidate']);
  t.equal(headers['cache-control'], 'max-age=5', 'its lifetime is its own: it is what the object was a minute ago');
  while ((await statusOf(service, '/a.jpg?w=40')) !== 'lambent; hit');
  t.equal(s3.requests.length, 2, 'asked once');
});

/** While the source is down: RFC 5861, 4, and what forbids it (RFC 9111, 4.2.4). */
const DOWN: readonly (Row & { readonly own?: string })[] = [
  {
    clause: 'RFC 5861, 4',
    what: 'what is stale is used while nobody can be asked',
    target: '/plain?w=40',
    status: 200,
    expected: { 'cache-status': /^lambent; hit; ttl=-6[0-9]; detail=stale-if-error$/, 'cache-control': SHORT },
  },
  {
    clause: 'RFC 5861, 4',
    what: 'to say that it has not changed',
    target: '/plain?w=40',
    headers: { 'if-none-match': '*' },
    status: 304,
    expected: { 'cache-status': /^lambent; hit; ttl=-6[0-9]; detail=stale-if-error$/, 'cache-control': SHORT },
  },
  {
    clause: 'RFC 5861, 4',
    what: 'for another width, too',
    target: '/plain?w=30',
    status: 200,
    expected: { 'cache-status': /^lambent; fwd=miss; ttl=-6[0-9]; detail=stale-if-error$/, 'cache-control': SHORT },
  },
  { clause: 'RFC 9111, 5.2.2.7', what: 'not what is private', own: 'private', target: '/1?w=40', status: 503 },
  { clause: 'RFC 9111, 5.2.2.5', what: 'not what is not stored', own: 'no-store', target: '/2?w=40', status: 503 },
  ...['must-revalidate', 'no-cache', 'proxy-revalidate', 's-maxage=5'].map((own, index) => ({
    clause: 'RFC 9111, 4.2.4',
    what: `not what says ${own}`,
    own,
    target: `/${index + 3}?w=40`,
    status: 503,
    todo: 'only private and no-store are obeyed',
  })),
  {
    clause: 'DESIGN, Answers',
    what: 'a lifetime that is shorter stays',
    own: 'max-age=2',
    target: '/7?w=40',
    status: 200,
    expected: { 'cache-control': 'max-age=2' },
    todo: 'replaced by a longer one',
  },
];

t.test('while the source is down', async (t) => {
  const { s3, service } = await startOverS3(t);
  const photo = await jpeg(80, 60);
  await s3.put('plain', photo);
  for (const { target, own } of DOWN) {
    if (own !== undefined) await s3.put(target.slice(1, 2), photo, { cacheControl: own });
    await service.get(target.replace('w=30', 'w=40'));
  }
  service.advance(120_100);
  s3.fault = (_request, response) => Boolean(response.writeHead(503).end());
  await checkRows(t, service, DOWN);
});

const FALLBACK_IMAGE = fileURLToPath(new URL('../../samples/logo.png', import.meta.url));

/** Of a picture in place of an error: the lifetime is the error's, and nothing says it is the object. */
const NO_OBJECT = {
  etag: undefined,
  'last-modified': undefined,
  'cache-status': undefined,
  'accept-ranges': undefined,
};
const missing = { clause: 'DESIGN, Answers', target: '/nope?w=40', status: 404 };
const PNG_INSTEAD = { ...NO_OBJECT, 'content-type': 'image/png', 'cache-control': MISSING };

const FALLBACK: readonly Row[] = [
  { ...missing, what: 'a missing object', expected: PNG_INSTEAD },
  { ...missing, what: 'asked for by HEAD', method: 'HEAD', expected: PNG_INSTEAD },
  { ...missing, what: 'as an original', target: '/nope', expected: PNG_INSTEAD },
  { ...missing, what: 'has no ranges', target: '/nope', headers: { range: 'bytes=0-1' }, expected: PNG_INSTEAD },
  { ...missing, what: 'nor conditions', headers: { 'if-none-match': '*' }, expected: PNG_INSTEAD },
  {
    ...missing,
    what: 'in a format',
    target: '/nope?f=webp',
    expected: { ...PNG_INSTEAD, 'content-type': 'image/webp' },
  },
  {
    ...missing,
    clause: 'RFC 9110, 12.5.5',
    what: 'by Accept',
    target: '/nope?w=40&f=auto',
    headers: { accept: 'image/webp' },
    expected: { ...PNG_INSTEAD, 'content-type': 'image/webp', vary: 'Accept' },
  },
  {
    ...missing,
    what: 'what is no picture, by its own lifetime no more',
    target: '/text?w=40',
    status: 415,
    expected: { ...PNG_INSTEAD, 'cache-control': SHORT },
  },
  { ...missing, what: 'not as a download', target: '/nope?dl=a.jpg', expected: { 'content-disposition': undefined } },
  {
    ...missing,
    what: 'who asks for something wrong is told',
    target: '/nope?w=x',
    status: 400,
    expected: { 'content-type': 'application/json; charset=utf-8' },
  },
];

t.test('with FALLBACK_IMAGE', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { FALLBACK_IMAGE } });
  await s3.put('text', 'text', { cacheControl: 'public, max-age=31536000, immutable' });
  await checkRows(t, service, FALLBACK);
  s3.fault = (_request, response) => Boolean(response.writeHead(503).end());
  const trouble = { ...PNG_INSTEAD, 'cache-control': 'no-store', 'retry-after': '5' };
  await checkRows(t, service, [
    { ...missing, what: 'trouble is kept by nobody', target: '/a.jpg?w=40', status: 503, expected: trouble },
    { ...missing, what: 'nor of an original', target: '/a.jpg', status: 503, expected: trouble },
  ]);
});

t.test('with FALLBACK_STATUS', async (t) => {
  const { service } = await startOverS3(t, { env: { FALLBACK_IMAGE, FALLBACK_STATUS: '200' } });
  await checkRows(t, service, [
    { ...missing, what: 'a missing object', status: 200, expected: PNG_INSTEAD },
    { ...missing, what: 'is no better for that by HEAD', method: 'HEAD', status: 200, expected: PNG_INSTEAD },
  ]);
});
