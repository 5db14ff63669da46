import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { transform } from '../src/transform/transform.ts';
import { jpeg } from './support/pictures.ts';
import { ask, type Service, startOverS3, startService } from './support/service.ts';
import { deferred, quiet, until } from './support/waiting.ts';

const DOCUMENT = readFileSync(path.resolve(import.meta.dirname, '../docs/metrics.md'), 'utf8');
/** prom-client's own, of the process. */
const OF_THE_PROCESS = /^lambent_(process|nodejs)_/;

async function scrape(service: Service): Promise<string> {
  const { status, headers, body } = await ask(service.managementUrl, 'GET', '/metrics');
  t.match({ status, headers }, { status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } });
  return body.toString();
}

/** The value of one series, by its name with labels as in the text format. */
async function readSeries(service: Service, series: string): Promise<number> {
  const line = (await scrape(service)).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

t.test('the document names every metric, its type and its meaning, and no other', async (t) => {
  const service = await startService(t);
  const text = await scrape(service);
  const help = new Map([...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = '', meaning]) => [name, meaning]));
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].filter(([, name = '']) => !OF_THE_PROCESS.test(name));
  const registered = types.map(([, name = '', type]) => `${name} ${type}: ${help.get(name)}`).sort();
  const rows = [...DOCUMENT.matchAll(/^\| `(lambent_\w+)` \| (\w+) \| [^|]+ \| (.+) \|$/gm)];
  const documented = rows.map(([, name, type, meaning]) => `${name} ${type}: ${meaning}`).sort();
  t.same(documented, registered);
  t.match(text, /^lambent_process_resident_memory_bytes \d+/m);
  t.match(text, /^lambent_nodejs_eventloop_lag_p99_seconds /m);
});

t.test('counts what happens', async (t) => {
  const held = { until: Promise.resolve() };
  const { s3, service } = await startOverS3(t, {
    env: { CACHE_MEMORY_BYTES: '6KiB' },
    parts: {
      async transform(original, plan) {
        await held.until;
        return await transform(original, plan);
      },
    },
  });
  await s3.put('a.jpg', await jpeg(400, 300));
  const photo = await service.get('/a.jpg?w=100');
  const { etag } = photo.headers;
  // One makes it, and the others are there before it is made.
  const arrived = deferred();
  held.until = arrived.promise;
  let arrivals = 0;
  service.app.publicApp.server.on('request', () => arrivals++);
  const together = [1, 2, 3].map(() => service.get('/a.jpg?w=50'));
  await until(() => arrivals === 3);
  await quiet();
  arrived.resolve();
  await Promise.all(together);
  await service.get('/a.jpg?w=100');
  await service.get('/a.jpg?w=100', { 'if-none-match': String(etag) });
  await service.get('/a.jpg');
  await service.get('/missing');
  await service.get('/a.jpg?w=x');
  for (const w of [60, 61, 62, 63, 64, 65, 66, 67]) await service.get(`/a.jpg?w=${w}`);
  const expected: readonly [string, number][] = [
    ['lambent_requests_total{outcome="miss",status="2xx"}', 10],
    ['lambent_requests_total{outcome="collapsed",status="2xx"}', 2],
    ['lambent_requests_total{outcome="hit",status="2xx"}', 1],
    ['lambent_requests_total{outcome="not-modified",status="3xx"}', 1],
    ['lambent_requests_total{outcome="original",status="2xx"}', 1],
    ['lambent_requests_total{outcome="error",status="4xx"}', 2],
    ['lambent_errors_total{code="not_found"}', 1],
    ['lambent_errors_total{code="bad_option"}', 1],
    ['lambent_request_duration_seconds_count{outcome="miss"}', 10],
    ['lambent_transform_duration_seconds_count{from="jpeg",to="jpeg",megapixels="<=1"}', 10],
    ['lambent_queue_wait_seconds_count{gate="workers"}', 10],
    ['lambent_source_duration_seconds_count{result="not_found"}', 1],
    ['lambent_workers', 2],
    ['lambent_queue_length{gate="workers"}', 0],
    ['lambent_admitted{gate="originals"}', 0],
  ];
  for (const [series, value] of expected) t.equal(await readSeries(service, series), value, series);
  t.ok((await readSeries(service, 'lambent_worker_busy_seconds_total')) > 0);
  t.ok((await readSeries(service, 'lambent_cache_evictions_total')) > 0);
  const bytes = await readSeries(service, 'lambent_cache_bytes');
  t.ok(bytes <= 6 * 1024 && bytes > 0, `${bytes} bytes kept`);
  t.equal((await readSeries(service, 'lambent_cache_entries')) > 0, true);
});

t.test('counts retries of the source, and who is turned away', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { WORKERS: '1', QUEUE_LENGTH: '0' } });
  await s3.put('a.jpg', await jpeg());
  let failures = 2;
  s3.fault = (_request, response) => {
    if (failures-- <= 0) return false;
    response.writeHead(500).end();
    return true;
  };
  t.equal((await service.get('/a.jpg?w=100')).status, 200);
  t.equal(await readSeries(service, 'lambent_source_retries_total'), 2);
  const answers = await Promise.all([1, 2, 3, 4].map((w) => service.get(`/a.jpg?w=${w}0&f=avif`)));
  const shed = answers.filter(({ status }) => status === 503).length;
  t.ok(shed > 0);
  t.equal(await readSeries(service, 'lambent_shed_total{reason="workers_queue_full"}'), shed);
});
