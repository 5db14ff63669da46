import type { IncomingMessage, ServerResponse } from 'node:http';
import t from 'tap';
import { jpeg } from '../support/pictures.ts';
import { checkRows, type Row } from '../support/rfc.ts';
import { startOverS3 } from '../support/service.ts';

const DEFAULT = 'public, max-age=3600, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800';
const SHORT = 'public, max-age=10, s-maxage=60';
const FUTURE = 'Thu, 01 Jan 2099 00:00:00 GMT';
const MISSING = 'public, max-age=10, s-maxage=30';
const YEAR = 'public, max-age=31536000, immutable';

/** What an object says of its own lifetime. */
const OBJECTS: Readonly<Record<string, string | undefined>> = {
  default: undefined,
  private: 'private, max-age=60',
  'no-store': 'no-store',
  immutable: YEAR,
  'no-cache': 'no-cache',
  stale: 'max-age=5, stale-while-revalidate=10, stale-if-error=20',
  unknown: 'max-age=5, x-unknown="a, b"',
};

/** RFC 9111, 5.2: what the object says reaches every cache as it was said; 8246 and 5861 are no exceptions. */
const LIFETIMES: readonly Row[] = Object.entries(OBJECTS).flatMap(([key, own = DEFAULT]) => {
  const row = (what: string, target: string, status: number, headers: Record<string, string> = {}): Row => ({
    clause: own.includes('immutable') ? 'RFC 8246, 2' : 'RFC 9111, 5.2',
    what: `${key}: ${what}`,
    target,
    headers,
    status,
    expected: { 'cache-control': own, expires: undefined },
  });
  const notModified = { 'if-none-match': '*' };
  return [
    row('an original', `/${key}`, 200),
    row('a part', `/${key}`, 206, { range: 'bytes=0-0' }),
    row('an original not modified', `/${key}`, 304, notModified),
    row('a variant', `/${key}?w=40`, 200),
    row('a variant again', `/${key}?w=40`, 200),
    row('a variant not modified', `/${key}?w=40`, 304, notModified),
  ];
});

/** An error is kept by its cause; never by the lifetime of the object, which is a year here. */
const ERRORS: readonly Row[] = (
  [
    ['a bad option', '/year?w=x', 400, SHORT],
    ['a bad path', '/a//b?w=40', 400, SHORT],
    ['a missing object', '/nope', 404, MISSING],
    ['a variant of one', '/nope?w=40', 404, MISSING],
    ['no picture', '/text?w=40', 415, SHORT],
    ['too many bytes', '/large?w=40', 413, SHORT],
    ['damaged', '/cut?w=40', 422, SHORT],
    ['another method', '/year', 405, 'no-store', 'PUT'],
    ['no route', '/-/x', 404, 'no-store'],
  ] as const
).map(([what, target, status, lifetime, method = 'GET']) => ({
  clause: 'RFC 9111, 4.2.2',
  what,
  target,
  method,
  status,
  expected: { 'cache-control': lifetime, expires: undefined, etag: undefined, 'last-modified': undefined },
}));

const CHOSEN: readonly Row[] = (
  [
    ['a variant', '/year?w=40&f=auto', 200],
    ['a variant for nobody in particular', '/year?w=40&f=auto', 200, { headers: {} }],
    ['a variant not modified', '/year?w=40&f=auto', 304, { headers: { 'if-none-match': '*' } }],
    ['a HEAD', '/year?w=40&f=auto', 200, { method: 'HEAD' }],
    ['a missing object', '/nope?f=auto', 404],
    ['no picture', '/text?f=auto', 415],
    ['damaged', '/cut?f=auto', 422],
    ['too many bytes', '/large?f=auto', 413],
    ['an explicit format depends on nothing', '/year?w=40&f=webp', 200, { expected: { vary: undefined } }],
    ['nor does an original', '/year', 200, { expected: { vary: undefined } }],
  ] as readonly (readonly [string, string, number, Partial<Row>?])[]
).map(([what, target, status, more = {}]) => ({
  clause: 'RFC 9110, 12.5.5',
  what,
  target,
  status,
  headers: { accept: 'image/webp' },
  expected: { vary: 'Accept' },
  ...more,
}));

const download = (what: string, name: string, disposition: string): Row => ({
  clause: 'RFC 6266, 4 and RFC 8187, 3.2',
  what,
  target: `/year?w=40&dl=${name}`,
  status: 200,
  expected: { 'content-disposition': disposition },
});

const DOWNLOADS: readonly Row[] = [
  download('a plain name', 'a.jpg', `attachment; filename="a.jpg"; filename*=UTF-8''a.jpg`),
  download('a space', 'a+b.jpg', `attachment; filename="a b.jpg"; filename*=UTF-8''a%20b.jpg`),
  download('a quote', 'a%22b.jpg', `attachment; filename="a_b.jpg"; filename*=UTF-8''a%22b.jpg`),
  download('a percent sign', '5%25.jpg', `attachment; filename="5_.jpg"; filename*=UTF-8''5%25.jpg`),
  download('a semicolon', 'a%3Bb', `attachment; filename="a;b"; filename*=UTF-8''a%3Bb`),
  download('Latin letters', '%C3%A4.jpg', `attachment; filename="_.jpg"; filename*=UTF-8''%C3%A4.jpg`),
  download('others', '%E5%86%99.jpg', `attachment; filename="_.jpg"; filename*=UTF-8''%E5%86%99.jpg`),
  download('marks that 8187 has no room for', "'()*", `attachment; filename="'()*"; filename*=UTF-8''%27%28%29%2A`),
  { ...download('in place of the object’s own', 'b.txt', ''), target: '/named?dl=b.txt', expected: named('b.txt') },
  {
    ...download('an error has none', 'b.txt', ''),
    target: '/nope?dl=b.txt',
    status: 404,
    expected: { 'content-disposition': undefined },
  },
];

function named(name: string): NonNullable<Row['expected']> {
  return { 'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}` };
}

t.test('lifetimes and what answers depend on', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { MAX_SOURCE_BYTES: '100KiB' } });
  const photo = await jpeg(80, 60);
  for (const [key, cacheControl] of Object.entries(OBJECTS)) {
    await s3.put(key, photo, cacheControl === undefined ? {} : { cacheControl });
  }
  const year = { cacheControl: YEAR };
  await s3.put('year', photo, year);
  await s3.put('cut', photo.subarray(0, photo.length / 2), year);
  await s3.put('large', Buffer.concat([photo, Buffer.alloc(200_000)]), year);
  await s3.put('text', 'text', year);
  await s3.put('named', 'text', { contentDisposition: 'inline; filename="a.txt"' });
  await t.test('lifetimes', (t) => checkRows(t, service, LIFETIMES));
  await t.test('lifetimes of errors', (t) => checkRows(t, service, ERRORS));
  await t.test('f=auto depends on Accept', (t) => checkRows(t, service, CHOSEN));
  await t.test('names of downloads', (t) => checkRows(t, service, DOWNLOADS));
});

t.test('RFC 9110, 15.6.4 and 10.2.3: trouble of the source is kept by nobody', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { DEADLINE_MS: '1000' } });
  const says = (status: number) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status).end();
    return true;
  };
  const cases: readonly [typeof s3.fault, number, string | undefined][] = [
    [says(500), 502, undefined],
    [says(503), 503, '5'],
    [() => true, 504, undefined],
  ];
  for (const [fault, status, retryAfter] of cases) {
    s3.fault = fault;
    const expected = { 'cache-control': 'no-store', 'retry-after': retryAfter, vary: 'Accept' };
    const row = { clause: 'RFC 9110, 15.6', target: '/a.jpg?w=40&f=auto', status, expected };
    await checkRows(t, service, [
      { ...row, what: `${status}` },
      { ...row, what: `${status} to a HEAD`, method: 'HEAD' },
      { ...row, what: `${status} to a condition`, headers: { 'if-none-match': '*' } },
      { ...row, what: `${status} of an original`, target: '/a.bin', expected: { ...expected, vary: undefined } },
    ]);
  }
});

t.test('RFC 9110, 8.8.2.1: nothing was modified later than now', async (t) => {
  const { s3, service } = await startOverS3(t);
  const body = await jpeg(80, 60);
  s3.fault = (_request, response) => {
    response.writeHead(200, { 'content-length': body.length, etag: '"x"', 'last-modified': FUTURE }).end(body);
    return true;
  };
  const row = {
    clause: 'RFC 9110, 8.8.2.1',
    status: 200,
    expected: { 'last-modified': /^(?!.* 2099 )/ },
  };
  await checkRows(t, service, [
    { ...row, what: 'an original', target: '/a.jpg' },
    { ...row, what: 'a variant', target: '/a.jpg?w=40' },
  ]);
});
