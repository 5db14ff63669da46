import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { TAG_PATTERN } from '../../src/cache/tags.ts';
import { allowsRange, hasNothingNew, isNotModified } from '../../src/http/conditional.ts';
import { loggableUrl } from '../../src/http/loggable-url.ts';
import { acceptedFormats } from '../../src/request/accept.ts';
import { readLambdaEdgeOptions } from '../../src/request/lambda-edge.ts';
import { parseRequest } from '../../src/request/parse.ts';
import { singleRange } from '../../src/sources/range.ts';
import { growth, repeated } from '../support/growth.ts';
import {
  BAD_OPTIONS,
  FUZZED_NAMES,
  FUZZED_VALUES,
  NO_OPTIONS,
  PUMPED_HEADERS,
  PUMPS,
  SENT_PUMPS,
} from '../support/hostile-options.ts';
import { isSuperLinear, patternsOf, sources } from '../support/patterns.ts';
import { jpeg } from '../support/pictures.ts';
import { startOverS3 } from '../support/service.ts';

const photo = await jpeg(40, 30);
const VALIDATORS = { etag: '"a"', lastModified: new Date(0) };

t.test(
  'T06 parameter junk: an option is one decimal number or one of its words, once; all else is nothing',
  async (t) => {
    const presets = path.join(t.testdir({ 'presets.json': '{ "thumb": "w=10" }' }), 'presets.json');
    const { s3, service } = await startOverS3(t, { env: { PRESETS_FILE: presets } });
    await s3.put('a.jpg', photo);
    for (const target of BAD_OPTIONS) t.equal((await service.get(target)).status, 400, target);
    t.equal(s3.requests.length, 0);
    const expected = await service.get('/a.jpg?w=10&f=png&q=50');
    for (const target of [
      ...NO_OPTIONS.map((junk) => `/a.jpg?w=10&${junk}&f=png&q=50`),
      '/a.jpg?q=50&f=png&w=10',
      '/a.jpg?f=PNG&w=10.0&q=50',
      '/a.jpg?preset=thumb&f=png&q=50',
    ]) {
      const { status, headers, body } = await service.get(target);
      t.same([status, headers['cache-status'], headers.etag], [200, 'lambent; hit', expected.headers.etag], target);
      t.ok(body.equals(expected.body), target);
    }
    t.equal(service.transforms(), 1);
    t.notOk('polluted' in {}, 'and no object has become another');
  },
);

t.test('T06 parameter junk: 10,000 queries by chance are 200 or 400', async (t) => {
  const { s3, service } = await startOverS3(t, { parts: { transform: () => Promise.resolve(Buffer.from('made')) } });
  await s3.put('a.jpg', photo);
  const pair = fc.tuple(fc.constantFrom(...FUZZED_NAMES), fc.constantFrom(...FUZZED_VALUES));
  const queries = fc.sample(
    fc.array(
      pair.map((both) => both.join('=')),
      { minLength: 1, maxLength: 5 },
    ),
    10_000,
  );
  const targets = queries.map((pairs) => `/a.jpg?${pairs.join('&')}`);
  const problems = targets.map((target) => parseRequest(target).problem?.code);
  t.same(new Set(problems), new Set([undefined, 'bad_option']));
  const statuses = await Promise.all(targets.slice(0, 300).map(async (target) => (await service.get(target)).status));
  t.same(
    statuses,
    problems.slice(0, 300).map((problem) => (problem === undefined ? 200 : 400)),
  );
  t.notOk('polluted' in {});
});

t.test('T07 cache-busting: 1,000 requests with random junk are one look at S3 and one picture', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  const targets = Array.from({ length: 1_000 }, (_, n) => `/a.jpg?x${n}=${Math.random()}&w=10&utm_source=${n}&_=${n}`);
  t.equal((await service.get('/a.jpg?w=10')).status, 200);
  for (let from = 0; from < targets.length; from += 50) {
    const answers = await Promise.all(targets.slice(from, from + 50).map((target) => service.get(target)));
    t.same(new Set(answers.map(({ headers }) => headers['cache-status'])), new Set(['lambent; hit']));
  }
  t.same([service.transforms(), s3.requests.length], [1, 1]);
});

t.test('T24 parser CPU: no pattern goes back and forth', (t) => {
  const { literals, composed } = patternsOf(sources());
  t.ok(literals.length > 40);
  t.same(
    literals.filter(({ pattern }) => isSuperLinear(pattern)),
    [],
  );
  // Of a constant, which is judged here; what config.ts makes of variables.ts only ever sees what an operator writes.
  t.same(composed, ['purge/purge-order.ts']);
  t.notOk(isSuperLinear(new RegExp(TAG_PATTERN)));
  for (const known of [/^(a+)+$/, /^\s*(.*?)\s*$/, /a+$/]) t.ok(isSuperLinear(known), `${known} would be found`);
  t.end();
});

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  path: (text) => parseRequest(`/${text}`),
  query: (text) => parseRequest(`/a.jpg?${text}`),
  value: (text) => parseRequest(`/a.jpg?dl=${text}`),
  'query of COMPAT=lambda-edge': (text) => readLambdaEdgeOptions(text),
  Accept: acceptedFormats,
  Range: singleRange,
  'If-None-Match': (text) => isNotModified({ 'if-none-match': text }, VALIDATORS),
  'If-Match': (text) => attempt(() => hasNothingNew({ 'if-match': text }, VALIDATORS)),
  'If-Modified-Since': (text) => isNotModified({ 'if-modified-since': text }, VALIDATORS),
  'If-Range': (text) => allowsRange({ 'if-range': text }, VALIDATORS),
  'a line of the log': (text) => loggableUrl(`/a.jpg?${text}`),
};

function attempt(run: () => unknown): void {
  try {
    run();
  } catch {
    // Refused is as good as read here.
  }
}

t.test('T24 parser CPU: time grows with length, not with its square', (t) => {
  for (const [name, read] of Object.entries(READERS)) {
    for (const pump of PUMPS) {
      const times = growth(read, pump);
      t.ok(times < 6, `${name} of ${JSON.stringify(pump)}: ${times.toFixed(1)}`);
    }
  }
  t.ok(growth((text) => /a+b/.test(text), 'a') > 6, 'and a square would be seen');
  t.end();
});

t.test('T24 parser CPU: 16 KB anywhere are answered, and more are not read', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  for (const pump of SENT_PUMPS) {
    const [much, more] = [repeated(pump, 15_500), repeated(pump, 16_500)];
    const asked = [
      service.get(`/${much}`),
      service.get(`/a.jpg?w=10&dl=${much}`),
      ...PUMPED_HEADERS.flatMap((name) => [
        service.get('/a.jpg?f=auto', { [name]: much }),
        service.get('/a.jpg', { [name]: much }),
      ]),
    ];
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    t.same(
      statuses.filter((status) => status >= 500),
      [],
      pump,
    );
    t.equal((await service.get('/a.jpg', { accept: more })).status, 431, pump);
    t.equal((await service.get(`/${more}`)).status, 431, pump);
  }
});
