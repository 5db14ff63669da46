import t from 'tap';
import { optionPolicy, readConfig } from '../src/config.ts';
import { ConfigError } from '../src/config-error.ts';
import { VARIABLES } from '../src/variables.ts';

const SAMPLES = 'file:///samples';

t.test('has a default for everything', (t) => {
  const config = readConfig({}, SAMPLES);
  t.match(config, {
    production: false,
    host: '127.0.0.1',
    port: 3000,
    managementPort: 9464,
    logLevel: 'info',
    source: SAMPLES,
    s3ForcePathStyle: false,
    originalFreshMs: 60_000,
    cacheMemoryBytes: 134_217_728,
    cacheControl: 'public, max-age=3600, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800',
    maxWidth: 4096,
    maxHeight: 4096,
    maxSourceBytes: 26_214_400,
    maxSourcePixels: 50_000_000,
    avifMaxPixels: 4_000_000,
    defaultOptions: {},
    queueLength: 100,
    deadlineMs: 12_000,
    corsOrigins: '*',
    cacheTagHeader: 'Cache-Tag',
    purgeToken: undefined,
    purgePropagationMs: 10_000,
    purgeQueueUrl: undefined,
    purgeCloudFront: undefined,
    purgeCloudFrontBy: 'paths',
  });
  t.ok(config.workers >= 1);
  t.ok(Object.isFrozen(config));
  t.end();
});

t.test('reads every kind of value', (t) => {
  const config = readConfig(
    {
      SOURCE: 's3://bucket/prefix',
      PORT: '8080',
      S3_FORCE_PATH_STYLE: 'true',
      CACHE_MEMORY_BYTES: '64MiB',
      MAX_SOURCE_BYTES: '1000',
      CORS_ORIGINS: 'https://a.example, http://b.example:8080',
      DEFAULT_OPTIONS: 'f=auto&q=75',
      WORKERS: '',
      PURGE_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/purges',
    },
    SAMPLES,
  );
  t.match(config, {
    purgeQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/purges',
    source: 's3://bucket/prefix',
    port: 8080,
    s3ForcePathStyle: true,
    cacheMemoryBytes: 67_108_864,
    maxSourceBytes: 1000,
    corsOrigins: ['https://a.example', 'http://b.example:8080'],
    defaultOptions: { f: 'auto', q: 75 },
  });
  t.ok(config.workers >= 1, 'an empty variable is an absent one');
  t.equal(readConfig({ CACHE_MEMORY_BYTES: '2KiB' }, SAMPLES).cacheMemoryBytes, 2048);
  t.equal(readConfig({ CACHE_MEMORY_BYTES: '1GiB' }, SAMPLES).cacheMemoryBytes, 1_073_741_824);
  t.equal(readConfig({ CACHE_MEMORY_BYTES: '0' }, SAMPLES).cacheMemoryBytes, 0);
  t.end();
});

t.test('URLs are read in our own way unless another is asked for', (t) => {
  t.equal(readConfig({}, SAMPLES).dialect, 'native');
  t.equal(readConfig({ COMPAT: '' }, SAMPLES).dialect, 'native');
  const config = readConfig({ COMPAT: 'lambda-edge', MAX_WIDTH: '10', DEFAULT_OPTIONS: 'q=70' }, SAMPLES);
  t.same(optionPolicy(config), {
    dialect: 'lambda-edge',
    maxWidth: 10,
    maxHeight: 4096,
    ladders: { mode: 'snap', w: [], h: [], q: [] },
    defaults: { q: 70 },
    presets: {},
    presetsOnly: false,
    watermarks: [],
  });
  t.end();
});

t.test('a store within the source would be served as originals', (t) => {
  const source = { SOURCE: 's3://bucket/photos' };
  const within = ['s3://bucket/photos', 's3://bucket/photos/cache/', 's3://bucket//photos/', 's3://bucket/phot%6Fs/x'];
  for (const store of within)
    t.throws(() => readConfig({ ...source, CACHE_STORE: store }, SAMPLES), {
      message: /^CACHE_STORE is "s3:.*"; expected a place outside of s3:\/\/bucket\/photos, or its entries/,
    });
  for (const store of ['s3://bucket/photos-cache', 's3://bucket/cache', 's3://other/photos', 'file:///photos'])
    t.equal(readConfig({ ...source, CACHE_STORE: store }, SAMPLES).cacheStore, store);
  t.throws(() => readConfig({ CACHE_STORE: `${SAMPLES}/x` }, SAMPLES), { name: 'ConfigError' });
  t.end();
});

t.test('a web server as the source', (t) => {
  const sources = [
    'https://photos.test',
    'https://photos.test:8443/',
    'https://photos.test/a@b/%zz',
    'https://8.8.8.8/x',
  ];
  for (const SOURCE of sources) {
    const config = readConfig({ SOURCE, CACHE_STORE: 's3://photos.test/' }, SAMPLES);
    t.match(config, { source: SOURCE, sourceAllowPrivate: false, sourceRedirects: 0 });
  }
  const allowed = { SOURCE: 'https://10.0.0.1/', SOURCE_ALLOW_PRIVATE: 'true', SOURCE_REDIRECTS: '5' };
  t.match(readConfig(allowed, SAMPLES), { sourceAllowPrivate: true, sourceRedirects: 5 });
  const cases: readonly [string, RegExp][] = [
    ['https://', /^SOURCE is "https:\/\/"; expected .* or https:\/\/host\/base, without user, query and fragment\.$/],
    ['http://photos.test/', /^SOURCE is "http:/],
    ['https://photos.test\\@evil.test/', /^SOURCE is /],
    ['https://photos.test/\\..\\', /^SOURCE is /],
    ['https://photos.test:1234567/', /fragment \(Invalid URL\)\.$/],
    ['https://10.0.0.1/', /\(10\.0\.0\.1 has the private address 10\.0\.0\.1, and SOURCE_ALLOW_PRIVATE is false\)\.$/],
    ['https://0x7f.1/', /\(127\.0\.0\.1 has the private address/],
    ['https://[::1]/', /\(\[::1\] has the private address ::1, /],
  ];
  for (const [SOURCE, message] of cases)
    t.throws(() => readConfig({ SOURCE }, SAMPLES), { name: 'ConfigError', message }, SOURCE);
  const special = { SOURCE: 'https://169.254.169.254/', SOURCE_ALLOW_PRIVATE: 'true' };
  t.throws(() => readConfig(special, SAMPLES), { name: 'ConfigError', message: /no source may have that\)\.$/ });
  t.throws(() => readConfig({ SOURCE_REDIRECTS: '6' }, SAMPLES), { message: /a whole number from 0 to 5\.$/ });
  t.throws(() => readConfig({ CACHE_STORE: 'https://photos.test/' }, SAMPLES), { message: /^CACHE_STORE is "https:/ });
  t.end();
});

t.test('a place with a secret in it is refused, and not repeated', (t) => {
  const cases = {
    'https://user:hunter2@photos.test/x': 'https://…@photos.test/x',
    'https://user:hun/ter2@photos.test/x': 'https://…@photos.test/x',
    'https://hunter2@photos.test': 'https://…@photos.test',
    'https://photos.test/x?token=hunter2': 'https://photos.test/x?…',
    'https://photos.test/x#hunter2': 'https://photos.test/x#…',
    'https://photos.test/x?y\nhunter2': 'https://photos.test/x?…',
    's3://key:hunter2@bucket/x': 's3://…@bucket/x',
  };
  for (const [SOURCE, shown] of Object.entries(cases)) {
    const thrown = t.throws(() => readConfig({ SOURCE }, SAMPLES), { name: 'ConfigError' });
    const { message } = thrown as Error;
    t.ok(message.startsWith(`SOURCE is "${shown}"; expected ${VARIABLES.SOURCE.expected}`), message);
    t.notMatch(message, /ter2/);
  }
  t.end();
});

t.test('a bad value names variable, value and what was expected', (t) => {
  const cases: readonly [string, string, RegExp][] = [
    ['PORT', 'abc', /^PORT is "abc"; expected a port from 0 to 65535\.$/],
    ['PORT', '65536', /^PORT is "65536"; expected a port from 0 to 65535\.$/],
    ['PORT', '1.5', /^PORT is "1\.5"; expected a port/],
    ['FALLBACK_STATUS', '304', /^FALLBACK_STATUS is "304"; expected 200, or a status from 400 to 599\.$/],
    ['WORKERS', '0', /^WORKERS is "0"; expected a whole number from 1 to 1024\.$/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL is "loud"; expected one of trace, debug, info, warn, error, fatal, silent\.$/],
    [
      'SOURCE',
      'ftp://host/x',
      /^SOURCE is "ftp:\/\/host\/x"; expected file:\/\/\/folder, s3:\/\/bucket\/prefix or https:/,
    ],
    ['SOURCE', 's3://', /^SOURCE is "s3:\/\/"; expected/],
    ['S3_FORCE_PATH_STYLE', 'yes', /^S3_FORCE_PATH_STYLE is "yes"; expected true or false\.$/],
    ['CACHE_MEMORY_BYTES', '12 apples', /^CACHE_MEMORY_BYTES is "12 apples"; expected a number of bytes, plain or/],
    [
      'CACHE_CONTROL',
      'public\r\nx: y',
      /^CACHE_CONTROL is "public\\r\\nx: y"; expected a Cache-Control header value\.$/,
    ],
    [
      'DEFAULT_OPTIONS',
      'w=abc',
      /^DEFAULT_OPTIONS is "w=abc"; expected options as in a URL \(Bad option "w": expected a/,
    ],
    [
      'DEFAULT_OPTIONS',
      'f=auto&zoom=2',
      /^DEFAULT_OPTIONS is "f=auto&zoom=2"; expected options as in a URL \(Known options with values only\.\)\.$/,
    ],
    ['CORS_ORIGINS', 'example.org', /^CORS_ORIGINS is "example\.org"; expected \* or a list such as/],
    ['SVG', 'draw', /^SVG is "draw"; expected one of pass, rasterize, refuse\.$/],
    ['COMPAT', 'lambda', /^COMPAT is "lambda"; expected lambda-edge, or nothing\.$/],
    ['CACHE_TAG_HEADER', 'Cache Tag', /^CACHE_TAG_HEADER is "Cache Tag"; expected a header name such as Cache-Tag/],
    [
      'PURGE_TOKEN',
      'short secret',
      /^PURGE_TOKEN is something of 12 characters; expected 16 to 512 visible characters/,
    ],
    ['PURGE_PROPAGATION_MS', '99', /^PURGE_PROPAGATION_MS is "99"; expected a whole number from 100 to 3600000\.$/],
    ['PURGE_QUEUE_URL', 'lambent-purges', /^PURGE_QUEUE_URL is "lambent-purges"; expected the URL of an SQS queue\.$/],
    [
      'PURGE_QUEUE_URL',
      'https://sqs.example/1/q',
      /; expected it beside a bucket as SOURCE, whose notifications it has\.$/,
    ],
    [
      'PURGE_CLOUDFRONT',
      'd111.cloudfront.net',
      /; expected the id of a CloudFront distribution, such as E2QWRUHAPOMQZL\.$/,
    ],
    ['PURGE_CLOUDFRONT_BY', 'keys', /; expected tags or paths\.$/],
    ['DEADLINE_MS', '-1', /^DEADLINE_MS is "-1"; expected a whole number from 100 to 600000\.$/],
  ];
  for (const [name, value, message] of cases) {
    t.throws(() => readConfig({ [name]: value }, SAMPLES), { name: 'ConfigError', message }, `${name}=${value}`);
  }
  t.end();
});

t.test('production listens on every address and wants a source', (t) => {
  const env = { NODE_ENV: 'production' };
  t.throws(
    () => readConfig(env, SAMPLES),
    new ConfigError(
      'SOURCE is not set; expected file:///folder, s3://bucket/prefix or https://host/base, without user, query and fragment.',
    ),
  );
  t.match(readConfig({ ...env, SOURCE: 's3://bucket' }, SAMPLES), { production: true, host: '0.0.0.0' });
  t.equal(readConfig({ ...env, SOURCE: 's3://bucket', HOST: '::1' }, SAMPLES).host, '::1');
  t.end();
});

t.test('reads no variable but its own', (t) => {
  const asked: string[] = [];
  const env = new Proxy({} as NodeJS.ProcessEnv, {
    get: (_target, name) => void asked.push(String(name)),
  });
  readConfig(env, SAMPLES);
  t.same(asked, ['NODE_ENV'], 'everything else comes from the list of variables');
  t.ok(Object.values(VARIABLES).every(({ doc }) => doc.endsWith('.')));
  t.end();
});
