import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort, outputOf, start, stop } from '../processes.mjs';

const LISTEN_LIMIT_MS = 5_000;

/** nginx with one worker that serves the files of a folder; undefined when it is not installed. */
export async function startNginx(folder, { core }) {
  if ((await outputOf('nginx', ['-v'])) === undefined) return undefined;
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port));
  const child = start('nginx', ['-e', 'stderr', '-c', file], { core, stdio: ['ignore', 'ignore', 'inherit'] });
  await listening(port);
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

function configuration(folder, port) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    worker_processes 1;
    ${process.getuid?.() === 0 ? `user ${userInfo().username};` : ''}
    pid ${folder}/nginx.pid;
    error_log stderr warn;
    events { worker_connections 1024; }
    http {
      access_log off;
      sendfile on;
      tcp_nopush on;
      open_file_cache max=16;
      keepalive_requests 1000000000;
      default_type image/jpeg;
      ${temporary.map((name) => `${name}_temp_path ${folder}/nginx-${name};`).join('\n      ')}
      server { listen 127.0.0.1:${port}; root ${folder}; }
    }`;
}

async function listening(port) {
  const started = performance.now();
  while (performance.now() - started < LISTEN_LIMIT_MS) {
    const socket = connect(port, '127.0.0.1');
    const [isOpen] = await Promise.race([
      once(socket, 'connect').then(() => [true]),
      once(socket, 'close').then(() => [false]),
    ]).catch(() => [false]);
    socket.destroy();
    if (isOpen) return;
    await setTimeout(50);
  }
  throw new Error('nginx does not listen.');
}
