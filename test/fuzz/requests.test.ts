import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { canonicalise, canonicalQuery, type OptionPolicy } from '../../src/request/canonical.ts';
import { isOptionName, type Options } from '../../src/request/options.ts';
import { parseRequest } from '../../src/request/parse.ts';
import type { Parsed } from '../../src/request/problem.ts';
import { judgeSignature, misread, readSigned, type Verifier } from '../../src/request/signature.ts';
import { path, query, spellings } from '../support/fuzz-requests.ts';
import { PLAIN_POLICY as plain } from '../support/policies.ts';
import { KEYS, signatureOf } from '../support/signing.ts';

/** Requests of each kind; `npm run fuzz` takes a million. */
const RUNS = Number(process.env.FUZZ_REQUESTS ?? 20_000);

const named: OptionPolicy = {
  ...plain,
  watermarks: ['logo'],
  presets: { thumb: { w: 200, h: 200, f: 'auto' }, tile: { h: 100 } },
};
const POLICIES: readonly OptionPolicy[] = [
  plain,
  named,
  { ...named, defaults: { f: 'auto', q: 70, fit: 'contain', pos: 'top', enlarge: 0, dpr: 2, anim: 0 } },
  { ...plain, ladders: { mode: 'snap', w: [160, 320, 1280], h: [], q: [50, 80] } },
  { ...plain, ladders: { mode: 'snap', w: [160, 320, 1280], h: [120, 900], q: [] } },
  { ...plain, ladders: { mode: 'snap', w: [], h: [120, 900], q: [] }, maxWidth: 1000, maxHeight: 900 },
  { ...plain, ladders: { mode: 'allow', w: [160, 320, 1280, 4096], h: [120, 900], q: [75] } },
  { ...plain, dialect: 'lambda-edge' },
];
const policy = fc.constantFrom(...POLICIES);

interface Meaning {
  readonly key: string;
  readonly options: Options;
  readonly query: string;
}

/** What a target means by a policy; undefined for what is refused. */
function meaningOf(target: string, by: OptionPolicy): Meaning | undefined {
  const request = orNothing(parseRequest(target, by));
  const options = request && orNothing(canonicalise(request.options, by));
  return request && options && { key: request.key, options, query: canonicalQuery(options, by) };
}

function orNothing<T>(parsed: Parsed<T>): T | undefined {
  if (parsed.problem && !['bad_path', 'bad_option'].includes(parsed.problem.code)) throw new Error(parsed.problem.code);
  return parsed.value;
}

/** A quality that a format has by default, or that it takes none, need not be said again. */
function isSame({ q: _, ...one }: Options, { q: __, ...other }: Options): boolean {
  return isDeepStrictEqual(one, other);
}

const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).join();

function isClean(options: Options): boolean {
  const isPolluted = 'polluted' in {} || Object.getOwnPropertyNames(Object.prototype).join() !== PROTOTYPE;
  return !isPolluted && Object.keys(options).every(isOptionName);
}

t.test('whatever comes means something or is refused, and what it means is said in one way', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(path, query, policy, (route, text, by) => {
        const meaning = meaningOf(`${route}?${text}`, by);
        if (!meaning) return true;
        const again = meaningOf(`/x?${meaning.query}`, by);
        return isClean(meaning.options) && again?.query === meaning.query && isSame(again.options, meaning.options);
      }),
      { numRuns: RUNS },
    ),
  );
  t.end();
});

t.test('order, spelling and junk change nothing of it', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(spellings, policy, (given, by) =>
        isDeepStrictEqual(meaningOf(`/x?${given.query}`, by), meaningOf(`/x?${given.other}`, by)),
      ),
      { numRuns: RUNS },
    ),
  );
  t.end();
});

const verifier: Verifier = {
  kids: Object.keys(KEYS),
  isSigned: (kid, text, sig) => signatureOf(text, kid as keyof typeof KEYS) === sig,
};

/** Whether a target is right by this signature; undefined where it cannot be read. */
function isRight(target: string, sig: string): boolean | undefined {
  const signed = readSigned(target);
  return (
    signed.value &&
    judgeSignature({ ...signed.value, options: { ...signed.value.options, sig } }, verifier) === undefined
  );
}

t.test('a signature is of one meaning, in every spelling, and of no other', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(path, spellings, spellings, (route, given, other) => {
        const [one, same, another] = [given.query, given.other, other.query].map((text) =>
          readSigned(`${route}?${text}`),
        );
        if (!one?.value) return same?.value === undefined;
        const sig = signatureOf(one.value.text);
        const { kid } = one.value.options;
        const isKnown = kid === undefined || kid === 'new';
        const isOther = another?.value !== undefined && another.value.text !== one.value.text;
        return (
          same?.value?.text === one.value.text &&
          isRight(`${route}?${given.other}`, sig) === isKnown &&
          !(isOther && isRight(`${route}?${other.query}`, sig))
        );
      }),
      { numRuns: RUNS },
    ),
  );
  t.end();
});

/** What is served of a target by its signature, and what that is of; undefined where nothing is. */
function served(target: string, by: OptionPolicy) {
  const [signed, given, meaning] = [readSigned(target), parseRequest(target, by), meaningOf(target, by)];
  if (!signed.value || !given.value || !meaning) return undefined;
  const name = misread(signed.value.options, given.value.options, by.dialect);
  return name === undefined ? { text: signed.value.text, meaning } : undefined;
}

t.test('by one signature one picture is served, whatever else is written into its URL', (t) => {
  const before = fc.constantFrom('w=&', 'w&', 'h&q&', 'f=&', 'zz=1&', 'wm=&preset&', 'w=1.5&', 'h=00&');
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(query, before, policy, (text, added, by) => {
        const [one, other] = [served(`/x?${text}`, by), served(`/x?${added}${text}`, by)];
        return !one || !other || one.text !== other.text || isDeepStrictEqual(one.meaning, other.meaning);
      }),
      { numRuns: RUNS },
    ),
  );
  t.end();
});
