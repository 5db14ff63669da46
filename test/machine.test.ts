import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { startFaultProxy } from './support/fault-proxy.ts';
import { noise, SVG } from './support/pictures.ts';
import { runService } from './support/process.ts';
import { startS3Server } from './support/s3-server.ts';
import { ask, useS3 } from './support/service.ts';

/** What the service does with the machine below it: threads, look-ups of names, a disk that takes nothing. */

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
    const tasks = `/proc/${(await runService(t, env)).child.pid}/task`;
    const names = readdirSync(tasks).map((task) => nameOf(`${tasks}/${task}/comm`));
    return names.filter((name) => !name.startsWith('libvips')).length;
  };
  const [asPlanned, fixed] = [
    await threads({ WORKERS: '9' }),
    await threads({ WORKERS: '9', UV_THREADPOOL_SIZE: '4' }),
  ];
  t.equal(asPlanned - fixed, 9, 'nine workers: 13 threads where libuv by itself has 4');
});

async function transformsOf(managementUrl: string): Promise<{ running: number; done: number }> {
  const text = (await ask(managementUrl, 'GET', '/metrics')).body.toString();
  const values = (series: RegExp) => [...text.matchAll(series)].map(([, value]) => Number(value));
  return {
    running: values(/^lambent_admitted\{gate="workers"\} (\d+)$/gm)[0] ?? Number.NaN,
    done: values(/^lambent_transform_duration_seconds_count\{.*\} (\d+)$/gm).reduce((sum, value) => sum + value, 0),
  };
}

/** The service behind a name that has to be looked up for every connection, with a wire that can drop them. */
async function behindAName(t: Test, env: Record<string, string>) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const s3Env = useS3(t, s3);
  const wire = await startFaultProxy(t, s3.endpoint);
  const endpoint = wire.endpoint.replace('127.0.0.1', 'localhost');
  const service = await runService(t, { ...s3Env, AWS_ENDPOINT_URL_S3: endpoint, ...env });
  return { s3, wire, service };
}

t.test('while every worker is busy, names are looked up and objects read', async (t) => {
  const WORKERS = 4;
  const { s3, wire, service } = await behindAName(t, { WORKERS: String(WORKERS) });
  await s3.put('slow.jpg', await noise(2000, 1500).jpeg().toBuffer());
  await s3.put('other.txt', Buffer.from('other'));
  const slow = Array.from({ length: WORKERS }, (_, index) =>
    ask(service.url, 'GET', `/slow.jpg?w=${2000 - index}&f=avif`),
  );
  for (const answer of slow) answer.catch(() => {});
  while ((await transformsOf(service.managementUrl)).running < WORKERS);
  wire.drop();
  t.match(await ask(service.url, 'GET', '/other.txt'), { status: 200, body: Buffer.from('other') });
  t.same(await transformsOf(service.managementUrl), { running: WORKERS, done: 0 }, 'before any worker was free');
});

t.test('a disk that takes nothing is trouble of our own, not of the picture', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  // To be turned, its pixels are wanted in another order than they come: libvips keeps them all, on disk above a threshold.
  await noise(300, 200).withMetadata({ orientation: 6 }).webp().toFile(path.join(folder, 'turned.webp'));
  const broken = { VIPS_DISC_THRESHOLD: '1', TMPDIR: path.join(folder, 'missing') };
  const { url } = await runService(t, { ...broken, SOURCE: pathToFileURL(folder).href });
  const answer = await ask(url, 'GET', '/turned.webp?w=100');
  t.match(answer, { status: 500, headers: { 'cache-control': 'no-store' } });
  t.match(JSON.parse(answer.body.toString()), { error: { code: 'internal' } });
});

/** 700 bytes that keep a renderer busy for minutes. */
const BOMB = (() => {
  const steps = '<feGaussianBlur stdDeviation="900"/><feTurbulence numOctaves="10" baseFrequency="0.9"/>'.repeat(6);
  const filter = `<filter id="f" x="-1" y="-1" width="3" height="3">${steps}</filter>`;
  const size = 'width="8000" height="8000"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${filter}<rect ${size} filter="url(#f)"/></svg>`;
})();

function childrenOf(pid: number | undefined): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = processes.map((name) => nameOf(`/proc/${name}/stat`).split(') ')[1]?.split(' ')[1]);
  return parents.filter((parent) => parent === String(pid)).length;
}

t.test('a drawing that would keep a worker for minutes is given up, and its worker is free', { skip }, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'bomb.svg'), BOMB);
  await writeFile(path.join(folder, 'good.svg'), SVG);
  const { child, url } = await runService(t, {
    COMPAT: 'lambda-edge',
    WORKERS: '1',
    QUEUE_LENGTH: '0',
    DEADLINE_MS: '4000',
    SOURCE: pathToFileURL(folder).href,
  });
  const bomb = await ask(url, 'GET', '/bomb.svg?w=4000&f=png');
  t.match(bomb, { status: 422, headers: { 'cache-control': 'public, max-age=10, s-maxage=60' } });
  t.match(JSON.parse(bomb.body.toString()), { error: { code: 'too_complex' } });
  t.match(await ask(url, 'GET', '/good.svg?w=40&f=png'), { status: 200, headers: { 'content-type': 'image/png' } });
  while (childrenOf(child.pid) > 0);
  t.equal(child.exitCode, null);
});
