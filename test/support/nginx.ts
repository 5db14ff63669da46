import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { BINARY, MODULE, type NginxOptions, prepare } from './nginx-files.ts';
import { type Answer, ask, type Service } from './service.ts';

const MISSING =
  'nginx or its module http_js is not installed: apt-get install --no-install-recommends nginx-light libnginx-mod-http-js';
/** `t.test` where nginx is installed. Elsewhere the file is skipped, in one line, or fails with REQUIRE_NGINX=1. */
export function testsWithNginx(t: Test): (name: string, run: (t: Test) => Promise<void>) => void {
  if (MODULE !== undefined) return (name, run) => void t.test(name, run);
  if (process.env.REQUIRE_NGINX === '1') t.fail(MISSING);
  else t.plan(0, MISSING);
  return () => {};
}

export interface Nginx {
  readonly url: string;
  get(target: string, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, target: string, headers?: Record<string, string>): Promise<Answer>;
  /** Asks until nginx says something else than HIT of it. */
  expired(target: string): Promise<Answer>;
  /** How many answers it has kept. */
  entries(): Promise<number>;
}

/** For a service that asks the source every time, so that what is old can only be nginx's. */
export const ALWAYS_ASKING = { ORIGINAL_FRESH_MS: '0', ORIGINAL_STALE_MS: '0', ORIGINAL_STALE_IF_ERROR_MS: '0' };

/** For a test that waits until an answer has had its time. */
export const A_SECOND: NginxOptions = { fresh: '1s' };

/** What nginx says its cache did. */
export const xCache = ({ headers }: Answer) => headers['x-cache'];

const POLL_MS = 20;

/** nginx with the configuration a user copies, before the service at `url`; it ends with the test. */
export async function startNginx(t: Test, { url }: { readonly url: string }, options: NginxOptions = {}) {
  const port = await freePort();
  const { folder, args } = await prepare(url, port, options);
  const child = spawn(BINARY ?? '', args, { stdio: 'ignore' });
  const stop = () => child.kill('SIGTERM');
  // A test that runs out of time has no teardown.
  process.once('exit', stop);
  t.teardown(async () => {
    process.off('exit', stop);
    await end(t, child, folder);
  });
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${await errorLog(folder)}`);
    await setTimeout(POLL_MS);
  }
  const nginxUrl = `http://127.0.0.1:${port}`;
  const send: Nginx['send'] = (method, target, headers) => ask(nginxUrl, method, target, headers);
  const nginx: Nginx = {
    url: nginxUrl,
    send,
    get: (target, headers) => send('GET', target, headers),
    async expired(target) {
      let answer = await nginx.get(target);
      while (answer.headers['x-cache'] === 'HIT') {
        await setTimeout(POLL_MS);
        answer = await nginx.get(target);
      }
      return answer;
    },
    async entries() {
      const entries = await readdir(path.join(folder, 'cache'), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    },
  };
  return nginx;
}

/** What `nginx -t` says of the configuration. */
export async function checkNginx(t: Test): Promise<string> {
  const { folder, args } = await prepare('http://127.0.0.1:3000', await freePort(), {});
  t.teardown(() => rm(folder, { recursive: true }));
  return (await promisify(execFile)(BINARY ?? '', ['-t', ...args])).stderr;
}

async function end(t: Test, child: ChildProcess, folder: string): Promise<void> {
  // The master takes its workers along; killed, it could not.
  const hasEnded = child.exitCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGTERM');
  await hasEnded;
  if (!t.passing()) process.stderr.write(`${await errorLog(folder)}\n`);
  await rm(folder, { recursive: true });
}

function errorLog(folder: string): Promise<string> {
  return readFile(path.join(folder, 'error.log'), 'utf8').catch(() => 'no log');
}

/** Below those that the system gives to connections, so that nothing takes it before who it is for, or in between. */
export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const server = createServer();
  if (!(await happens(server.listen(port, '127.0.0.1'), 'listening'))) return await freePort();
  await promisify(server.close.bind(server))();
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await happens(socket, 'connect');
  socket.destroy();
  return isOpen;
}

/** Whether an event comes, and no error before it. */
function happens(emitter: EventEmitter, event: string): Promise<boolean> {
  return once(emitter, event).then(
    () => true,
    () => false,
  );
}

export interface Arrival {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What arrives at the service from now on, before anything is made of it. */
export function arrivalsAt({ app }: Service): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  app.publicApp.server.prependListener('request', ({ method = '', url = '', headers }: IncomingMessage) => {
    arrivals.push({ method, url, headers });
  });
  return arrivals;
}
