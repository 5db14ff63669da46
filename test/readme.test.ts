import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { readConfig } from '../src/config.ts';
import { ERRORS } from '../src/errors.ts';
import { OPTION_TEXTS } from '../src/request/option-texts.ts';
import { readSigned } from '../src/request/signature.ts';
import { isSigned } from '../src/signing-keys.ts';
import { VARIABLES } from '../src/variables.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const readme = await read('README.md');
const decisions = await read('docs/decisions.md');

function read(file: string): Promise<string> {
  return readFile(path.join(ROOT, file), 'utf8');
}

/** The cells of every row of the tables that have this header. */
function rowsUnder(header: string, markdown: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of markdown.split('\n')) {
    if (line === header) inside = true;
    else if (!line.startsWith('|')) inside = false;
    else if (inside && !/^[|\s-]+$/.test(line)) rows.push(cellsOf(line));
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** What README says of a default: as it would be set, but for what depends on the machine or is nothing. */
function defaultOf(name: string, schema: object): string {
  if (name === 'WORKERS') return 'available cores';
  return 'default' in schema && schema.default !== '' ? `\`${schema.default}\`` : '–';
}

/** Where the links and pictures of a document lead, without those to other sites and within the document. */
function relativeLinks(markdown: string): string[] {
  const links = [...markdown.matchAll(/\]\(([^)\s]+)\)|<img\s[^>]*?src="([^"]+)"/g)].map(
    ([, link, src]) => link ?? src,
  );
  return links.flatMap((link = '') => (/^(\w+:|#)/.test(link) ? [] : link.replace(/#.*/, '')));
}

t.test('CDNs are told of every option', async (t) => {
  const names = Object.keys(OPTION_TEXTS);
  t.match(readme, `${names.map((name) => `\`${name}\``).join(', ')}.`);
  const nginx = await read('edge/nginx/lambent.conf');
  t.match(nginx, `(${names.slice(names.indexOf('dl')).join('|')})=`, 'by which it tells originals');
  t.match(nginx, 'js_import lambent from conf.d/lambent.js;', 'which knows them all');
  const [, patience] = /proxy_read_timeout (\d+)s;/.exec(nginx) ?? [];
  t.ok(Number(patience) * 1000 > readConfig({}, 'file:///samples').deadlineMs, 'and it waits longer than the service');
});

t.test('README has the options of the code', (t) => {
  const expected = Object.entries(OPTION_TEXTS).map(([name, row]) => [
    `\`${name}\``,
    row.doc,
    row.expected,
    row.default,
  ]);
  t.same(rowsUnder('| option | meaning | values | default |', readme), expected);
  t.end();
});

t.test('README has the variables of the code', (t) => {
  const expected = Object.entries(VARIABLES).map(([name, { schema, doc }]) => [
    `\`${name}\``,
    defaultOf(name, schema),
    doc,
  ]);
  t.same(rowsUnder('| variable | default | meaning |', readme), expected);
  t.end();
});

t.test('README has the status of every error', (t) => {
  const statuses = rowsUnder('| outcome | status | Cache-Control |', readme).flatMap(([, status = '']) =>
    status.split(', '),
  );
  for (const [code, { status }] of Object.entries(ERRORS))
    t.ok(statuses.includes(String(status)), `${code}: ${status}`);
  t.end();
});

t.test('the signatures in the documents are those of the service', async (t) => {
  const [, hex = ''] = /With the key `([0-9a-f]{64})`/.exec(await read('docs/signing.md')) ?? [];
  const key = { id: 'k1', secret: Buffer.from(hex, 'hex') };
  const rows = rowsUnder('| URL | signed text | `sig` |', await read('docs/signing.md'));
  t.equal(rows.length, 3);
  for (const cells of rows) {
    const [url = '', text = '', sig = ''] = cells.map((cell) => cell.slice(1, -1).replaceAll('\\n', '\n'));
    const signed = readSigned(`${url}&sig=${sig}`);
    t.equal(signed.value?.text, text);
    t.ok(isSigned(text, sig, key), url);
  }
});

const LIMITS: readonly (keyof typeof VARIABLES)[] = [
  'MAX_SOURCE_BYTES',
  'MAX_SOURCE_PIXELS',
  'MAX_FRAMES',
  'MAX_WIDTH',
  'MAX_HEIGHT',
  'AVIF_MAX_PIXELS',
  'DEADLINE_MS',
  'WORKERS',
  'QUEUE_LENGTH',
  'CACHE_MEMORY_BYTES',
  'CACHE_ORIGINALS_BYTES',
  'CACHE_STORE_BYTES',
  'SOURCE_REDIRECTS',
  'UPLOADS_MAX_BYTES',
  'UPLOADS_PER_MINUTE',
];

t.test('SECURITY.md has every limit, and a test for every threat', async (t) => {
  const security = await read('SECURITY.md');
  const limits = rowsUnder('| limit | default | above it |', security).map(([, value = '']) => value);
  for (const name of LIMITS)
    t.ok(
      limits.some((value) => value.includes(`\`${name}\``)),
      name,
    );
  const files = (await readdir(path.join(ROOT, 'test/security'))).map((file) => read(`test/security/${file}`));
  const tests = [...(await Promise.all(files)).join().matchAll(/t\.test\(\s*'(T\d\d) /g)].map(([, threat]) => threat);
  const threats = rowsUnder('| | threat | what holds |', security).flatMap(([ids = '']) => threatsIn(ids));
  t.same([...new Set(tests)].sort(), threats.toSorted());
  t.equal(threats.length, 34);
});

/** `T03, T04` and `T09–T12`, in full. */
function threatsIn(ids: string): string[] {
  return ids.split(', ').flatMap((part) => {
    const [first = 0, last = first] = part.split('–').map((id) => Number(id.slice(1)));
    return Array.from({ length: last - first + 1 }, (_, index) => `T${String(first + index).padStart(2, '0')}`);
  });
}

t.test('README has the two commands', (t) => {
  const lines = readme.split('\n');
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) t.ok(lines.includes(command), command);
  t.end();
});

t.test('links lead to files', async (t) => {
  const docs = (await readdir(path.join(ROOT, 'docs'))).filter((file) => file.endsWith('.md'));
  const edges = ['cloudflare', 'cloudfront', 'nginx'].map((edge) => `edge/${edge}/README.md`);
  for (const document of ['README.md', 'CONTRIBUTING.md', ...edges, ...docs.map((file) => `docs/${file}`)]) {
    for (const link of relativeLinks(await read(document))) {
      const file = path.join(ROOT, path.dirname(document), link);
      await t.resolves(access(file), `${document} -> ${link}`);
    }
  }
  t.ok(relativeLinks(readme).includes('samples/harbour.jpg'), 'and README shows a picture');
});

t.test('each dependency is argued for', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(await read('package.json')) as Record<string, object>;
  const rows = rowsUnder('| dependency | what it does for us, over what |', decisions);
  const names = Object.keys({ ...dependencies, ...devDependencies }).map((name) => `\`${name}\``);
  t.same(rows.map(([name]) => name).sort(), names.sort());
  t.ok(rows.every(([, reason = '']) => reason.length > 20));
});
