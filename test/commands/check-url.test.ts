import { Readable } from 'node:stream';
import t from 'tap';
import { checkUrls } from '../../src/commands/check-url.ts';
import { reportOf } from '../../src/commands/report.ts';
import { judge } from '../../src/commands/verdict.ts';
import type { OptionPolicy } from '../../src/request/canonical.ts';
import { NO_LADDERS } from '../../src/request/ladder.ts';
import { PLAIN_POLICY } from '../support/policies.ts';

const policy: OptionPolicy = { ...PLAIN_POLICY, maxWidth: 1000, maxHeight: 1000 };
const compatible: OptionPolicy = { ...policy, dialect: 'lambda-edge' };

const chunksOf = (lines: readonly string[]) => Readable.from(lines.map((line) => Buffer.from(`${line}\n`)));

t.test('goes by the ladders', (t) => {
  const on = (mode: 'snap' | 'allow') => ({ ...policy, ladders: { ...NO_LADDERS, mode, w: [320, 640] } });
  t.match(judge('w=333', on('snap')), { outcome: 'accepted', text: 'w=640' });
  t.match(judge('w=900', on('snap')), { outcome: 'clamped', text: 'w=640' });
  t.match(judge('w=333', on('allow')), { outcome: 'refused', text: /^Bad option "w": expected one of 320, 640/ });
  t.end();
});

t.test('says how a query is answered', (t) => {
  const cases: readonly [string, string, string][] = [
    // query, with COMPAT=lambda-edge, without
    ['', 'original', 'original'],
    ['w=200&h=150', 'accepted w=200&h=150', 'accepted w=200&h=150'],
    ['h=150&w=200', 'accepted w=200&h=150', 'accepted w=200&h=150'],
    ['w=200px', 'accepted w=200', 'refused Bad option "w": expected a decimal number of at least 1, got "200px".'],
    ['w=2000', 'clamped w=1000', 'clamped w=1000'],
    ['w=500&h=2000', 'clamped w=250&h=1000', 'clamped w=250&h=1000'],
    ['f=webp', 'original  -f', 'accepted f=webp'],
    [
      'w=200&f=jxl&x=1',
      'accepted w=200 -f,x',
      'refused Bad option "f": expected one of jpeg, jpg, png, webp, avif, gif, auto, got "jxl".',
    ],
    ['w=0&f=webp&&=', 'original  -w,f', 'refused Bad option "w": expected a decimal number of at least 1, got "0".'],
    ['utm_source=a&w=9', 'accepted w=9 -utm_source', 'accepted w=9 -utm_source'],
    ['w=200&f=jpg&q=75', 'accepted w=200&f=jpeg', 'accepted w=200&f=jpeg'],
  ];
  for (const [query, ...expected] of cases) {
    const seen = [compatible, policy].map((each) => {
      const { outcome, text, ignored } = judge(query, each);
      return `${outcome} ${text}${ignored.length > 0 ? ` -${ignored}` : ''}`.trim();
    });
    t.same(seen, expected, query);
  }
  const byDefault = judge('w=200', { ...policy, defaults: { f: 'auto' } });
  t.match(byDefault, { outcome: 'accepted', text: 'w=200&f=auto' }, 'with the defaults of the service');
  t.end();
});

t.test('sums up a list of requests', async (t) => {
  const lines = [
    ...['/a.jpg?w=200&h=150', '/a.jpg?h=150&w=200', '/a.jpg?w=200&h=150&utm_source=x', '/a.jpg?w=200px&h=150'],
    ...['/b.jpg?w=2000', '/b.jpg', '/b.jpg', '/../c.jpg?w=1', 'nonsense', '# a remark', ''],
  ];
  const findings = await checkUrls(chunksOf(lines), policy);
  t.match(findings, { requests: 8, malformed: 1, skipped: 2, badPaths: 1, otherForms: 0 });
  t.same(findings.outcomes['lambda-edge'], { original: 2, accepted: 4, clamped: 1, refused: 0 });
  t.same(findings.outcomes.native, { original: 2, accepted: 3, clamped: 1, refused: 1 });
  t.equal(findings.asked.count, 6);
  t.equal(findings.canonical['lambda-edge'].count, 3, 'one of a.jpg, two of b.jpg');
  t.same(
    [...findings.widths],
    [
      [200, 4],
      [1000, 1],
    ],
  );
  t.equal(
    reportOf(findings),
    [
      'requests  query                     COMPAT=lambda-edge                         without',
      '       2  (none)                    original                                   the same',
      '       1  w=200&h=150               accepted w=200&h=150                       the same',
      '       1  h=150&w=200               accepted w=200&h=150                       the same',
      '       1  w=200&h=150&utm_source=x  accepted w=200&h=150 (without utm_source)  the same',
      '       1  w=200px&h=150             accepted w=200&h=150                       refused Bad option "w": expected a decimal number of at least 1, got "200px".',
      '       1  w=2000                    clamped w=1000                             the same',
      '',
      'Requests: 8. Lines that could not be read: 1; comments, empty ones and other methods: 2.',
      'Paths that cannot be an object key, which are 400: 1.',
      '',
      '                    original  accepted  clamped  refused  cache entries  saved',
      'COMPAT=lambda-edge         2         4        1        0              3  50.0 %',
      'without                    2         3        1        1              3  –',
      '',
      'Cache entries by URL as it came: 6.',
      'Widths in use: 2. A ladder: 200, 1000.',
      '',
    ].join('\n'),
  );
});

t.test('stays small, however many queries there are', async (t) => {
  const lines = Array.from(
    { length: 12_000 },
    (_, index) => `/a.jpg?w=${1 + (index % 1000)}&utm_source=\u001b[2J${index}`,
  );
  const findings = await checkUrls(chunksOf(lines), policy);
  t.match([findings.requests, findings.otherForms, findings.forms.size], [12_000, 2_000, 10_000]);
  const report = reportOf(findings);
  t.match(report, /\n2,000 requests had other or longer queries than these 10,000\.\n/);
  t.match(report, / w=1&utm_source=\?\[2J0 /, 'nothing of it moves the cursor of a terminal');
  const asked = { ...findings.asked, count: 123_456, isExact: false };
  t.match(reportOf({ ...findings, asked }), /\nCache entries by URL as it came: about 123,456\.\n/);
  const hugely = reportOf(await checkUrls(chunksOf([`/${'a'.repeat(50)}.jpg?x=${'y'.repeat(250)}`, '/%zz']), policy));
  t.match(hugely, / x=y{58}… +original \(without x\) +the same\n/);
  const many = reportOf(
    await checkUrls(chunksOf([`/a.jpg?${'abcdefghijkl'.split('').join('&')}`, `/a.jpg?${'x'.repeat(301)}`]), policy),
  );
  t.match(many, / original \(without a, b, c, d, e, f, g, h\) /);
  t.match(many, /\n1 requests had other or longer queries than these 1\.\n/);
  t.match(reportOf(await checkUrls(chunksOf([]), policy)), /Requests: 0\..+0\.0 %.+No widths are in use\.\n$/s);
});
