import { createHmac } from 'node:crypto';
import t from 'tap';
import { canonicalOptions, type OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import type { Options } from '../../src/request/options.ts';
import {
  type Exemption,
  isExempt,
  judgeSignature,
  misread,
  readSigned,
  type Verifier,
} from '../../src/request/signature.ts';
import { PLAIN_POLICY } from '../support/policies.ts';

function textOf(target: string): string {
  const signed = readSigned(target);
  return signed.problem ? signed.problem.message : signed.value.text;
}

const TEXTS: readonly (readonly [target: string, text: string])[] = [
  ['/a.jpg', 'a.jpg\n'],
  ['/a.jpg?', 'a.jpg\n'],
  ['/photos/a%20b.jpg?w=200&h=150', 'photos/a%20b.jpg\nh=150&w=200'],
  ['/photos/%61%20b.jpg?h=150.0&w=0200', 'photos/a%20b.jpg\nh=150&w=200'],
  ["/it's(1)!*.jpg", 'it%27s%281%29%21%2A.jpg\n'],
  ['/a+b.jpg?pos=right+top', 'a%2Bb.jpg\npos=right%20top'],
  ['/a%2Fb.jpg', 'a/b.jpg\n'],
  ['/%C3%A9.jpg', '%C3%A9.jpg\n'],
  ['/e%CC%81.jpg', 'e%CC%81.jpg\n'],
  ['/~_-.jpg', '~_-.jpg\n'],
  ['/a.jpg?f=JPG&q=75&enlarge=1&dpr=1', 'a.jpg\ndpr=1&enlarge=1&f=jpeg&q=75'],
  ['/a.jpg?w=9999&fit=cover', 'a.jpg\nfit=cover&w=9999'],
  ['/a.jpg?bg=%23FFF&crop=0.50,0,10,1', 'a.jpg\nbg=ffffff&crop=0.5%2C0%2C10%2C1'],
  ['/a.jpg?preset=thumb&wm=logo', 'a.jpg\npreset=thumb&wm=logo'],
  ['/a.jpg?dl=caf%C3%A9.jpg', 'a.jpg\ndl=caf%C3%A9.jpg'],
  ['/a.jpg?utm_source=x&w=1&h=', 'a.jpg\nw=1'],
  ['/a.jpg?kid=k1&exp=0123&sig=zzz', 'a.jpg\nexp=123&kid=k1'],
  ['/a.jpg?w=abc', 'Bad option "w": expected a decimal number of at least 1, got "abc".'],
  ['/a.jpg?w=1&w=1', 'Bad option "w": expected it once, got it twice.'],
  ['/a.jpg?exp=soon', 'Bad option "exp": expected a time in whole seconds since 1970, got "soon".'],
  ['/a.jpg?exp=1e9', 'Bad option "exp": expected a time in whole seconds since 1970, got "1e9".'],
  ['/a.jpg?kid=a:b', 'Bad option "kid": expected the id of a signing key, got "a:b".'],
  ['/a//b', 'Bad path: expected no empty segment.'],
];

t.test('what is signed is the key and every known option, each in one spelling', (t) => {
  for (const [target, text] of TEXTS) t.equal(textOf(target), text, target);
  const long = textOf(`/a.jpg?sig=${'x'.repeat(129)}`);
  t.match(long, /^Bad option "sig": expected a signature, got "x+…"\.$/);
  t.end();
});

const SECRETS: Readonly<Record<string, string>> = { one: 'first', two: 'second' };

function hmac(kid: string, text: string): string {
  return createHmac('sha256', SECRETS[kid] ?? '')
    .update(text)
    .digest('base64url');
}

const verifier: Verifier = { kids: Object.keys(SECRETS), isSigned: (kid, text, sig) => hmac(kid, text) === sig };

function judge(target: string): string | undefined {
  const signed = readSigned(target);
  return signed.problem ? signed.problem.message : judgeSignature(signed.value, verifier);
}

t.test('any of the keys, or the one that is named', (t) => {
  const signed = (kid: string, query: string) => `/a.jpg?${query}&sig=${hmac(kid, `a.jpg\n${query}`)}`;
  t.equal(judge(signed('one', 'w=200')), undefined);
  t.equal(judge(signed('two', 'w=200')), undefined);
  t.equal(judge(signed('two', 'kid=two&w=200')), undefined);
  t.equal(judge(signed('one', 'kid=two&w=200')), 'The signature is wrong.');
  t.equal(judge(signed('three', 'kid=three&w=200')), 'The signature is wrong.');
  t.equal(judge(signed('one', 'w=200').replace('w=200', 'w=201')), 'The signature is wrong.');
  t.equal(judge(signed('one', 'w=200').replace('/a', '/b')), 'The signature is wrong.');
  t.equal(judge('/a.jpg?w=200'), 'The URL is not signed.');
  t.equal(judge('/a.jpg?w=200&sig='), 'The URL is not signed.');
  t.end();
});

const BOUNDED = { ...NO_LADDERS, w: [320], q: [70] };

const EXEMPT: readonly (readonly [given: Options, defaults: Options, readonly Exemption[], boolean])[] = [
  [{ preset: 'thumb' }, {}, ['presets'], true],
  [{ preset: 'thumb' }, {}, [], false],
  [{ preset: 'thumb', w: 2 }, {}, ['presets'], false],
  [{ preset: 'thumb', dl: 'a' }, {}, ['presets'], false],
  [{ w: 320 }, {}, ['ladder'], true],
  [{ w: 320 }, {}, ['presets'], false],
  [{ w: 320, f: 'auto', q: 70, dpr: 2, enlarge: 0 }, {}, ['presets', 'ladder'], true],
  // A height has no ladder here, also where it holds by default.
  [{ w: 320, h: 7 }, {}, ['ladder'], false],
  [{ w: 320 }, { h: 7 }, ['ladder'], false],
  [{ w: 320, blur: 1 }, {}, ['ladder'], false],
  [{ w: 320, preset: 'thumb' }, {}, ['ladder'], false],
  [{ w: 320, dl: 'a' }, {}, ['ladder'], false],
  // The original's own size, or the original itself.
  [{ f: 'jpeg' }, {}, ['ladder'], false],
  [{ q: 70 }, {}, ['ladder'], false],
  [{ dpr: 2 }, {}, ['ladder'], false],
  // A border that is multiplied by whatever is asked for.
  [{ w: 320 }, { pad: '1,1,1,1' }, ['ladder'], true],
  [{ w: 320, dpr: 1.5 }, { pad: '1,1,1,1' }, ['ladder'], false],
  // What holds anyway may be said, and nothing else.
  [{ w: 320, blur: 1 }, { blur: 1 }, ['ladder'], true],
  [{ w: 320, fit: 'cover' }, {}, ['ladder'], false],
  [{ w: 320, pos: 'top' }, {}, ['ladder'], false],
  [{ w: 320, pos: 'centre' }, { pos: 'top' }, ['ladder'], true],
  [{ w: 320, blur: 2 }, { blur: 1 }, ['ladder'], false],
  [{ f: 'auto', blur: 1 }, { w: 320, blur: 1 }, ['ladder'], true],
];

t.test('what few pictures can come of may be left unsigned', (t) => {
  const presets = { thumb: { w: 1, rot: 90 } } as const;
  const policy: OptionPolicy = { ...PLAIN_POLICY, ladders: BOUNDED, presets };
  const exempt = (given: Options, exemptions: readonly Exemption[], by: OptionPolicy) =>
    isExempt(given, canonicalOptions(given, by), { exemptions, policy: by });
  for (const [given, defaults, exemptions, expected] of EXEMPT) {
    t.equal(exempt(given, exemptions, { ...policy, defaults }), expected, JSON.stringify([given, defaults]));
  }
  t.equal(exempt({ w: 320, q: 70 }, ['ladder'], { ...policy, ladders: { ...BOUNDED, q: [] } }), false);
  t.equal(
    exempt({ w: 320, q: 70 }, ['ladder'], { ...policy, ladders: { ...BOUNDED, q: [] }, defaults: { q: 70 } }),
    true,
  );
  t.end();
});

t.test('what is signed is what is served', (t) => {
  t.equal(misread({ w: 1, pos: 'top', sig: 'x', kid: 'k', exp: 1 }, { w: 1, pos: 'top' }, 'native'), undefined);
  t.equal(misread({ w: 1, preset: 'thumb' }, { w: 1 }, 'native'), 'preset');
  t.equal(misread({ w: 1, pos: 'top', wm: 'logo' }, { w: 1 }, 'lambda-edge'), undefined, 'which it does not know');
  t.equal(misread({ w: 1 }, {}, 'lambda-edge'), 'w');
  t.equal(misread({ w: 1, f: 'webp' }, { w: 1 }, 'lambda-edge'), 'f');
  t.equal(misread({ q: 5 }, {}, 'lambda-edge'), undefined, 'without a side it draws nothing');
  t.end();
});
