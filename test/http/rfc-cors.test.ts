import t from 'tap';
import { jpeg } from '../support/pictures.ts';
import { checkRows, type Row } from '../support/rfc.ts';
import { startOverS3 } from '../support/service.ts';

const PAGE = { origin: 'https://a.example' };
const PREFLIGHT = { ...PAGE, 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' };
const ALLOWED = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'Range',
  'access-control-max-age': '86400',
};

const OPTIONS: readonly Row[] = [
  ...['/a.jpg?w=40', '/digits', '/nope', '/a.jpg?w=x', '/-/x', '*'].map((target) => ({
    clause: 'Fetch, 3.3.2',
    what: `a preflight for ${target}`,
    target,
    method: 'OPTIONS',
    headers: PREFLIGHT,
    status: 204,
    expected: ALLOWED,
  })),
  {
    clause: 'RFC 9110, 9.3.7',
    what: 'OPTIONS that is no preflight',
    target: '/a.jpg?w=40',
    method: 'OPTIONS',
    status: 204,
    expected: { etag: undefined, 'cache-status': undefined },
  },
  {
    clause: 'RFC 9110, 9.3.7',
    what: 'OPTIONS says what is allowed',
    target: '/a.jpg?w=40',
    method: 'OPTIONS',
    status: 204,
    expected: { allow: 'GET, HEAD, OPTIONS' },
    todo: 'the CORS plugin answers without Allow',
  },
  {
    clause: 'RFC 9110, 8.6',
    what: 'a 204 has no Content-Length',
    target: '/a.jpg?w=40',
    method: 'OPTIONS',
    headers: PREFLIGHT,
    status: 204,
    expected: { 'content-length': undefined },
    todo: 'the CORS plugin says 0, for old Safaris',
  },
];

t.test('OPTIONS', async (t) => {
  const { service } = await startOverS3(t);
  await checkRows(t, service, OPTIONS);
});

t.test('RFC 9110, 12.5.5: with a list of origins each answer depends on Origin', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { CORS_ORIGINS: 'https://a.example,https://b.example' } });
  await s3.put('a.jpg', await jpeg(80, 60));
  await s3.put('digits', '0123456789');
  const cases: readonly (readonly [what: string, target: string, status: number, more?: Partial<Row>])[] = [
    ['a variant', '/a.jpg?w=40', 200],
    ['an original', '/digits', 200],
    ['a part', '/digits', 206, { headers: { range: 'bytes=0-1' } }],
    ['no part', '/digits', 416, { headers: { range: 'bytes=10-' } }],
    ['not modified', '/digits', 304, { headers: { 'if-none-match': '*' } }],
    ['not modified, a variant', '/a.jpg?w=40', 304, { headers: { 'if-none-match': '*' } }],
    ['a missing original', '/nope', 404],
    ['a bad option', '/a.jpg?w=x', 400],
    ['another method', '/digits', 405, { method: 'PUT' }],
    ['a HEAD', '/digits', 200, { method: 'HEAD' }],
    ['a preflight', '/digits', 204, { method: 'OPTIONS', headers: PREFLIGHT }],
    ['no route', '/-/x', 404],
  ];
  const origins = { 'https://b.example': 'https://b.example', 'https://evil.example': undefined, null: undefined };
  const rows = Object.entries(origins).flatMap(([origin, allowed]) =>
    cases.map(([what, target, status, { headers, ...more } = {}]) => ({
      clause: 'Fetch, 3.3.5',
      what: `${what} for ${origin}`,
      target,
      status,
      ...more,
      headers: { ...headers, origin },
      expected: { vary: /^Origin$/i, 'access-control-allow-origin': allowed },
    })),
  );
  await checkRows(t, service, rows);
  const auto = { clause: 'RFC 9110, 12.5.5', target: '/a.jpg?w=40&f=auto', expected: { vary: /^Origin, Accept$/i } };
  await checkRows(t, service, [
    { ...auto, what: 'and on Accept', status: 200 },
    { ...auto, what: 'without an Origin', status: 304, headers: { 'if-none-match': '*' } },
    { ...auto, what: 'without an object', target: '/nope?f=auto', headers: PAGE, status: 404 },
    {
      clause: 'Fetch, 3.3.5',
      what: 'what the router cannot read may be read by who is on the list',
      target: '/-/%zz',
      headers: PAGE,
      status: 400,
      expected: { vary: /^Origin$/i, 'access-control-allow-origin': 'https://a.example' },
      todo: 'answered before the CORS plugin has run',
    },
  ]);
});
