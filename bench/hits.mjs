import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './figures.mjs';
import { makeOriginals } from './pictures.mjs';
import { cpuSeconds } from './proc.mjs';
import { findCores, outputOf, startServer } from './processes.mjs';
import { startService } from './service.mjs';
import { startNginx } from './yardsticks/nginx.mjs';

const CLIENT = fileURLToPath(new URL('./load.mjs', import.meta.url));
const BARE_FASTIFY = fileURLToPath(new URL('./yardsticks/fastify.mjs', import.meta.url));
const BODY_BYTES = 20_000;
const CONNECTIONS = [20, 100];
// Compiling the hot path takes some 30,000 requests; before that one costs several times as much.
const WARM_UP_SECONDS = 5;

const COLUMNS = [
  ['server', 'server'],
  ['connections', 'connections', 0],
  ['requests /s', 'rate', 0],
  ['of bare Fastify', 'ratio', 2],
  ['CPU µs', 'cpuUs', 1],
  ['core busy %', 'busy', 0],
  ['p99 ms', 'p99', 1],
];

/** One variant from memory, each server on one core and the client on another. */
export async function hits({ folder, rounds, seconds, progress }) {
  await makeOriginals(folder);
  const [serverCore, clientCore] = await findCores();
  const { servers, bytes, stop } = await startServers(folder, serverCore);
  const runs = [];
  try {
    for (const { url } of servers) await load(url, CONNECTIONS[0], WARM_UP_SECONDS, clientCore);
    for (let round = 0; round < rounds; round++) {
      progress(`hits, round ${round + 1} of ${rounds}`);
      for (const connections of CONNECTIONS) {
        for (const server of servers) runs.push(await measure(server, { connections, seconds, clientCore }));
      }
    }
  } finally {
    await stop();
  }
  const title = `Hits: one variant of ${(bytes / 1024).toFixed(1)} KB (target: service ≥ 20000 /s on one core)`;
  return { title, columns: COLUMNS, records: summarise(runs, servers), notes: notesOn(servers, serverCore) };
}

/** All that are compared: with the same bytes, at work one after the other. */
async function startServers(folder, core) {
  const service = await startService(folder, { core });
  const hot = await findHot(service.url);
  const file = path.join(folder, 'hot.jpg');
  await writeFile(file, hot.body);
  const fastify = await startServer(process.execPath, [BARE_FASTIFY, file, 'image/jpeg'], { core });
  const nginx = await startNginx(folder, { core });
  const servers = [
    { server: 'service', pid: service.pid, url: service.url + hot.path },
    { server: 'bare Fastify', pid: fastify.pid, url: `${fastify.said.url}/hot.jpg` },
    ...(nginx ? [{ server: 'nginx', pid: nginx.pid, url: `${nginx.url}/hot.jpg` }] : []),
  ];
  const stop = () => Promise.all([service.stop(), fastify.stop(), nginx?.stop()]);
  return { servers, bytes: hot.body.length, stop };
}

function notesOn(servers, core) {
  return [
    'Where the core of the server is not busy the client was the limit, and a million / CPU µs is what the core could give.',
    ...(servers.some(({ server }) => server === 'nginx') ? [] : ['nginx is not installed: left out.']),
    ...(core === undefined ? ['No taskset, or one core only: nothing was kept on a core of its own.'] : []),
  ];
}

/** The variant nearest to the wanted size, asked for at least once by now. */
async function findHot(url) {
  let best;
  for (let width = 320; width <= 960; width += 20) {
    const hot = `/0/0.jpg?w=${width}`;
    const body = Buffer.from(await (await fetch(url + hot)).arrayBuffer());
    const distance = Math.abs(body.length - BODY_BYTES);
    if (!best || distance < best.distance) best = { path: hot, body, distance };
  }
  return best;
}

async function measure({ server, pid, url }, { connections, seconds, clientCore }) {
  const before = cpuSeconds(pid);
  const result = await load(url, connections, seconds, clientCore);
  const cpu = cpuSeconds(pid) - before;
  const { total, p99 } = result;
  const [rate, busy] = [total / result.seconds, (cpu / result.seconds) * 100];
  return { server, connections, rate, busy, cpuUs: (cpu / total) * 1e6, p99 };
}

async function load(url, connections, seconds, core) {
  const output = await outputOf(process.execPath, [CLIENT, url, connections, seconds], { core, errors: 'inherit' });
  if (output === undefined) throw new Error(`The client has failed on ${url}.`);
  return JSON.parse(output);
}

function summarise(runs, servers) {
  return CONNECTIONS.flatMap((connections) =>
    servers.map(({ server }) => {
      const of = (name) => runs.filter((run) => run.server === name && run.connections === connections);
      const [own, bare] = [of(server), of('bare Fastify')];
      const middle = (key) => median(own.map((run) => run[key]));
      const ratio = median(own.map(({ rate }, round) => rate / bare[round].rate));
      const [rate, cpuUs, busy, p99] = ['rate', 'cpuUs', 'busy', 'p99'].map(middle);
      return { server, connections, rate, ratio, cpuUs, busy, p99 };
    }),
  );
}
