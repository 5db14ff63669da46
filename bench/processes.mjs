import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const STOP_LIMIT_MS = 5_000;
const running = new Set();

process.once('exit', () => {
  for (const child of running) child.kill('SIGINT');
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    process.stderr.write(`Ended by ${signal}.\n`);
    process.exit(130);
  });
}

/** Starts a program that does not outlive this one. With a core, it runs on that one alone. */
export function start(command, args, { core, env, stdio }) {
  const line = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
  const child = spawn(line[0], line.slice(1), { env: { ...process.env, ...env }, stdio });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts a program that says in its first line, as JSON, where it listens. */
export async function startServer(command, args, options) {
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${[command, ...args].join(' ')} ended with ${code} before it listened.`);
  });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => {});
  return { child, pid: child.pid, stop: () => stop(child), said: JSON.parse(line) };
}

/** By SIGINT, which ends at once what would drain first at SIGTERM. */
export async function stop(child) {
  if (!running.has(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}

/** A port that nobody listens on now, for programs that do not say which one they got. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What a program prints; undefined when it cannot be started or fails. */
export async function outputOf(command, args, { errors = 'ignore', ...options } = {}) {
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', errors] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const code = await new Promise((resolve) => {
    child.once('error', () => {
      running.delete(child);
      resolve(-1);
    });
    child.once('close', resolve);
  });
  return code === 0 ? Buffer.concat(chunks).toString() : undefined;
}

/** Two cores that processes can be kept on, or none: without `taskset`, or with one core. */
export async function findCores() {
  if (process.platform !== 'linux') return [];
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const works = (await outputOf('taskset', ['-c', String(cores[0]), 'true'])) !== undefined;
  return works && cores.length > 1 ? cores.slice(0, 2) : [];
}
