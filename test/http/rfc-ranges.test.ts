import t from 'tap';
import { jpeg, SVG } from '../support/pictures.ts';
import { checkRows, type Row } from '../support/rfc.ts';
import { startOverS3 } from '../support/service.ts';

const DIGITS = '0123456789';
/** Its MD5, which is the entity tag that S3 gives it. */
const TAG = '"781e5e245d69b566979b86e28d23f2c7"';

/** What is sent for ten digits, and what comes back: a part, all, or a refusal. */
type RangeRow = readonly [clause: string, what: string, range: string, part: Part, more?: Partial<Row>];
type Part = readonly [bytes: string, contentRange: string] | 'whole' | 'unsatisfiable';

const RANGES: readonly RangeRow[] = [
  ['14.1.2', 'first and last byte', 'bytes=2-4', ['234', 'bytes 2-4/10']],
  ['14.1.2', 'one byte', 'bytes=0-0', ['0', 'bytes 0-0/10']],
  ['14.1.2', 'all of them', 'bytes=0-9', [DIGITS, 'bytes 0-9/10']],
  ['14.1.2', 'an open end', 'bytes=7-', ['789', 'bytes 7-9/10']],
  ['14.1.2', 'an end beyond the last byte', 'bytes=7-99', ['789', 'bytes 7-9/10']],
  ['14.1.2', 'a suffix', 'bytes=-3', ['789', 'bytes 7-9/10']],
  ['14.1.2', 'a suffix that is longer than all', 'bytes=-99', [DIGITS, 'bytes 0-9/10']],
  ['15.5.17', 'a beginning beyond the last byte', 'bytes=10-', 'unsatisfiable'],
  ['15.5.17', 'both ends beyond the last byte', 'bytes=10-20', 'unsatisfiable'],
  ['14.1.2', 'a suffix of nothing', 'bytes=-0', 'unsatisfiable'],
  // RFC 9110, 14.2: a server may ignore Range; DESIGN: several ranges are the whole.
  ['14.2', 'several ranges', 'bytes=0-1,4-5', 'whole'],
  ['14.2', 'several ranges, one of them unsatisfiable', 'bytes=0-1,99-', 'whole'],
  ['14.1.2', 'an end before the beginning is not valid', 'bytes=4-2', 'whole'],
  ['14.1.1', 'no numbers', 'bytes=a-b', 'whole'],
  ['14.1.1', 'neither end', 'bytes=-', 'whole'],
  ['14.1.1', 'no range', 'bytes=', 'whole'],
  ['14.1.1', 'negative numbers', 'bytes=--3', 'whole'],
  ['14.1.1', 'no unit', '2-4', 'whole'],
  ['14.2', 'an unknown unit', 'lines=1-2', 'whole'],
  ['14.2', 'HEAD has no ranges', 'bytes=2-4', 'whole', { method: 'HEAD', body: '' }],
  ['14.2', 'nor can a HEAD be refused one', 'bytes=10-', 'whole', { method: 'HEAD', body: '' }],
  ['13.1.5', 'If-Range: the strong tag', 'bytes=2-4', ['234', 'bytes 2-4/10'], { headers: { 'if-range': TAG } }],
  ['13.1.5', 'If-Range: another tag', 'bytes=2-4', 'whole', { headers: { 'if-range': '"x"' } }],
  ['13.1.5', 'If-Range: a weak tag never matches', 'bytes=2-4', 'whole', { headers: { 'if-range': `W/${TAG}` } }],
  ['13.1.5', 'If-Range: the date', 'bytes=2-4', ['234', 'bytes 2-4/10'], { headers: { 'if-range': '{modified}' } }],
  ['13.1.5', 'If-Range: a later date is not it', 'bytes=2-4', 'whole', { headers: { 'if-range': '{later}' } }],
  ['13.1.5', 'If-Range: an earlier date', 'bytes=2-4', 'whole', { headers: { 'if-range': '{sooner}' } }],
  ['13.1.5', 'If-Range: neither tag nor date', 'bytes=2-4', 'whole', { headers: { 'if-range': 'x' } }],
  ['13.1.5', 'If-Range: a list', 'bytes=2-4', 'whole', { headers: { 'if-range': `${TAG}, "x"` } }],
  [
    '13.1.5',
    'If-Range matches what cannot be satisfied',
    'bytes=10-',
    'unsatisfiable',
    { headers: { 'if-range': TAG } },
  ],
  [
    '13.2.2',
    'If-Range is judged before the range: another tag is the whole',
    'bytes=10-',
    'whole',
    { headers: { 'if-range': '"x"' } },
  ],
  [
    '13.2.2',
    'If-None-Match is judged before the range',
    'bytes=2-4',
    'whole',
    { headers: { 'if-none-match': TAG }, status: 304, body: '', expected: { etag: TAG } },
  ],
  [
    '13.2.2',
    'and before one that cannot be satisfied',
    'bytes=10-',
    'whole',
    { headers: { 'if-none-match': TAG }, status: 304, body: '', expected: { etag: TAG } },
  ],
  [
    '13.2.2',
    'where it does not match, the range counts',
    'bytes=2-4',
    ['234', 'bytes 2-4/10'],
    { headers: { 'if-none-match': '"x"' } },
  ],
  [
    '14.2',
    'If-Modified-Since, too',
    'bytes=-3',
    ['789', 'bytes 7-9/10'],
    { headers: { 'if-modified-since': '{sooner}' } },
  ],
];

/** RFC 9110, 15.3.7 and 8.6: what a 206 has besides its part. */
const OF_A_PART = {
  etag: TAG,
  'last-modified': '{modified}',
  'cache-control': 'max-age=88',
  'accept-ranges': 'bytes',
  'content-type': 'text/plain',
  'access-control-allow-origin': '*',
};
const OF_A_WHOLE = { ...OF_A_PART, 'content-range': undefined, 'content-length': '10' };
/** RFC 9110, 15.5.17: the length that was asked beyond; and nothing of the object that a cache could keep it by. */
const OF_A_REFUSAL = {
  'content-range': 'bytes */10',
  'cache-control': 'no-store',
  'content-type': 'application/json; charset=utf-8',
  'access-control-allow-origin': '*',
  etag: undefined,
  'last-modified': undefined,
};

function rowOf([clause, what, range, part, more = {}]: RangeRow): Row {
  const { headers, ...rest } = more;
  const asked = { clause: `RFC 9110, ${clause}`, what, target: '/digits', headers: { range, ...headers } };
  if (part === 'whole') return { ...asked, status: 200, expected: OF_A_WHOLE, body: DIGITS, ...rest };
  if (part === 'unsatisfiable') return { ...asked, status: 416, expected: OF_A_REFUSAL, ...rest };
  const [body, contentRange] = part;
  return { ...asked, status: 206, expected: { ...OF_A_PART, 'content-range': contentRange }, body, ...rest };
}

const OTHERS: readonly Row[] = [
  {
    clause: 'RFC 9110, 13.1.5',
    what: 'If-Range without Range is ignored',
    target: '/digits',
    headers: { 'if-range': TAG },
    status: 200,
    body: DIGITS,
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'a range of nothing is ignored, or who reads in slices would not get it at all',
    target: '/empty',
    headers: { range: 'bytes=0-' },
    status: 200,
    body: '',
    expected: { 'content-range': undefined, 'content-length': '0' },
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'a range of a variant is ignored',
    target: '/a.jpg?w=40',
    headers: { range: 'bytes=0-9' },
    status: 200,
    expected: { 'content-range': undefined, 'content-type': 'image/jpeg', 'accept-ranges': undefined },
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'one that cannot be satisfied, too',
    target: '/a.jpg?w=40',
    headers: { range: 'bytes=9999999-' },
    status: 200,
    expected: { 'content-range': undefined, 'content-type': 'image/jpeg' },
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'and with If-Range',
    target: '/a.jpg?w=40',
    headers: { range: 'bytes=0-9', 'if-range': '{etag}' },
    status: 200,
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'options that leave an original as it is leave its ranges',
    target: '/drawing.svg?w=40&f=auto',
    headers: { range: 'bytes=0-3' },
    status: 206,
    expected: { vary: 'Accept', 'content-range': /^bytes 0-3\/\d+$/ },
    body: '<svg',
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'a range of what is not there is a 404',
    target: '/nope',
    headers: { range: 'bytes=0-3' },
    status: 404,
    expected: { 'content-range': undefined, 'accept-ranges': undefined },
  },
  {
    clause: 'RFC 9110, 14.2',
    what: 'a download has ranges, each under its name',
    target: '/digits?dl=d.txt',
    headers: { range: 'bytes=2-4' },
    status: 206,
    expected: { 'content-disposition': `attachment; filename="d.txt"; filename*=UTF-8''d.txt` },
    body: '234',
  },
];

t.test('ranges', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', await jpeg(80, 60));
  await s3.put('digits', DIGITS, { contentType: 'text/plain', cacheControl: 'max-age=88' });
  await s3.put('empty', '', { contentType: 'text/plain' });
  await s3.put('drawing.svg', SVG, { contentType: 'image/svg+xml' });
  await t.test('of ten digits', (t) => checkRows(t, service, RANGES.map(rowOf)));
  await t.test('of other things', (t) => checkRows(t, service, OTHERS));
});
