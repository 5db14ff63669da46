import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { ask } from './service.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };

/**
 * What starts Node.js, and a program after it, without tap's loaders: they take as long as Node.js and the program's modules
 * together, 0.6 s of processor time. `env` takes them away, since tap puts them into whatever it sees started.
 */
export const PLAIN_NODE = ['env', '-u', 'NODE_OPTIONS', process.execPath] as const;

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly managementUrl: string;
  /** Everything printed until the service listened. */
  readonly printed: string;
}

/** Runs what `npm start` runs, on free ports. */
export function spawnService(env: Record<string, string>, ...args: string[]): ChildProcess {
  const [command = '', ...start] = scripts.start.split(' ');
  const { NODE_ENV: _, ...inherited } = process.env;
  const [file = '', ...before] = command === 'node' ? PLAIN_NODE : [command];
  return spawn(file, [...before, ...start, ...args], {
    cwd: ROOT,
    env: { ...inherited, PORT: '0', MANAGEMENT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The service as a process of its own, once it is ready; it ends with the test. */
export async function runService(t: Test, env: Record<string, string>, ...args: string[]): Promise<Running> {
  const child = spawnService(env, ...args);
  t.teardown(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout?.setEncoding('utf8');
  while (!/"?management"?:? +\S|"management":/.test(printed)) printed += (await once(child.stdout ?? child, 'data'))[0];
  // Nobody reads on: a log that fills the pipe would be in the process's memory.
  child.stdout?.resume();
  const urlOf = (name: string) => new RegExp(`"?${name}"?[: ]+"?(http://[^"\\s]+)`).exec(printed)?.[1] ?? '';
  const running = { child, printed, url: urlOf('images'), managementUrl: urlOf('management') };
  while ((await ask(running.managementUrl, 'GET', '/readyz')).status !== 200);
  return running;
}

/** Resident memory of a process in bytes: now, or the most since the mark was reset; 0 where the system does not tell. */
export function memoryOf(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): number {
  if (process.platform !== 'linux') return 0;
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
