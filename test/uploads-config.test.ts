import t from 'tap';
import { readConfig } from '../src/config.ts';
import { readBucket } from '../src/uploads-config.ts';

const SAMPLES = 'file:///samples';
const KEYS = `k1:${'0a'.repeat(32)}`;
const MINIMAL = {
  SOURCE: 's3://bucket/site',
  UPLOADS_BUCKET: 's3://bucket/site/up%20loads/',
  UPLOADS_KEYS: KEYS,
  UPLOADS_JWT_SECRET: 'x'.repeat(32),
};

t.test('there are no uploads unless it is said', (t) => {
  t.equal(readConfig({}, SAMPLES).uploads, undefined);
  t.end();
});

t.test('has a default for everything but a place, keys, and who uploads', (t) => {
  t.same(readConfig(MINIMAL, SAMPLES).uploads, {
    bucket: 's3://bucket/site/up%20loads/',
    urlPrefix: 'up loads/',
    servesEndpoints: true,
    keys: [{ id: 'k1', secret: Buffer.alloc(32, 10) }],
    identity: { secret: 'x'.repeat(32), jwksUrl: undefined, issuer: undefined, audience: undefined, apiKeys: [] },
    types: ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'],
    maxBytes: 26_214_400,
    perMinute: 120,
    cacheControl: 'public, max-age=31536000, immutable',
    publicUrl: '',
    s3Endpoint: undefined,
  });
  t.end();
});

t.test('reads every kind of value', (t) => {
  const config = readConfig(
    {
      ...MINIMAL,
      UPLOADS_BUCKET: 's3://bucket/site',
      UPLOADS_JWT_SECRET: '',
      UPLOADS_JWKS_URL: 'https://id.example/keys?x=1',
      UPLOADS_JWT_ISSUER: 'https://id.example',
      UPLOADS_JWT_AUDIENCE: 'uploads',
      UPLOADS_API_KEYS: `shop:${'a'.repeat(32)},shop:${'b'.repeat(32)}`,
      UPLOADS_TYPES: 'image/png,application/pdf,image/png',
      UPLOADS_MAX_BYTES: '5GiB',
      UPLOADS_PUBLIC_URL: 'https://img.example',
      UPLOADS_S3_ENDPOINT: 'https://s3.example',
    },
    SAMPLES,
  );
  t.match(config.uploads, {
    urlPrefix: '',
    identity: {
      jwksUrl: 'https://id.example/keys?x=1',
      issuer: 'https://id.example',
      audience: 'uploads',
      apiKeys: [
        { subject: 'shop', key: 'a'.repeat(32) },
        { subject: 'shop', key: 'b'.repeat(32) },
      ],
    },
    types: ['image/png', 'application/pdf'],
    maxBytes: 5_368_709_120,
    publicUrl: 'https://img.example',
    s3Endpoint: 'https://s3.example',
  });
  t.equal(config.uploads?.types.length, 2);
  const whole = readConfig({ ...MINIMAL, SOURCE: 's3://bucket', UPLOADS_BUCKET: 's3://bucket/a/b' }, SAMPLES);
  t.equal(whole.uploads?.urlPrefix, 'a/b/');
  const local = readConfig(
    {
      ...MINIMAL,
      UPLOADS_JWKS_URL: 'http://127.0.0.1:8080/keys',
      UPLOADS_JWT_ISSUER: 'x',
      UPLOADS_JWT_AUDIENCE: 'y',
    },
    SAMPLES,
  );
  t.equal(local.uploads?.identity.jwksUrl, 'http://127.0.0.1:8080/keys');
  const showing = { ...MINIMAL, UPLOADS_ENDPOINTS: 'false', UPLOADS_JWT_SECRET: '' };
  t.equal(readConfig(showing, SAMPLES).uploads?.servesEndpoints, false, 'who takes nothing in need know nobody');
  t.end();
});

t.test('refuses what does not go together, and shows no secret', (t) => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{ UPLOADS_BUCKET: 'bucket' }, /^UPLOADS_BUCKET is "bucket"; expected s3:\/\/bucket\/prefix within SOURCE\.$/],
    [{ UPLOADS_BUCKET: 's3://user:pass@bucket' }, /^UPLOADS_BUCKET is "s3:\/\/…@bucket"/],
    [{ UPLOADS_BUCKET: 's3://other/site' }, /^UPLOADS_BUCKET is .*within SOURCE, which is s3:\/\/bucket\/site/],
    [{ UPLOADS_BUCKET: 's3://bucket/sites' }, /^UPLOADS_BUCKET/],
    [{ UPLOADS_BUCKET: 's3://bucket' }, /^UPLOADS_BUCKET/],
    [{ SOURCE: 'file:///pictures' }, /^UPLOADS_BUCKET/],
    [{ UPLOADS_KEYS: '' }, /^UPLOADS_KEYS is not set; expected up to 16 keys/],
    [{ UPLOADS_KEYS: 'k1:secret' }, /^UPLOADS_KEYS is something of 9 characters/],
    [{ UPLOADS_KEYS: `${KEYS},${KEYS}` }, /^UPLOADS_KEYS is something of \d+ characters; expected each id once/],
    [{ UPLOADS_JWT_SECRET: 'short' }, /^UPLOADS_JWT_SECRET is something of 5 characters/],
    [{ UPLOADS_JWT_SECRET: '' }, /^UPLOADS_JWT_SECRET is not set; expected it, UPLOADS_JWKS_URL or UPLOADS_API_KEYS/],
    [{ UPLOADS_JWKS_URL: 'http://id.example/keys' }, /^UPLOADS_JWKS_URL is "http:\/\/id.example\/keys"/],
    [{ UPLOADS_JWKS_URL: 'https://id.example/keys' }, /^UPLOADS_JWT_ISSUER is not set/],
    [{ UPLOADS_JWKS_URL: 'https://id.example/keys', UPLOADS_JWT_ISSUER: 'x' }, /^UPLOADS_JWT_AUDIENCE is not set/],
    [{ UPLOADS_API_KEYS: 'shop:short' }, /^UPLOADS_API_KEYS is something of 10 characters/],
    [{ UPLOADS_API_KEYS: `a:${'k'.repeat(32)},b:${'k'.repeat(32)}` }, /^UPLOADS_API_KEYS .* expected each key once/],
    [{ UPLOADS_TYPES: 'image/svg+xml' }, /^UPLOADS_TYPES is "image\/svg\+xml"; expected a list of image\/jpeg/],
    [{ UPLOADS_TYPES: 'image/jpeg,' }, /^UPLOADS_TYPES/],
    [{ UPLOADS_MAX_BYTES: '0' }, /^UPLOADS_MAX_BYTES is "0"; expected from 1 to 5GiB/],
    [{ UPLOADS_MAX_BYTES: '6GiB' }, /^UPLOADS_MAX_BYTES/],
    [{ UPLOADS_PER_MINUTE: '0' }, /^UPLOADS_PER_MINUTE/],
    [{ UPLOADS_PUBLIC_URL: 'https://img.example/' }, /^UPLOADS_PUBLIC_URL/],
    [{ UPLOADS_S3_ENDPOINT: 'https://u:p@s3.example' }, /^UPLOADS_S3_ENDPOINT is "https:\/\/…@s3.example"/],
    [{ UPLOADS_CACHE_CONTROL: 'a\nb' }, /^UPLOADS_CACHE_CONTROL/],
  ];
  for (const [change, message] of cases)
    t.throws(() => readConfig({ ...MINIMAL, ...change }, SAMPLES), { name: 'ConfigError', message });
  t.end();
});

t.test('a bucket can be set up by who knows nothing but its name', (t) => {
  t.same(
    readBucket({ UPLOADS_BUCKET: 's3://bucket/a', CORS_ORIGINS: 'https://a.example', S3_FORCE_PATH_STYLE: 'true' }),
    {
      bucket: 's3://bucket/a',
      forcePathStyle: true,
      corsOrigins: ['https://a.example'],
    },
  );
  t.throws(() => readBucket({}), { message: /^UPLOADS_BUCKET is not set/ });
  t.end();
});
