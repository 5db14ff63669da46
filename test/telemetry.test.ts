import { access } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { type Config, readConfig } from '../src/config.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { createReadiness } from '../src/telemetry/readiness.ts';
import { announceStart, startReport } from '../src/telemetry/start-report.ts';

const SAMPLES = new URL('../samples', import.meta.url).href;
const LISTENING = { publicUrl: 'http://127.0.0.1:3000', managementUrl: 'http://127.0.0.1:9464' };
const LIMITS = {
  MAX_SOURCE_BYTES: '25MiB',
  MAX_SOURCE_PIXELS: '50500000',
  MAX_WIDTH: '4096',
  MAX_HEIGHT: '2048',
  WORKERS: '3',
  QUEUE_LENGTH: '50',
  DEADLINE_MS: '12500',
  CACHE_MEMORY_BYTES: '64MiB',
};
const LIMITS_TEXT =
  'originals 25 MiB and 50.5 MP, variants 4096x2048, 3 workers, queue 50, deadline 12.5 s, memory cache 64 MiB';

/** What is written to standard output for a start. */
function announced(t: Test, config: Config): string {
  const written = t.capture(process.stdout, 'write', () => true);
  announceStart(config, LISTENING, SAMPLES);
  written.restore();
  return written.args().flat().join('');
}

t.test('a service is ready when no reason is left', (t) => {
  const readiness = createReadiness({ codecs: 'not warmed up', source: 'not checked' });
  t.same(readiness.reasons, ['not warmed up', 'not checked']);
  readiness.report('codecs', undefined);
  t.same(readiness.reasons, ['not checked']);
  readiness.report('source', 'access denied');
  t.same(readiness.reasons, ['access denied'], 'one reason of a kind');
  readiness.report('source', undefined);
  readiness.report('source', undefined);
  t.same(readiness.reasons, []);
  readiness.report('draining', 'the service is about to end');
  t.same(readiness.reasons, ['the service is about to end']);
  t.same(createReadiness({}).reasons, []);
  t.end();
});

t.test('the start report says where everything is and what it is limited to', (t) => {
  const config = readConfig({ SOURCE: 's3://bucket/prefix', ...LIMITS }, SAMPLES);
  t.same(startReport(config, LISTENING), {
    images: 'http://127.0.0.1:3000',
    management: 'http://127.0.0.1:9464',
    originals: 's3://bucket/prefix',
    limits: LIMITS_TEXT,
  });
  const compatible = readConfig({ COMPAT: 'lambda-edge' }, SAMPLES);
  t.equal(startReport(compatible, LISTENING).urls, 'read as COMPAT=lambda-edge says');
  t.end();
});

t.test('a person reads it in lines', (t) => {
  const config = readConfig({ SOURCE: 's3://bucket/prefix', ...LIMITS }, SAMPLES);
  t.equal(
    announced(t, config),
    [
      'Lambent is listening.',
      '  images      http://127.0.0.1:3000',
      '  management  http://127.0.0.1:9464',
      '  originals   s3://bucket/prefix',
      `  limits      ${LIMITS_TEXT}`,
      '',
    ].join('\n'),
  );
  t.end();
});

t.test('with the samples there are addresses to open, and something behind them', async (t) => {
  const text = announced(t, readConfig({}, SAMPLES));
  const [, examples = ''] = text.split('\nTry:\n');
  const addresses = examples.trim().split(/\s+/);
  t.ok(addresses.length >= 3);
  for (const address of addresses) {
    const { origin, pathname, search } = new URL(address);
    t.equal(origin, LISTENING.publicUrl);
    t.match(search, /^\?w=\d+/);
    await t.resolves(access(new URL(`.${pathname}`, `${SAMPLES}/`)), pathname);
  }
});

t.test('production gets one line of JSON', (t) => {
  const text = announced(t, readConfig({ NODE_ENV: 'production', SOURCE: SAMPLES, ...LIMITS }, SAMPLES));
  t.match(text, /^[^\n]+\n$/);
  t.same(JSON.parse(text), {
    msg: 'listening',
    images: 'http://127.0.0.1:3000',
    management: 'http://127.0.0.1:9464',
    originals: SAMPLES,
    limits: LIMITS_TEXT,
  });
  t.end();
});

const SECRETS = {
  AWS_ACCESS_KEY_ID: 'secret-key-id',
  AWS_SECRET_ACCESS_KEY: 'secret-access-key',
  AWS_SESSION_TOKEN: 'secret-session',
  SIGNING_KEYS: `2026a:${'5ec7e7'.repeat(8)}`,
  PURGE_TOKEN: 'secret-purge-token',
  ORIGIN_SECRETS: 'secret-of-the-origin',
  UPLOADS_JWT_SECRET: 'secret-of-those-who-sign-in-and-upload',
};

t.test('who may ask is said, and nothing to try that nobody may', (t) => {
  const signing = { SIGNING_KEYS: SECRETS.SIGNING_KEYS, SIGNING_EXEMPT: 'presets,ladder' };
  const signed = announced(t, readConfig(signing, SAMPLES));
  t.match(signed, /^ {2}access +URLs are signed by 2026a, but for presets and ladder$/m);
  t.notMatch(signed, /Try:/);
  const locked = announced(t, readConfig({ ...SECRETS, SIGNING: 'off' }, SAMPLES));
  t.match(locked, /^ {2}access +requests name the secret of the CDN$/m);
  const both = startReport(readConfig(SECRETS, SAMPLES), LISTENING);
  t.equal(both.access, 'URLs are signed by 2026a; requests name the secret of the CDN');
  t.match(announced(t, readConfig({}, SAMPLES)), /Try:/);
  t.end();
});

t.test('no secret of the environment is said', (t) => {
  for (const NODE_ENV of ['production', 'development']) {
    const config = readConfig({ ...SECRETS, NODE_ENV, SOURCE: 's3://bucket' }, SAMPLES);
    t.notMatch(announced(t, config), /secret-|5ec7e7/);
  }
  t.end();
});

t.test('credentials in the address of the source are not said', (t) => {
  const env = { NODE_ENV: 'production', SOURCE: 's3://key:secret@bucket/prefix' };
  const text = () => announced(t, readConfig(env, SAMPLES));
  t.notMatch(tryTo(text), /secret/);
  t.end();
});

/** What comes of it: its text, or that it was refused. */
function tryTo(run: () => string): string {
  try {
    return run();
  } catch {
    return 'refused';
  }
}

t.test('the logger has the level it is given', (t) => {
  const logger = createLogger('warn');
  t.equal(logger.level, 'warn');
  t.notOk(logger.isLevelEnabled('info'));
  t.ok(logger.isLevelEnabled('error'));
  t.notOk(createLogger('silent').isLevelEnabled('fatal'));
  t.end();
});

t.test('the log is one JSON object a line on standard output', (t) => {
  const before = Date.now();
  const written = t.capture(process.stdout, 'write', () => true);
  const logger = createLogger('info');
  logger.debug('left out');
  logger.info({ key: 'a\nb' }, 'first');
  logger.error(new Error('broken'), 'second');
  written.restore();
  const lines = written.args().flat().join('').trimEnd().split('\n');
  t.equal(lines.length, 2);
  const [first, second] = lines.map((line) => JSON.parse(line));
  t.match(first, { level: 30, key: 'a\nb', msg: 'first' });
  t.match(second, { level: 50, err: { message: 'broken' }, msg: 'second' });
  for (const { time, pid, hostname } of [first, second]) {
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
    t.same([pid, hostname], [undefined, undefined], 'the platform adds those itself');
  }
  t.end();
});

/** The value of one line of the text that is scraped; undefined when there is no such line. */
async function scraped({ registry }: ReturnType<typeof createMetrics>, series: string): Promise<number | undefined> {
  const lines = (await registry.metrics()).split('\n');
  const line = lines.find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

t.test('metrics count what happens', async (t) => {
  const metrics = createMetrics();
  metrics.request({ outcome: 'miss', status: 200, seconds: 0.03 });
  metrics.request({ outcome: 'miss', status: 206, seconds: 0.03 });
  metrics.request({ outcome: 'error', status: 404, seconds: 0.001, error: 'not_found' });
  metrics.waited('workers', 0.2);
  metrics.shed('workers_queue_full');
  metrics.sourceAnswered('opened', 0.4);
  metrics.sourceRetried(2);
  metrics.evicted();
  metrics.workerBusy(2);
  metrics.transformed('jpeg', 'avif', 12_000_000, 1.5);
  metrics.transformed('jpeg', 'webp', 12_000_000, 0.5);
  const expected: Readonly<Record<string, number>> = {
    'requests_total{outcome="miss",status="2xx"}': 2,
    'requests_total{outcome="error",status="4xx"}': 1,
    'errors_total{code="not_found"}': 1,
    'request_duration_seconds_bucket{le="0.025",outcome="miss"}': 0,
    'request_duration_seconds_bucket{le="0.05",outcome="miss"}': 2,
    'queue_wait_seconds_sum{gate="workers"}': 0.2,
    'shed_total{reason="workers_queue_full"}': 1,
    'source_duration_seconds_sum{result="opened"}': 0.4,
    source_retries_total: 2,
    cache_evictions_total: 1,
    'transform_duration_seconds_count{from="jpeg",to="avif",megapixels="<=25"}': 1,
    worker_busy_seconds_total: 2,
  };
  for (const [series, value] of Object.entries(expected))
    t.equal(await scraped(metrics, `lambent_${series}`), value, series);
  const names = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
  t.ok(names.every((name) => name.startsWith('lambent_')));
});

t.test('megapixels are told in few classes', async (t) => {
  const metrics = createMetrics();
  const classes: readonly [number, string][] = [
    [1, '<=1'],
    [1_000_000, '<=1'],
    [1_000_001, '<=5'],
    [10_000_000, '<=10'],
    [25_000_000, '<=25'],
    [50_000_000, '<=50'],
    [50_000_001, '>50'],
  ];
  for (const [index, [pixels, megapixels]] of classes.entries()) {
    const from = `format-${index}`;
    metrics.transformed(from, 'webp', pixels, 1);
    const series = `lambent_transform_duration_seconds_count{from="${from}",to="webp",megapixels="${megapixels}"}`;
    t.equal(await scraped(metrics, series), 1, `${pixels} pixels`);
  }
});

t.test('what is counted elsewhere is read when somebody asks', async (t) => {
  const metrics = createMetrics();
  const workers = { active: 1, waiting: 0 };
  const memoryTier = { bytes: 100, entries: 1 };
  metrics.watch({
    workers: 4,
    admissions: { workers, originals: { active: 5, waiting: 6 } },
    memoryTier,
    kept: { bytes: 7 },
  });
  Object.assign(workers, { active: 2, waiting: 3 });
  Object.assign(memoryTier, { bytes: 200, entries: 2 });
  const expected: Readonly<Record<string, number>> = {
    workers: 4,
    cache_bytes: 200,
    originals_bytes: 7,
    cache_entries: 2,
    'queue_length{gate="workers"}': 3,
    'queue_length{gate="originals"}': 6,
    'admitted{gate="workers"}': 2,
    'admitted{gate="originals"}': 5,
  };
  for (const [series, value] of Object.entries(expected))
    t.equal(await scraped(metrics, `lambent_${series}`), value, series);
});
