import type { FastifyReply } from 'fastify';
import t from 'tap';
import { endLifetime, unexpired } from '../../src/http/lifetime.ts';
import { inSeconds } from '../support/signing.ts';

/** What becomes of the headers of an answer to a URL that has so many seconds left. */
function ended(headers: Readonly<Record<string, string>>, seconds: number): Record<string, string> {
  const left = new Map(Object.entries(headers));
  const reply = {
    getHeader: (name: string) => left.get(name),
    removeHeader(name: string) {
      left.delete(name);
      return reply;
    },
    header(name: string, value: string) {
      left.set(name, value);
      return reply;
    },
  };
  // Half a second more than whole ones: a test that starts late still finds the same number.
  endLifetime(reply as unknown as FastifyReply, Date.now() / 1000 + seconds + 0.5);
  return Object.fromEntries(left);
}

const LONG = 'public, max-age=3600, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800';

const ROWS: readonly (readonly [cacheControl: string, seconds: number, expected: string])[] = [
  [LONG, 60, 'public, max-age=60, s-maxage=60, must-revalidate'],
  [LONG, 7200, 'public, max-age=3600, s-maxage=7200, must-revalidate'],
  [LONG, 1e6, 'public, max-age=3600, s-maxage=86400, must-revalidate'],
  [LONG, -5, 'public, max-age=0, s-maxage=0, must-revalidate'],
  ['public, max-age=31536000, immutable', 60, 'public, max-age=60, must-revalidate'],
  ['PUBLIC, Max-Age="3600"', 60, 'PUBLIC, max-age=60, must-revalidate'],
  ['private="x-a, x-b", max-age=3600', 60, 'private="x-a, x-b", max-age=60, must-revalidate'],
  ['no-transform, proxy-revalidate, max-age=5', 60, 'no-transform, proxy-revalidate, max-age=5, must-revalidate'],
  ['public, x-future=9, max-age=99999999999999999999', 60, 'public, max-age=60, must-revalidate'],
  // Without an age of its own, a cache may make one up (RFC 9111, 4.2.2).
  ['public, must-revalidate', 60, 'public, max-age=0, must-revalidate'],
  ['private', 1e9, 'private, max-age=0, must-revalidate'],
  ['public, s-maxage=10', 60, 'public, s-maxage=10, max-age=0, must-revalidate'],
  ['public, max-age=abc', 60, 'public, max-age=0, must-revalidate'],
  ['no-cache', 60, 'no-cache, max-age=0, must-revalidate'],
  ['', 60, 'max-age=0, must-revalidate'],
  ['no-store', 60, 'no-store'],
  ['private, no-store', 60, 'private, no-store'],
  // What caches read, each in its own way.
  ['max-age=86400; public', 60, 'no-store'],
  ['public; max-age=86400', 60, 'no-store'],
  ['public max-age=86400', 60, 'no-store'],
  ['public, s-maxage=86400;foo', 60, 'no-store'],
  ['max-age = 5', 60, 'no-store'],
  ['max-age==86400', 60, 'no-store'],
  ["max-age='86400'", 60, 'no-store'],
  ['public, max-age="86400', 60, 'no-store'],
];

t.test('no answer outlives its URL, whatever its lifetime was', (t) => {
  for (const [cacheControl, seconds, expected] of ROWS) {
    t.strictSame(ended({ 'cache-control': cacheControl }, seconds), { 'cache-control': expected }, cacheControl);
  }
  t.end();
});

t.test('a lifetime that is a date becomes an age', (t) => {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000 + 900).toUTCString();
  const ageOf = (expires: string, seconds: number) => ended({ expires }, seconds)['cache-control'];
  t.equal(ageOf(at(86_400), 60), 'max-age=60, must-revalidate');
  t.match(ageOf(at(30), 60), /^max-age=(29|30), must-revalidate$/);
  t.equal(ageOf(at(-30), 60), 'max-age=0, must-revalidate');
  t.equal(ageOf('0', 60), 'max-age=0, must-revalidate');
  t.equal(ageOf('whenever', 60), 'max-age=0, must-revalidate', 'no date at all');
  t.notOk('expires' in ended({ expires: at(30) }, 60));
  t.end();
});

t.test('a time that has come is over', (t) => {
  const later = inSeconds(60);
  t.equal(unexpired(later), later);
  for (const expires of [0, inSeconds(-60), inSeconds(0)]) {
    t.throws(() => unexpired(expires), { code: 'bad_signature', message: 'The URL has expired.' });
  }
  t.end();
});
