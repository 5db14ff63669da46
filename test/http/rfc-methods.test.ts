import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { jpeg } from '../support/pictures.ts';
import { checkRows, type Row, report } from '../support/rfc.ts';
import { type Service, startOverS3 } from '../support/service.ts';

const REFUSED: readonly Row[] = ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'].flatMap((method) =>
  ['/a.jpg?w=40&f=auto', '/digits', '/nope', '/-/x'].map((target) => ({
    clause: 'RFC 9110, 15.5.6',
    what: `${method} ${target}`,
    target,
    method,
    status: 405,
    expected: { allow: 'GET, HEAD, OPTIONS', 'cache-control': 'no-store', 'access-control-allow-origin': '*' },
  })),
);

/** Targets and conditions whose answers to GET and HEAD differ in nothing but the body. */
const SAME: readonly (readonly [what: string, target: string, status: number, headers?: Record<string, string>])[] = [
  ['a variant', '/a.jpg?w=40', 200],
  ['a variant by Accept', '/a.jpg?w=40&f=auto', 200, { accept: 'image/webp' }],
  ['a variant as a download', '/a.jpg?w=40&dl=a.jpg', 200],
  ['an original', '/digits', 200],
  ['an original as a download', '/digits?dl=d.txt', 200],
  ['an original without a byte', '/empty', 200],
  ['a variant that was not modified', '/a.jpg?w=40', 304, { 'if-none-match': '*' }],
  ['an original that was not modified', '/digits', 304, { 'if-none-match': '*' }],
  ['a missing original', '/nope', 404],
  ['a variant of a missing original', '/nope?w=40', 404],
  ['a bad option', '/a.jpg?w=x', 400],
  ['what is no picture', '/digits?w=40', 415],
  ['what is damaged', '/cut.jpg?w=40', 422],
  ['no route', '/-/x', 404],
];

/** What a second request may say otherwise than the first. */
const OF_THE_MOMENT = ['date', 'server-timing'];

function lasting(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_MOMENT.includes(name)));
}

/** A request as it is written, and the head of the answer. */
async function sendRaw(service: Service, request: string): Promise<string> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  return await text(socket);
}

interface RawRow extends Pick<Row, 'clause' | 'what' | 'todo'> {
  readonly request: string;
  readonly expected: readonly RegExp[];
}

const CLOSE = 'connection: close\r\n\r\n';
const IN_FUTURE = 'if-modified-since: Fri, 01 Jan 2100 00:00:00 GMT\r\n';
const IS_400 = /^HTTP\/1\.1 400 /;
const IS_OUR_ERROR = [/\r\naccess-control-allow-origin: \*\r\n/i, /\r\ncache-control: no-store\r\n/i, /"bad_http"/];

const RAW: readonly RawRow[] = [
  { clause: 'RFC 9112, 2.2', what: 'no request', request: 'x\r\n\r\n', expected: [IS_400, ...IS_OUR_ERROR] },
  {
    clause: 'RFC 9110, 6.6.1',
    what: 'the answer to no request is dated, too',
    request: 'x\r\n\r\n',
    expected: [/\r\ndate: [^\r]+ GMT\r\n/i],
  },
  {
    clause: 'RFC 9112, 3.2',
    what: 'no Host',
    request: `GET /digits HTTP/1.1\r\n${CLOSE}`,
    expected: [IS_400],
  },
  {
    clause: 'DESIGN, Answers',
    what: 'no Host is answered as every error',
    request: `GET /digits HTTP/1.1\r\n${CLOSE}`,
    expected: IS_OUR_ERROR,
    todo: 'Node.js answers by itself, in chunks',
  },
  {
    clause: 'RFC 9112, 3.2',
    what: 'two Hosts',
    request: `GET /digits HTTP/1.1\r\nhost: a\r\nhost: b\r\n${CLOSE}`,
    expected: [IS_400],
    todo: 'Node.js takes the first',
  },
  {
    clause: 'DESIGN, Answers',
    what: 'an expectation that is not met is answered as every error',
    request: `GET /digits HTTP/1.1\r\nhost: a\r\nexpect: more\r\n${CLOSE}`,
    expected: [/^HTTP\/1\.1 417 /, /\r\naccess-control-allow-origin: \*\r\n/i, /\r\ncontent-length: /i],
    todo: 'Node.js answers by itself, in chunks',
  },
  {
    clause: 'RFC 9110, 9.1',
    what: 'a method that nobody knows is 501',
    request: `FOO /digits HTTP/1.1\r\nhost: a\r\n${CLOSE}`,
    expected: [/^HTTP\/1\.1 501 /],
    todo: 'the parser takes no other methods than it knows: 400',
  },
  {
    clause: 'RFC 9110, 13.1.3',
    what: 'two dates on two lines are none',
    request: `GET /digits HTTP/1.1\r\nhost: a\r\n${IN_FUTURE}${IN_FUTURE}${CLOSE}`,
    expected: [/^HTTP\/1\.1 200 /],
    todo: 'Node.js takes the first',
  },
  {
    clause: 'RFC 9112, 6.1',
    what: 'two lengths',
    request: `GET /digits HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n${CLOSE}`,
    expected: [IS_400, ...IS_OUR_ERROR],
  },
  {
    clause: 'RFC 9112, 6.1',
    what: 'HTTP/1.0 is answered with a length, not in chunks',
    request: 'GET /digits HTTP/1.0\r\n\r\n',
    expected: [/^HTTP\/1\.1 200 /, /\r\ncontent-length: 10\r\n/i, /\r\n\r\n0123456789$/],
  },
];

t.test('methods', async (t) => {
  const { s3, service } = await startOverS3(t);
  const photo = await jpeg(80, 60);
  await s3.put('a.jpg', photo, { cacheControl: 'max-age=77' });
  await s3.put('cut.jpg', photo.subarray(0, photo.length / 2));
  await s3.put('digits', '0123456789', { contentType: 'text/plain', cacheControl: 'max-age=88' });
  await s3.put('empty', '');
  await t.test('what is neither GET, HEAD nor OPTIONS', (t) => checkRows(t, service, REFUSED));
  await t.test('RFC 9110, 9.3.2: HEAD is GET without the body', async (t) => {
    for (const [what, target, status, headers = {}] of SAME) {
      // What is kept is kept by the first.
      await service.get(target, headers);
      const [get, head] = [await service.get(target, headers), await service.send('HEAD', target, headers)];
      t.same([get.status, head.status], [status, status], what);
      t.same(lasting(head.headers), lasting(get.headers), what);
      t.equal(head.body.length, 0, what);
    }
  });
  await t.test('what is hardly HTTP', async (t) => {
    for (const { request, expected, ...row } of RAW) {
      const answer = await sendRaw(service, request);
      report(
        t,
        row,
        expected.flatMap((part) => (part.test(answer) ? [] : [`not ${part}`])),
      );
    }
  });
});
