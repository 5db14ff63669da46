import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { bundleEdge } from './edge.ts';
import { isExecutable } from './executable.ts';
import { ROOT } from './process.ts';

/** What a user copies to /etc/nginx/conf.d/. */
export const CONFIGURATION = path.join(ROOT, 'edge/nginx/lambent.conf');
export const BINARY = ['/usr/sbin', ...(process.env.PATH ?? '').split(path.delimiter)]
  .map((folder) => path.join(folder, 'nginx'))
  .find(isExecutable);
export const MODULE = moduleFile();

/** What Debian's package loads. */
function moduleFile(): string | undefined {
  if (BINARY === undefined) return undefined;
  const [, folder] = /--modules-path=(\S+)/.exec(spawnSync(BINARY, ['-V'], { encoding: 'utf8' }).stderr) ?? [];
  const file = path.join(folder ?? '', 'ngx_http_js_module.so');
  return existsSync(file) ? file : undefined;
}

export interface NginxOptions {
  /** How long an answer is kept, for the 4s of the configuration. */
  readonly fresh?: string;
  /** What a user may be told to change: texts of the file, and others for them. */
  readonly edits?: Readonly<Record<string, string>>;
  /** What lambent.js is built with: what the service has of it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of what is built. */
  readonly script?: string;
}

/** A folder with all that nginx reads and writes, and the arguments that it starts with. */
export async function prepare(url: string, port: number, { fresh = '1h', edits = {}, env = {}, script }: NginxOptions) {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-nginx-'));
  for (const name of ['cache', 'conf.d']) await mkdir(path.join(folder, name));
  const changes = {
    ...edits,
    '127.0.0.1:8080': `127.0.0.1:${port}`,
    'server 127.0.0.1:3000;': `server ${new URL(url).host};`,
    '/var/cache/lambent ': `${folder}/cache `,
    '422 4s;': `422 ${fresh};`,
  };
  await writeFile(path.join(folder, 'conf.d/lambent.js'), script ?? (await scriptFor(env)));
  await writeFile(path.join(folder, 'conf.d/lambent.conf'), changed(await readFile(CONFIGURATION, 'utf8'), changes));
  await writeFile(path.join(folder, 'nginx.conf'), around(folder));
  return { folder, args: ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`] };
}

const scripts = new Map<string, Promise<string>>();

/** What `npm run build` writes with these variables; each is written once. */
function scriptFor(env: Readonly<Record<string, string>>): Promise<string> {
  const known = scripts.get(JSON.stringify(env)) ?? bundleEdge('nginx', readEdgePolicy(env));
  scripts.set(JSON.stringify(env), known);
  return known;
}

/** Each text occurs once, or the file has changed and a test would run with another configuration than it says. */
function changed(text: string, changes: Readonly<Record<string, string>>): string {
  for (const [from, to] of Object.entries(changes)) {
    if (text.split(from).length !== 2) throw new Error(`${CONFIGURATION} does not have "${from}" once.`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** What Debian has in nginx.conf, with nothing outside the folder. Two workers, as one would not share anything. */
function around(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    load_module ${MODULE};
    daemon off;
    worker_processes 2;
    ${process.getuid?.() === 0 ? `user ${userInfo().username};` : ''}
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log warn;
    events { worker_connections 1024; }
    http {
      access_log off;
      gzip on;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      include ${folder}/conf.d/*.conf;
    }`;
}
