import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { png } from './support/pictures.ts';
import { ROOT, runService, spawnService } from './support/process.ts';
import { ask } from './support/service.ts';
import { startWebServer } from './support/web-server.ts';

/** How a process ends that is not to start, and what it says. */
async function failure(env: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawnService(env);
  const [said, [code]] = await Promise.all([child.stderr ? text(child.stderr) : '', once(child, 'exit')]);
  return { code, said };
}

t.test('with nothing set it serves the samples and prints addresses to try', async (t) => {
  const { child, printed, url } = await runService(t, {});
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
  const { child, printed, url } = await runService(
    t,
    { DRAIN_DELAY_MS: '0', INIT_CWD: path.dirname(folder) },
    path.basename(folder),
  );
  t.notMatch(printed, /Try:/);
  t.equal((await ask(url, 'GET', '/mine.png?w=10')).status, 200);
  child.kill('SIGTERM');
  t.equal((await once(child, 'exit'))[0], 0);
});

t.test('serves what a web server of its own network has, which an authority of its own stands for', async (t) => {
  const web = await startWebServer(t);
  web.put('photos/mine.png', await png(40, 30));
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'ca.pem'), web.ca);
  const { url } = await runService(t, {
    SOURCE: `${web.origin}/moved`,
    SOURCE_ALLOW_PRIVATE: 'true',
    SOURCE_REDIRECTS: '1',
    NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem'),
  });
  const objects = web.answer;
  web.answer = (request, response) => {
    web.answer = objects;
    response.writeHead(301, { location: (request.url ?? '').replace('moved', 'photos') }).end();
  };
  t.match(await ask(url, 'GET', '/mine.png?w=10'), { status: 200, headers: { 'content-type': 'image/png' } });
  t.same(
    web.requests.map((request) => request.url),
    ['/moved/', '/moved/mine.png', '/photos/mine.png'],
  );
});

t.test('a second SIGTERM ends a drain at once', async (t) => {
  const { child, managementUrl } = await runService(t, { DRAIN_DELAY_MS: '60000' });
  child.kill('SIGTERM');
  while ((await ask(managementUrl, 'GET', '/readyz')).status !== 503);
  child.kill('SIGTERM');
  t.equal((await once(child, 'exit'))[0], 1);
});

t.test('in production says it in one line of JSON, and ends on other signals too', async (t) => {
  const folder = path.join(ROOT, 'samples');
  const { child, printed } = await runService(t, { NODE_ENV: 'production', HOST: '127.0.0.1', INIT_CWD: '' }, folder);
  const lines = printed.trim().split('\n');
  const start = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'listening');
  t.match(start, { images: /^http/, management: /^http/, originals: /^file:/, limits: String });
  child.kill('SIGHUP');
  t.equal((await once(child, 'exit'))[0], 0);
});

t.test('a bad configuration stops the start in one line', async (t) => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{ PORT: 'abc' }, /^PORT is "abc"; expected a port from 0 to 65535\.\n$/],
    [
      { NODE_ENV: 'production' },
      /^SOURCE is not set; expected file:\/\/\/folder, s3:\/\/bucket\/prefix or https:\/\/.+\.\n$/,
    ],
  ];
  for (const [env, message] of cases) {
    const { code, said } = await failure(env);
    t.equal(code, 1);
    t.match(said, message);
  }
});
