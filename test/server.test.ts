import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { png } from './support/pictures.ts';
import { ask } from './support/service.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly managementUrl: string;
  /** Everything printed until the service listened. */
  readonly printed: string;
}

/** Runs what `npm start` runs, on free ports. */
function spawnService(env: Record<string, string>, ...args: string[]): ChildProcess {
  const [command = '', ...start] = scripts.start.split(' ');
  const { NODE_ENV: _, ...inherited } = process.env;
  return spawn(command === 'node' ? process.execPath : command, [...start, ...args], {
    cwd: ROOT,
    // What a child of Node.js 24 says of the functions in dist would count against those of src.
    env: { ...inherited, _TAPJS_PROCESSINFO_COVERAGE_: '0', PORT: '0', MANAGEMENT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function run(t: Test, env: Record<string, string>, ...args: string[]): Promise<Running> {
  const child = spawnService(env, ...args);
  t.teardown(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout?.setEncoding('utf8');
  while (!/"?management"?:? +\S|"management":/.test(printed)) printed += (await once(child.stdout ?? child, 'data'))[0];
  const urlOf = (name: string) => new RegExp(`"?${name}"?[: ]+"?(http://[^"\\s]+)`).exec(printed)?.[1] ?? '';
  const running = { child, printed, url: urlOf('images'), managementUrl: urlOf('management') };
  while ((await ask(running.managementUrl, 'GET', '/readyz')).status !== 200);
  return running;
}

/** How a process ends that is not to start, and what it says. */
async function failure(env: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawnService(env);
  const [said, [code]] = await Promise.all([child.stderr ? text(child.stderr) : '', once(child, 'exit')]);
  return { code, said };
}

t.test('with nothing set it serves the samples and prints addresses to try', async (t) => {
  const { child, printed, url } = await run(t, {});
  t.match(printed, /images +http:\/\/127\.0\.0\.1:\d+\n/);
  t.match(printed, /management +http:\/\/127\.0\.0\.1:\d+\n/);
  t.match(printed, /originals +file:\/\/\/.+\/samples\n/);
  t.match(printed, /limits +originals 25 MiB and 50\.0 MP, .+deadline 12 s/);
  const addresses = printed.split('Try:')[1]?.match(/(?<=^ {2})http:\S+/gm) ?? [];
  t.equal(addresses.length, 3);
  for (const address of addresses) {
    t.ok(address.startsWith(url));
    t.match(await ask(url, 'GET', address.slice(url.length)), { status: 200, headers: { 'content-type': /^image\// } });
  }
  child.kill('SIGINT');
  t.equal((await once(child, 'exit'))[0], 0, 'ends on Ctrl-C');
});

t.test('serves the folder that it is given, as seen from where the person is', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'mine.png'), await png(40, 30));
  const { child, printed, url } = await run(
    t,
    { DRAIN_DELAY_MS: '0', INIT_CWD: path.dirname(folder) },
    path.basename(folder),
  );
  t.notMatch(printed, /Try:/);
  t.equal((await ask(url, 'GET', '/mine.png?w=10')).status, 200);
  child.kill('SIGTERM');
  t.equal((await once(child, 'exit'))[0], 0);
});

t.test('a second SIGTERM ends a drain at once', async (t) => {
  const { child, managementUrl } = await run(t, { DRAIN_DELAY_MS: '60000' });
  child.kill('SIGTERM');
  while ((await ask(managementUrl, 'GET', '/readyz')).status !== 503);
  child.kill('SIGTERM');
  t.equal((await once(child, 'exit'))[0], 1);
});

t.test('in production says it in one line of JSON, and ends on other signals too', async (t) => {
  const folder = path.join(ROOT, 'samples');
  const { child, printed } = await run(t, { NODE_ENV: 'production', HOST: '127.0.0.1', INIT_CWD: '' }, folder);
  const lines = printed.trim().split('\n');
  const start = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'listening');
  t.match(start, { images: /^http/, management: /^http/, originals: /^file:/, limits: String });
  child.kill('SIGHUP');
  t.equal((await once(child, 'exit'))[0], 0);
});

t.test('a bad configuration stops the start in one line', async (t) => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{ PORT: 'abc' }, /^PORT is "abc"; expected a port from 0 to 65535\.\n$/],
    [{ NODE_ENV: 'production' }, /^SOURCE is not set; expected file:\/\/\/folder or s3:\/\/bucket\/prefix\.\n$/],
  ];
  for (const [env, message] of cases) {
    const { code, said } = await failure(env);
    t.equal(code, 1);
    t.match(said, message);
  }
});

/** The name of a thread; libvips has some of its own that come and go, so one may be gone when its turn comes. */
function nameOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return 'libvips';
  }
}

const skip = process.platform === 'linux' ? false : 'threads are counted in /proc';

t.test('the thread pool has a thread for each worker and four more', { skip }, async (t) => {
  const threads = async (env: Record<string, string>) => {
    const tasks = `/proc/${(await run(t, env)).child.pid}/task`;
    const names = readdirSync(tasks).map((task) => nameOf(`${tasks}/${task}/comm`));
    return names.filter((name) => !name.startsWith('libvips')).length;
  };
  const [asPlanned, fixed] = [
    await threads({ WORKERS: '9' }),
    await threads({ WORKERS: '9', UV_THREADPOOL_SIZE: '4' }),
  ];
  t.equal(asPlanned - fixed, 9, 'nine workers: 13 threads where libuv by itself has 4');
});
