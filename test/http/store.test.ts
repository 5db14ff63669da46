import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { jpeg } from '../support/pictures.ts';
import { type Service, startOverS3, startService } from '../support/service.ts';

const photo = await jpeg(400, 300);
const HIT = 'lambent; hit; detail=store';

/** Instances over one source and one folder, each as if it ran somewhere else. */
function setUp(t: Test) {
  const source = createMemorySource();
  source.put('a.jpg', photo, { contentType: 'image/jpeg' });
  const folder = t.testdir({});
  const env = { CACHE_STORE: pathToFileURL(folder).href };
  const started: Service[] = [];
  return {
    source,
    folder,
    async start() {
      const service = await startService(t, { parts: { source: { ...source, close: () => {} } }, env });
      started.push(service);
      return service;
    },
    /** Before the folder goes. */
    end: () => Promise.all(started.map(({ app }) => app.stop())),
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
}

async function outcomes(service: Service): Promise<Record<string, number>> {
  const text = await (await fetch(`${service.managementUrl}/metrics`)).text();
  const found = text.matchAll(/^lambent_store_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, name = '', count]) => [name, Number(count)]));
}

t.test('what one instance has made another finds, and so does the next start', async (t) => {
  const { start, source, end } = setUp(t);
  const first = await start();
  const made = await first.get('/a.jpg?w=100&f=webp');
  t.equal(made.headers['cache-status'], 'lambent; fwd=miss');
  await first.app.stop();
  const second = await start();
  const found = await second.get('/a.jpg?f=webp&w=100');
  t.match(found, {
    status: 200,
    headers: { 'cache-status': HIT, etag: made.headers.etag, 'content-type': 'image/webp' },
  });
  t.ok(found.body.equals(made.body));
  t.equal((await second.get('/a.jpg?w=100&f=webp')).headers['cache-status'], 'lambent; hit', 'in memory from now on');
  t.equal(second.transforms(), 0);
  t.equal((await outcomes(second)).hit, 1);
  source.put('a.jpg', await jpeg(300, 300), { contentType: 'image/jpeg' });
  const third = await start();
  t.equal(
    (await third.get('/a.jpg?w=100&f=webp')).headers['cache-status'],
    'lambent; fwd=miss',
    'of another version nothing',
  );
  await end();
});

t.test('entries that are cut, empty, foreign or flipped are made anew, counted and replaced', async (t) => {
  const { start, folder, end } = setUp(t);
  const first = await start();
  const made = await first.get('/a.jpg?w=100');
  await first.get('/a.jpg?w=120');
  await first.app.stop();
  const [file = '', other = ''] = await filesIn(folder);
  const whole = new Map([
    [file, await readFile(file)],
    [other, await readFile(other)],
  ]);
  const damages: Readonly<Record<string, (file: string) => Promise<void>>> = {
    cut: (file) => truncate(file, 500),
    empty: (file) => truncate(file, 0),
    foreign: (file) => writeFile(file, whole.get(file === other ? file : other) ?? ''),
    flipped: async (file) => {
      const bytes = Buffer.from(whole.get(file) ?? '');
      bytes[bytes.length - 100] = 255 - (bytes[bytes.length - 100] ?? 0);
      await writeFile(file, bytes);
    },
    text: (file) => writeFile(file, 'nothing of ours'),
  };
  for (const [what, damage] of Object.entries(damages)) {
    for (const [name, bytes] of whole) await writeFile(name, bytes);
    for (const name of await filesIn(folder)) await damage(name);
    const service = await start();
    const answers = await Promise.all(['100', '120'].map((w) => service.get(`/a.jpg?w=${w}`)));
    t.same(
      answers.map(({ status }) => status),
      [200, 200],
      what,
    );
    t.ok(answers[0]?.body.equals(made.body));
    t.ok(((await outcomes(service)).corrupt ?? 0) >= 1, `${what}, counted`);
    await service.app.stop();
    const next = await start();
    t.equal((await next.get('/a.jpg?w=100')).headers['cache-status'], HIT, `${what}, replaced`);
    await next.app.stop();
  }
  await end();
});

t.test('a folder that cannot be written fails no picture', async (t) => {
  const { start, folder, end } = setUp(t);
  await rm(folder, { recursive: true });
  await writeFile(folder, 'a file in its place');
  const service = await start();
  t.equal((await service.get('/a.jpg?w=100')).headers['cache-status'], 'lambent; fwd=miss');
  t.equal((await service.get('/a.jpg?w=100')).headers['cache-status'], 'lambent; hit');
  t.ok(((await outcomes(service)).read_failed ?? 0) >= 1);
  await end();
});

t.test('a bucket as the store', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a.jpg', photo);
  await service.app.stop();
  const env = { CACHE_STORE: `s3://${s3.bucket}/variants` };
  const source = createMemorySource();
  source.put('a.jpg', photo, { contentType: 'image/jpeg' });
  const start = () =>
    startService(t, {
      parts: { source: { ...source, close: () => {} } },
      env: { ...env, S3_FORCE_PATH_STYLE: 'true' },
    });
  const first = await start();
  const made = await first.get('/a.jpg?w=100');
  await first.app.stop();
  t.ok(s3.requests.some(({ method, key }) => method === 'PUT' && key.startsWith('variants/')));
  const second = await start();
  const found = await second.get('/a.jpg?w=100');
  t.equal(found.headers['cache-status'], HIT);
  t.ok(found.body.equals(made.body));

  s3.fault = (_request, response) => {
    response.writeHead(503).end();
    return true;
  };
  t.match(await second.get('/a.jpg?w=110'), { status: 200, headers: { 'cache-status': 'lambent; fwd=miss' } });
  await second.app.stop();
  s3.fault = undefined;
  const counted = await start();
  t.equal((await counted.get('/a.jpg?w=110')).headers['cache-status'], 'lambent; fwd=miss', 'it could not be written');
});
