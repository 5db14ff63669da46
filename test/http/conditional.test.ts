import type { IncomingHttpHeaders } from 'node:http';
import t from 'tap';
import { allowsRange, isNotModified } from '../../src/http/conditional.ts';

/** Clauses are those of RFC 9110. */
interface Case {
  readonly clause: string;
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  /** Entity tag of what is stored; `"abc"` when left out. */
  readonly etag?: string;
  readonly expected: boolean;
}

// Stored dates have milliseconds, HTTP's have not.
const lastModified = new Date('2024-05-06T07:08:09.123Z');
const SAME = 'Mon, 06 May 2024 07:08:09 GMT';
const SECOND_BEFORE = 'Mon, 06 May 2024 07:08:08 GMT';
const SECOND_AFTER = 'Mon, 06 May 2024 07:08:10 GMT';

const noneMatch = (list: string): IncomingHttpHeaders => ({ 'if-none-match': list });
const since = (date: string): IncomingHttpHeaders => ({ 'if-modified-since': date });
const ifRange = (condition: string): IncomingHttpHeaders => ({ 'if-range': condition });

const NOT_MODIFIED: readonly Case[] = [
  { clause: '13.2.2', what: 'no condition', headers: {}, expected: false },
  { clause: '13.1.2', what: 'the same tag', headers: noneMatch('"abc"'), expected: true },
  { clause: '13.1.2', what: 'another tag', headers: noneMatch('"xyz"'), expected: false },
  { clause: '8.8.3', what: 'another case', headers: noneMatch('"ABC"'), expected: false },
  { clause: '8.8.3', what: 'the beginning of the tag', headers: noneMatch('"ab"'), expected: false },
  { clause: '8.8.3', what: 'more than the tag', headers: noneMatch('"abcd"'), expected: false },
  { clause: '8.8.3', what: 'a tag without quotes', headers: noneMatch('abc'), expected: false },
  { clause: '8.8.3', what: 'nothing', headers: noneMatch(''), expected: false },
  { clause: '8.8.3.2', what: 'weak against strong', headers: noneMatch('W/"abc"'), expected: true },
  { clause: '8.8.3.2', what: 'strong against weak', headers: noneMatch('"abc"'), etag: 'W/"abc"', expected: true },
  { clause: '8.8.3.2', what: 'weak against weak', headers: noneMatch('W/"abc"'), etag: 'W/"abc"', expected: true },
  { clause: '8.8.3.2', what: 'weak against another', headers: noneMatch('W/"xyz"'), etag: 'W/"abc"', expected: false },
  { clause: '13.1.2', what: 'last of a list', headers: noneMatch('"x", W/"y", "abc"'), expected: true },
  { clause: '13.1.2', what: 'first of a list without spaces', headers: noneMatch('"abc","x"'), expected: true },
  { clause: '13.1.2', what: 'none of a list', headers: noneMatch('"x", "y"'), expected: false },
  { clause: '5.6.1.2', what: 'a list with empty elements', headers: noneMatch(', "x",,"abc" ,'), expected: true },
  { clause: '8.8.3', what: 'a comma inside quotes', headers: noneMatch('"a,b"'), etag: '"a,b"', expected: true },
  {
    clause: '8.8.3',
    what: 'a part before a comma inside quotes',
    headers: noneMatch('"a,b"'),
    etag: '"a"',
    expected: false,
  },
  {
    clause: '8.8.3',
    what: 'what stands between two tags',
    headers: noneMatch('"a", "b"'),
    etag: '", "',
    expected: false,
  },
  { clause: '13.1.2', what: 'any tag', headers: noneMatch('*'), expected: true },
  { clause: '13.1.2', what: 'any tag, with spaces', headers: noneMatch(' * '), expected: true },
  { clause: '8.8.3', what: 'a tag that is an asterisk', headers: noneMatch('"*"'), expected: false },
  { clause: '13.1.3', what: 'the same second', headers: since(SAME), expected: true },
  { clause: '13.1.3', what: 'a later second', headers: since(SECOND_AFTER), expected: true },
  { clause: '13.1.3', what: 'an earlier second', headers: since(SECOND_BEFORE), expected: false },
  {
    clause: '5.6.7',
    what: 'the obsolete date of RFC 850',
    headers: since('Monday, 06-May-24 07:08:09 GMT'),
    expected: true,
  },
  { clause: '13.1.3', what: 'no date', headers: since('yesterday'), expected: false },
  { clause: '13.1.3', what: 'an empty date', headers: since(''), expected: false },
  { clause: '13.1.3', what: 'two dates', headers: since(`${SAME}, ${SAME}`), expected: false },
  {
    clause: '13.1.3',
    what: 'another tag overrides a date that matches',
    headers: { ...noneMatch('"xyz"'), ...since(SECOND_AFTER) },
    expected: false,
  },
  {
    clause: '13.1.3',
    what: 'the same tag overrides a date that does not match',
    headers: { ...noneMatch('"abc"'), ...since(SECOND_BEFORE) },
    expected: true,
  },
];

const RANGE: readonly Case[] = [
  { clause: '13.1.5', what: 'no condition', headers: {}, expected: true },
  { clause: '13.1.5', what: 'the same tag', headers: ifRange('"abc"'), expected: true },
  { clause: '13.1.5', what: 'another tag', headers: ifRange('"xyz"'), expected: false },
  { clause: '8.8.3.2', what: 'weak against strong', headers: ifRange('W/"abc"'), expected: false },
  { clause: '8.8.3.2', what: 'strong against weak', headers: ifRange('"abc"'), etag: 'W/"abc"', expected: false },
  { clause: '8.8.3.2', what: 'weak against weak', headers: ifRange('W/"abc"'), etag: 'W/"abc"', expected: false },
  { clause: '13.1.5', what: 'a list, which there is not', headers: ifRange('"abc", "xyz"'), expected: false },
  { clause: '13.1.5', what: 'any tag, which there is not', headers: ifRange('*'), expected: false },
  { clause: '13.1.5', what: 'a tag without quotes', headers: ifRange('abc'), expected: false },
  { clause: '13.1.5', what: 'nothing', headers: ifRange(''), expected: false },
  { clause: '13.1.5', what: 'the same second', headers: ifRange(SAME), expected: true },
  { clause: '13.1.5', what: 'a later second', headers: ifRange(SECOND_AFTER), expected: false },
  { clause: '13.1.5', what: 'an earlier second', headers: ifRange(SECOND_BEFORE), expected: false },
];

for (const { clause, what, headers, etag = '"abc"', expected } of NOT_MODIFIED) {
  t.test(`304 by RFC 9110, ${clause}: ${what}: ${expected}`, (t) => {
    t.equal(isNotModified(headers, { etag, lastModified }), expected);
    t.end();
  });
}

for (const { clause, what, headers, etag = '"abc"', expected } of RANGE) {
  t.test(`If-Range by RFC 9110, ${clause}: ${what}: ${expected}`, (t) => {
    t.equal(allowsRange(headers, { etag, lastModified }), expected);
    t.end();
  });
}

t.test('RFC 9110, 13.1.3 and 13.1.5: a date in another form than HTTP’s is ignored', (t) => {
  for (const date of ['2024-05-06T07:08:09Z', '2099-01-01', '2099', '06 May 2099', '99']) {
    t.equal(isNotModified(since(date), { etag: '"abc"', lastModified }), false, date);
  }
  t.equal(allowsRange(ifRange('2024-05-06T07:08:09Z'), { etag: '"abc"', lastModified }), false);
  t.end();
});

t.test('RFC 9110, 5.6.7: the obsolete date of asctime is in GMT wherever the service runs', (t) => {
  const before = process.env.TZ;
  process.env.TZ = 'Asia/Tokyo';
  const matches = isNotModified(since('Mon May  6 07:08:09 2024'), { etag: '"abc"', lastModified });
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
  t.equal(matches, true);
  t.end();
});
