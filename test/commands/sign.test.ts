import t from 'tap';
import { signedUrl } from '../../src/commands/sign.ts';
import type { OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { PLAIN_POLICY } from '../support/policies.ts';

const policy: OptionPolicy = {
  ...PLAIN_POLICY,
  ladders: { ...NO_LADDERS, mode: 'allow', w: [100] },
  maxWidth: 1000,
  maxHeight: 1000,
};

/** Shows what was signed in place of its signature. */
const signer = { kid: 'k1', sign: (text: string) => `[${text}]` };

const ROWS: readonly (readonly [url: string, expires: number | undefined, expected: string])[] = [
  ['/a.jpg', undefined, '/a.jpg?kid=k1&sig=[a.jpg\nkid=k1]'],
  ['/a.jpg?w=100', 7, '/a.jpg?w=100&kid=k1&exp=7&sig=[a.jpg\nexp=7&kid=k1&w=100]'],
  ['https://img.example/a.jpg?utm=x', undefined, 'https://img.example/a.jpg?utm=x&kid=k1&sig=[a.jpg\nkid=k1]'],
  ['http://127.0.0.1:3000/a/b.jpg#top', undefined, 'http://127.0.0.1:3000/a/b.jpg?kid=k1&sig=[a/b.jpg\nkid=k1]'],
];

const REFUSED: readonly (readonly [url: string, complaint: RegExp])[] = [
  ['a.jpg', /begins with a slash/],
  ['https://img.example', /begins with a slash/],
  ['/', /expected \/<object key>/],
  ['/a.jpg?w=100&sig=x', /^It is signed already: /],
  ['/a.jpg?kid=k2', /^Bad option "kid": expected it once, got it twice/],
  ['/a.jpg?w=101', /^Bad option "w": expected one of 100/],
  ['/a.jpg?w=x', /^Bad option "w"/],
  ['/a.jpg?preset=thumb', /^"preset" is not configured here, or means something else: /],
];

t.test('a URL gets a signature at its end and stays as it was', (t) => {
  for (const [url, expires, expected] of ROWS) t.equal(signedUrl(url, expires, signer, policy), expected);
  t.end();
});

t.test('what would not be served is not signed', (t) => {
  for (const [url, message] of REFUSED) t.throws(() => signedUrl(url, undefined, signer, policy), { message }, url);
  t.end();
});
