import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { ask, startService } from '../support/service.ts';

t.test('ready after every codec and the source have worked', async (t) => {
  const formats: string[] = [];
  const service = await startService(t, {
    parts: {
      transform(_original, plan) {
        formats.push(plan.format);
        return Promise.resolve(Buffer.alloc(1));
      },
    },
  });
  t.same(formats.sort(), ['avif', 'gif', 'jpeg', 'png', 'tiff', 'webp']);
  const ready = await ask(service.managementUrl, 'GET', '/readyz');
  t.match(JSON.parse(ready.body.toString()), { status: 'ok', reasons: [] });
  t.equal((await ask(service.url, 'GET', '/readyz')).status, 404, 'a key like any other on the public port');
  t.equal(service.app.managementApp.server.keepAliveTimeout, 1000, 'which bounds how long it takes to close');
});

t.test('alive and not ready while a codec does not work, or the source cannot be read', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lambent-'));
  await rmdir(folder);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const service = await startService(t, {
    env: { SOURCE: pathToFileURL(folder).href },
    parts: { transform: () => Promise.reject(new Error('no encoder')) },
    ready: false,
  });
  const reasonsOf = async () => {
    const { status, body } = await ask(service.managementUrl, 'GET', '/readyz');
    return [status, ...(JSON.parse(body.toString()) as { reasons: string[] }).reasons];
  };
  let reasons = await reasonsOf();
  while (!String(reasons).includes('no encoder') || !String(reasons).includes('does not exist'))
    reasons = await reasonsOf();
  t.match(reasons, [503, /a codec does not work: .*no encoder/, /the folder .+ does not exist/]);
  t.equal((await ask(service.managementUrl, 'GET', '/livez')).status, 200);
  t.match(
    service.log.find(({ msg }) => String(msg).startsWith('the source cannot')),
    { level: 50, detail: /does not exist/ },
  );
});

t.test('a port that is taken is named', async (t) => {
  const { url } = await startService(t);
  const { port } = new URL(url);
  await t.rejects(startService(t, { env: { PORT: port } }), {
    name: 'ConfigError',
    message: new RegExp(`^PORT is ${port}; listening on 127\\.0\\.0\\.1 fails: .*EADDRINUSE`),
  });
});
