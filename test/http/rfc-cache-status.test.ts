import t from 'tap';
import { transform } from '../../src/transform/transform.ts';
import { jpeg } from '../support/pictures.ts';
import { checkRows, type Row } from '../support/rfc.ts';
import { type Service, startOverS3 } from '../support/service.ts';

const SHORT = 'public, max-age=10, s-maxage=60';

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

/** Resolves when so many more requests have come as far as they come by themselves. */
function arrival(service: Service, count: number): Promise<void> {
  return new Promise((resolve) => {
    let arrived = 0;
    service.app.publicApp.server.on('request', () => ++arrived === count && setImmediate(resolve));
  });
}

t.test('RFC 9211: Cache-Status', async (t) => {
  let mayBegin = Promise.resolve();
  const held: typeof transform = (original, plan) => mayBegin.then(() => transform(original, plan));
  const { s3, service } = await startOverS3(t, { parts: { transform: held } });
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
  mayBegin = arrival(service, 5);
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
  ...['must-revalidate', 'no-cache', 'proxy-revalidate', 'no-cache, max-age=5'].map((own, index) => ({
    clause: 'RFC 9111, 4.2.4',
    what: `not what says ${own}`,
    own,
    target: `/${index + 3}?w=40`,
    status: 503,
  })),
  {
    clause: 'DESIGN, Answers',
    what: 'a lifetime that is shorter stays',
    own: 'max-age=2',
    target: '/7?w=40',
    status: 200,
    expected: { 'cache-control': 'max-age=2' },
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

t.test('RFC 5861, 4: while the source does not answer', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { DEADLINE_MS: '500' } });
  await s3.put('plain', await jpeg(80, 60));
  await service.get('/plain?w=40');
  service.advance(120_100);
  s3.fault = () => true;
  const row: Row = {
    clause: 'RFC 5861, 4',
    what: 'what is stale is used in place of a 504',
    target: '/plain?w=40',
    status: 200,
  };
  await checkRows(t, service, [row, { ...row, what: 'and of the next' }]);
});

t.test('RFC 9111, 4.3.4: what was confirmed is sent with the headers of now', async (t) => {
  const { s3, service } = await startOverS3(t);
  const photo = await jpeg(80, 60);
  await s3.put('a.jpg', photo, { cacheControl: 'max-age=5' });
  await service.get('/a.jpg?w=40');
  await s3.put('a.jpg', photo, { cacheControl: 'private' });
  service.advance(120_100);
  // Dates have whole seconds: a test that does not wait says itself that this was later.
  s3.fault = ({ headers }, response) => {
    if (headers['if-none-match'] === undefined) return false;
    response.writeHead(304, { 'last-modified': new Date().toUTCString().replace(/ \d{4} /, ' 2020 ') }).end();
    return true;
  };
  await checkRows(t, service, [
    {
      clause: 'RFC 9111, 4.3.4',
      what: 'an object that has become private, its bytes the same',
      target: '/a.jpg?w=40',
      status: 200,
      expected: { 'cache-control': 'private' },
    },
  ]);
});
