import { availableParallelism } from 'node:os';
import { Type } from 'typebox';
import { ACCESS_VARIABLES } from './access-variables.ts';
import { UPLOADS_VARIABLES } from './uploads-variables.ts';
import { bytes, integer, type Variable, variable } from './variable.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** A folder or a bucket, by its URL. */
const PLACE = 'file:///.*|s3://[^/?#@]+(/[^?#]*)?';
/** A backslash would be a slash to whoever parses it. */
const WEB_PLACE = 'https://[^/?#@\\\\\\s]+(/[^?#\\\\]*)?';
const ORIGIN = 'https?://[^/,\\s]+';
const MAX_PIXELS = 268_402_689;

export const VARIABLES = {
  HOST: variable(
    Type.Optional(Type.String({ minLength: 1 })),
    'an address to listen on',
    'Address to listen on: `127.0.0.1` unless `NODE_ENV=production`, then `0.0.0.0`.',
  ),
  PORT: integer(3000, 0, 65_535, 'Public port.', 'a port'),
  MANAGEMENT_PORT: integer(
    9464,
    0,
    65_535,
    'Port of `/livez`, `/readyz`, `/metrics` and `/purge`; never to be routed from outside.',
    'a port',
  ),
  LOG_LEVEL: variable(
    Type.Enum([...LOG_LEVELS], { default: 'info' }),
    `one of ${LOG_LEVELS.join(', ')}`,
    'What is logged, as JSON lines; `info` has one line a request.',
  ),
  SOURCE: variable(
    Type.Optional(Type.String({ pattern: `^(${PLACE}|${WEB_PLACE})$` })),
    'file:///folder, s3://bucket/prefix or https://host/base, without user, query and fragment',
    'Where originals come from: `file:///folder`, `s3://bucket/prefix` or `https://host/base`. Without it: `samples/`, or with `NODE_ENV=production` no start.',
  ),
  S3_FORCE_PATH_STYLE: variable(
    Type.Boolean({ default: false }),
    'true or false',
    'Bucket in the path instead of the host name, as most S3-compatible stores want it.',
  ),
  SOURCE_ALLOW_PRIVATE: variable(
    Type.Boolean({ default: false }),
    'true or false',
    'Whether an `https://` source may have a private address ([below](#running-against-a-web-server)).',
  ),
  SOURCE_REDIRECTS: integer(0, 0, 5, 'Redirects of an `https://` source that are followed, to any host by HTTPS.'),
  ORIGINAL_FRESH_MS: integer(
    60_000,
    0,
    86_400_000,
    'How long an original is used without asking the source whether it changed.',
  ),
  ORIGINAL_STALE_MS: integer(
    60_000,
    0,
    86_400_000,
    'How long after that it is still used at once, while the source is asked behind the answer.',
  ),
  ORIGINAL_STALE_IF_ERROR_MS: integer(
    86_400_000,
    0,
    2_592_000_000,
    'How long after it was fresh it is used while the source cannot be asked; such answers say so, and are short-lived.',
  ),
  CACHE_ORIGINALS_BYTES: bytes(
    '64MiB',
    'Originals kept in memory for the next variant of them; `0` keeps none. One takes a quarter at most.',
  ),
  CACHE_MEMORY_BYTES: bytes('128MiB', 'Variants kept in memory; `0` keeps none.'),
  CACHE_STORE: variable(
    Type.Optional(Type.String({ pattern: `^(${PLACE})$` })),
    'file:///folder or s3://bucket/prefix',
    'Where variants are kept besides, for every instance and the next start: `file:///folder` or `s3://bucket/prefix` ([docs/caching.md](docs/caching.md)).',
  ),
  CACHE_STORE_BYTES: bytes('1GiB', 'Variants kept in a folder at most; a bucket has lifecycle rules.'),
  CACHE_CONTROL: variable(
    Type.String({
      default: 'public, max-age=3600, s-maxage=86400, stale-while-revalidate=86400, stale-if-error=604800',
      pattern: '^[\\x20-\\x7e]{1,256}$',
    }),
    'a Cache-Control header value',
    'Lifetime of answers whose object has no Cache-Control of its own.',
  ),
  CACHE_TAG_HEADER: variable(
    Type.String({ default: 'Cache-Tag', pattern: '^[A-Za-z][A-Za-z0-9-]{0,63}$' }),
    'a header name such as Cache-Tag or Surrogate-Key',
    'Header with the tags that a CDN purges an answer by ([docs/purging.md](docs/purging.md)); `Surrogate-Key` has spaces between them, any other commas.',
  ),
  PURGE_TOKEN: variable(
    Type.Optional(Type.String({ pattern: '^[!-~]{16,512}$' })),
    '16 to 512 visible characters without spaces',
    'Bearer token of `POST /purge` on the management port; without it there is none.',
  ),
  PURGE_PROPAGATION_MS: integer(
    10_000,
    100,
    3_600_000,
    'Within this time a purge has reached every instance with the same `CACHE_STORE`, which each reads twice as often.',
  ),
  PURGE_QUEUE_URL: variable(
    Type.Optional(Type.String({ pattern: '^https?://[^/?#@\\s]+/[^?#\\s]+$' })),
    'the URL of an SQS queue',
    'SQS queue with change notifications of the bucket in `SOURCE`: what they name is purged.',
  ),
  PURGE_CLOUDFRONT: variable(
    Type.Optional(Type.String({ pattern: '^[A-Z0-9]{5,32}$' })),
    'the id of a CloudFront distribution, such as E2QWRUHAPOMQZL',
    'CloudFront distribution that purges are passed on to.',
  ),
  PURGE_CLOUDFRONT_BY: variable(
    Type.Enum(['tags', 'paths'], { default: 'paths' }),
    'tags or paths',
    '`tags`: the distribution’s `CacheTagConfig` names `CACHE_TAG_HEADER`; many objects are one invalidation then.',
  ),
  MAX_WIDTH: integer(4096, 1, 16_383, 'Widest variant in pixels; larger sizes are clamped, both sides in proportion.'),
  MAX_HEIGHT: integer(
    4096,
    1,
    16_383,
    'Highest variant in pixels; width × height also bounds its area, and with it the work: what takes long to write or to draw, as a GIF, has fewer pixels.',
  ),
  MAX_SOURCE_BYTES: bytes(
    '25MiB',
    'Largest original that is decoded; larger ones are 413. Does not bind originals passed through.',
  ),
  MAX_SOURCE_PIXELS: integer(
    50_000_000,
    1,
    MAX_PIXELS,
    'Pixels to decode at most, over all frames, or 8 bytes for each of them; a JPEG counts at the scale it is decoded. More are 422.',
  ),
  MAX_FRAMES: integer(
    256,
    1,
    100_000,
    'Frames of an animation that are kept; longer ones pass through, or give their first frame.',
  ),
  AVIF_MAX_PIXELS: integer(4_000_000, 0, MAX_PIXELS, 'Largest variant, in pixels, for which `f=auto` chooses AVIF.'),
  DEFAULT_OPTIONS: variable(
    Type.String({ default: '' }),
    'options as in a URL, such as f=auto&q=75',
    'Options that apply wherever at least one is given, such as `f=auto&q=75`.',
  ),
  ...ACCESS_VARIABLES,
  COMPAT: variable(
    Type.Optional(Type.Enum(['lambda-edge'])),
    'lambda-edge, or nothing',
    '`lambda-edge`: URLs are read and pictures drawn as by the Lambda@Edge resize function ([docs/from-lambda-edge.md](docs/from-lambda-edge.md)).',
  ),
  PRESETS_FILE: variable(
    Type.Optional(Type.String({ minLength: 1 })),
    'the path of a JSON file',
    'JSON file of options by name, as in `{ "thumb": "w=200&h=200&f=auto" }`, for `preset`.',
  ),
  PRESETS_ONLY: variable(
    Type.Boolean({ default: false }),
    'true or false',
    'Whether pictures are made by `preset` alone; every other picture option is 400. Originals are served as before.',
  ),
  WATERMARKS_FILE: variable(
    Type.Optional(Type.String({ minLength: 1 })),
    'the path of a JSON file',
    'JSON file of watermarks by name, for `wm` ([below](#watermarks)).',
  ),
  // Not COLOR: npm sets that for whatever it starts, to say whether a terminal has any.
  COLOR_PROFILE: variable(
    Type.Enum(['srgb', 'keep'], { default: 'srgb' }),
    'srgb or keep',
    '`keep`: a picture of more colours than sRGB has keeps them and its profile, in formats that have profiles (not GIF).',
  ),
  HDR: variable(
    Type.Enum(['drop', 'keep'], { default: 'drop' }),
    'drop or keep',
    '`keep`: a JPEG with a gain map is scaled to a JPEG with a gain map, where no option needs more than sharp can do to one.',
  ),
  KEEP_COPYRIGHT: variable(
    Type.Boolean({ default: false }),
    'true or false',
    'Whether creator and copyright notice are kept, as EXIF and, where that has no letters for them, XMP; other metadata never is.',
  ),
  SVG: variable(
    Type.Optional(Type.Enum(['pass', 'rasterize', 'refuse'])),
    'one of pass, rasterize, refuse',
    'What becomes of SVG: passed through, and never turned into pixels (`pass`); drawn where a format of pixels is asked for (`rasterize`, as with `COMPAT=lambda-edge`); or 415, always (`refuse`).',
  ),
  FALLBACK_IMAGE: variable(
    Type.Optional(Type.String({ minLength: 1 })),
    'the path of a picture',
    'Path of a picture that is sent, in the size and format asked for, instead of an error about an original.',
  ),
  FALLBACK_STATUS: variable(
    Type.Optional(Type.String({ pattern: '^(200|[45][0-9]{2})$' })),
    '200, or a status from 400 to 599',
    'Status of that answer; by default the error’s own.',
  ),
  WORKERS: integer(availableParallelism(), 1, 1024, 'Pictures worked on at once; by default the available cores.'),
  QUEUE_LENGTH: integer(100, 0, 100_000, 'Requests that may wait for a worker; one more is 503.'),
  DEADLINE_MS: integer(
    12_000,
    100,
    600_000,
    'Time from a request to its answer; over it 504. Keep it below the time-out of the CDN.',
  ),
  DRAIN_DELAY_MS: integer(
    5_000,
    0,
    600_000,
    'After SIGTERM, how long requests are still accepted while `/readyz` says 503: longer than the platform takes to notice.',
  ),
  CORS_ORIGINS: variable(
    Type.String({ default: '*', pattern: `^(\\*|${ORIGIN}(\\s*,\\s*${ORIGIN})*)$` }),
    '* or a list such as https://a.example,https://b.example',
    'Origins whose pages may read answers: `*` or a comma-separated list.',
  ),
  ...UPLOADS_VARIABLES,
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
