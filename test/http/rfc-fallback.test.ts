import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkRows, type Row } from '../support/rfc.ts';
import { startOverS3 } from '../support/service.ts';

const SHORT = 'public, max-age=10, s-maxage=60';
const MISSING = 'public, max-age=10, s-maxage=30';
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
