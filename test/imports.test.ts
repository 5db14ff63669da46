import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';

const ROOT = path.resolve(import.meta.dirname, '..');
const BIOME = path.join(ROOT, 'node_modules/.bin/biome');

/** What a file in each place may import and what not, as docs/architecture.md says. */
const RULES: readonly {
  readonly place: string;
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}[] = [
  { place: 'formats.ts', allowed: [], refused: ['./errors.ts', 'node:fs', 'sharp'] },
  { place: 'abort.ts', allowed: [], refused: ['./errors.ts', 'node:events'] },
  { place: 'errors.ts', allowed: [], refused: ['./formats.ts', 'fastify'] },
  {
    place: 'request/x.ts',
    allowed: ['./y.ts', '../formats.ts'],
    refused: ['../errors.ts', '../config.ts', 'node:crypto', 'sharp'],
  },
  {
    place: 'client/x.ts',
    allowed: ['./y.ts', '../request/y.ts', '../formats.ts'],
    refused: ['../errors.ts', '../config.ts', 'node:crypto', 'next', 'astro'],
  },
  {
    place: 'sources/x.ts',
    allowed: ['./y.ts', '../errors.ts', '../request/y.ts', 'mime'],
    refused: ['../cache/y.ts', '../config.ts', 'fastify'],
  },
  {
    place: 'cache/x.ts',
    allowed: ['../formats.ts', 'lru-cache'],
    refused: ['../sources/y.ts', '../render/y.ts', '@fastify/cors'],
  },
  {
    place: 'transform/x.ts',
    allowed: ['../request/y.ts', 'sharp'],
    refused: ['../cache/y.ts', '../http/y.ts', '../app.ts'],
  },
  {
    place: 'uploads/x.ts',
    allowed: ['./y.ts', '../request/y.ts', '../s3-error.ts', '../signing-keys.ts', 'jose'],
    refused: ['../sources/y.ts', '../render/y.ts', '../config.ts', 'fastify', '@fastify/multipart'],
  },
  {
    place: 'render/x.ts',
    allowed: ['../sources/y.ts', '../transform/y.ts', '../cache/y.ts', '../uploads/y.ts'],
    refused: ['../http/y.ts', '../config.ts', 'fastify'],
  },
  {
    place: 'purge/x.ts',
    allowed: ['./y.ts', '../cache/y.ts', '@aws-sdk/client-sqs'],
    refused: ['../render/y.ts', '../config.ts', 'fastify'],
  },
  {
    place: 'http/x.ts',
    allowed: ['fastify', '../render/y.ts'],
    refused: ['../config.ts', '../app.ts', '../server.ts'],
  },
  {
    place: 'commands/x.ts',
    allowed: ['./y.ts', '../request/y.ts', 'node:crypto'],
    refused: ['../config.ts', '../http/y.ts', 'fastify', 'sharp'],
  },
  {
    place: 'client.ts',
    allowed: ['./client/y.ts'],
    refused: ['./client/responsive.ts', './request/y.ts', 'node:crypto', 'parse5'],
  },
  {
    place: 'client/x.ts',
    allowed: ['./y.ts', '../request/y.ts', '../formats.ts'],
    refused: ['./responsive.ts', './stored-html.ts', '../errors.ts', 'node:crypto', 'parse5', 'sharp'],
  },
  {
    place: 'client/stored-x.ts',
    allowed: ['./y.ts', './stored-y.ts', '../request/y.ts', 'parse5'],
    refused: ['../errors.ts', 'node:fs', 'sharp'],
  },
  { place: 'telemetry/x.ts', allowed: ['pino'], refused: ['fastify'] },
];

/** The imports that the linter refuses in a file that has all of the given ones. */
async function refusedIn(folder: string, place: string, imports: readonly string[]): Promise<string[]> {
  const file = path.join(folder, 'src', place);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, imports.map((from, index) => `import * as i${index} from '${from}';\n`).join(''));
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', `--config-path=${folder}`, file];
  const { stdout } = await promisify(execFile)(BIOME, args, { cwd: folder }).catch(
    (failed: { stdout: string }) => failed,
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { start: { line: number } } }[] };
  return diagnostics.map(({ location }) => imports[location.start.line - 1] ?? 'nowhere');
}

t.test('the linter keeps imports running one way', async (t) => {
  await mkdir(path.join(ROOT, '.tap'), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, '.tap', 'imports-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const config = JSON.parse(await readFile(path.join(ROOT, 'biome.json'), 'utf8'));
  await writeFile(path.join(folder, 'biome.json'), JSON.stringify({ ...config, root: true, vcs: undefined }));
  for (const { place, allowed, refused } of RULES) {
    t.same(await refusedIn(folder, place, [...allowed, ...refused]), refused, place);
  }
});

t.test('every source loads, so that coverage counts every file', async (t) => {
  const files = (await readdir(path.join(ROOT, 'src'), { recursive: true })).filter((file) => file.endsWith('.ts'));
  t.ok(files.length > 40);
  for (const file of files.filter(
    (name) => !['server.ts', 'cli.ts', 'bucket-cli.ts', 'drawing-process.ts'].includes(name),
  )) {
    t.ok(await import(path.join(ROOT, 'src', file)), file);
  }
});
