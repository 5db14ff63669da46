import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { PLAIN_NODE, ROOT } from './support/process.ts';
import { inSeconds, SIGNING_KEYS, signatureOf } from './support/signing.ts';

const URLS = '/a.jpg?w=200&h=150\n/a.jpg?h=150&w=200\n/a.jpg?w=5000\n';
const SUMMARY = /\n +1 {2}h=150&w=200 {2}accepted w=200&h=150 {2}the same\n.+\nCache entries by URL as it came: 3\.\n/s;

function start(args: readonly string[], { input = '', env = {} } = {}) {
  const [file, ...node] = PLAIN_NODE;
  const child = spawn(file, [...node, 'dist/cli.js', ...args], { cwd: ROOT, env: { ...process.env, ...env } });
  child.stdin.end(input);
  return child;
}

/** What `lambent …` prints, and how it ends. */
async function lambent(args: readonly string[], options: Parameters<typeof start>[1] = {}) {
  const child = start(args, options);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code };
}

t.test('check-url reads a file, a packed one, or what it is given', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const [plain, packed] = ['urls.txt', 'urls.gz'].map((name) => path.join(folder, name)) as [string, string];
  await Promise.all([writeFile(plain, URLS), writeFile(packed, gzipSync(URLS))]);
  for (const [file, input] of [
    [plain, ''],
    [packed, ''],
    ['-', URLS],
  ] as const) {
    const { out, err, code } = await lambent(['check-url', file], { input });
    t.match(out, SUMMARY, file);
    t.equal(err, '', 'a bar is for terminals');
    t.equal(code, 0);
  }
});

t.test('check-url takes several files together', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const files = ['one.txt', 'two.txt'].map((name) => path.join(folder, name));
  for (const file of files) await writeFile(file, '/a.jpg?w=200');
  const { out } = await lambent(['check-url', ...files]);
  t.match(out, /\n +2 {2}w=200 /);
  t.match(out, /\nCache entries by URL as it came: 1\.\n/);
});

t.test('check-url goes by the limits of the service', async (t) => {
  const limits = { MAX_WIDTH: '100', DEFAULT_OPTIONS: 'f=auto', NODE_ENV: 'production' };
  const { out } = await lambent(['check-url', '-'], { input: URLS, env: limits });
  t.match(out, / {2}clamped w=100&h=75&f=auto {2}/);
});

t.test('says what is wrong in one line', async (t) => {
  const cases: readonly [readonly string[], object, number, RegExp][] = [
    [['check-url', '/missing.log'], {}, 1, /^lambent: ENOENT.+\n$/],
    [['check-url', ROOT], {}, 1, /^lambent: EISDIR.+\n$/],
    [['check-url', '-'], { MAX_WIDTH: 'x' }, 1, /^lambent: MAX_WIDTH is "x"; expected a whole number.+\n$/],
    [['check-url', path.join(ROOT, 'samples/none.gz')], {}, 1, /^lambent: ENOENT.+\n$/],
    [[], {}, 2, /^Usage: lambent check-url FILE\.\.\.\n/],
    [['check-url'], {}, 2, /^Usage: /],
    [['constructor', 'x'], {}, 2, /^Usage: /],
  ];
  for (const [args, env, code, said] of cases) {
    const ended = await lambent(args, { env });
    t.equal(ended.code, code, args.join(' '));
    t.match(ended.err, said);
  }
});

t.test('a reader who has seen enough ends it quietly', async (t) => {
  const input = Array.from({ length: 9000 }, (_, index) => `/a.jpg?w=5&x=${index}\n`).join('');
  const child = start(['check-url', '-'], { input });
  child.stdout.once('data', () => child.stdout.destroy());
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.same({ err, code }, { err: '', code: 0 });
});

t.test('tags prints what an object is purged by', async (t) => {
  const { out, err, code } = await lambent(['tags', 'a/b/photo.jpg', 'ä.jpg']);
  t.same([err, code], ['', 0]);
  t.match(
    out,
    /^69951fdf812773e1 {2}a\/b\/photo\.jpg\nff3b4c420a398ea4 {2}a\/b\/\nb3dda5b674f9ce73 {2}a\/\n[0-9a-f]{16} {2}ä\.jpg\n$/,
  );
  const bad = await lambent(['tags', 'a.jpg', '/b.jpg']);
  t.match(bad, { out: '', err: 'lambent: "/b.jpg": expected no empty segment\n', code: 1 });
  t.match(await lambent(['tags']), { err: /^Usage: .*lambent tags KEY/s, code: 2 });
});

t.test('sign prints URLs that the service accepts', async (t) => {
  const env = { SIGNING_KEYS };
  const url = 'https://img.example/a%20b.jpg?w=200&h=150';
  const { out, err, code } = await lambent(['sign', url, '/a.jpg'], { env });
  t.equal(err, '');
  t.equal(code, 0);
  const sigs = [signatureOf('a%20b.jpg\nh=150&kid=new&w=200'), signatureOf('a.jpg\nkid=new')];
  t.equal(out, `${url}&kid=new&sig=${sigs[0]}\n/a.jpg?kid=new&sig=${sigs[1]}\n`);
  const ending = await lambent(['sign', '--expires', '3600', '/a.jpg'], { env: { ...env, SIGNING: 'off' } });
  const [, exp, sig] = /^\/a\.jpg\?kid=new&exp=(\d+)&sig=(.+)\n$/.exec(ending.out) ?? [];
  t.ok(Math.abs(Number(exp) - inSeconds(3600)) < 60);
  t.equal(sig, signatureOf(`a.jpg\nexp=${exp}&kid=new`));
  for (const [operands, complaint, given] of [
    [['/a.jpg'], /^lambent: SIGNING_KEYS is not set; expected up to 16 keys/, {}],
    [['--expires', '0', '/a.jpg'], /^lambent: --expires is "0"; expected whole seconds from 1 to /, env],
    [['--expires', '1h', '/a.jpg'], /^lambent: --expires is "1h"/, env],
    [['--expires', '9999999999', '/a.jpg'], /^lambent: --expires is "9999999999"/, env],
    [['--for', '1', '/a.jpg'], /^lambent: Unknown option '--for'/, env],
    [['/a.jpg?w=x'], /^lambent: Bad option "w"/, env],
  ] as const) {
    t.match(await lambent(['sign', ...operands], { env: given }), { err: complaint, code: 1, out: '' });
  }
});
