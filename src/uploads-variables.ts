import { Type } from 'typebox';
import { SIGNING_KEYS_PATTERN } from './access-variables.ts';
import { formatOf, UPLOAD_TYPES, type UploadType } from './uploads/upload-types.ts';
import { bytes, integer, type Variable, variable } from './variable.ts';

const API_KEY = '[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{32,512}';
/** Whoever is between here and there could say who may upload: only a machine's own loopback is spoken to in plain text. */
const JWKS = 'https://[^/?#@\\s]+/\\S*|http://(127\\.0\\.0\\.1|\\[::1\\]|localhost)(:[0-9]+)?/\\S*';
const ORIGIN = 'https?://[^/?#@\\s]+';

const TYPES = Object.keys(UPLOAD_TYPES) as UploadType[];
const TYPE = TYPES.join('|').replaceAll('.', '\\.');
const PICTURES = TYPES.filter((type) => formatOf(type) !== undefined && type !== 'image/tiff');

/** Uploads straight to the bucket: see docs/uploads.md. */
export const UPLOADS_VARIABLES = {
  UPLOADS_BUCKET: variable(
    Type.Optional(Type.String({ pattern: '^s3://[^/?#@]+(/[^?#]*)?$' })),
    's3://bucket/prefix within SOURCE',
    'Bucket that browsers upload to, `s3://bucket/prefix` within `SOURCE`: into its folder `tmp/`, and once confirmed `files/` or `private/` ([docs/uploads.md](docs/uploads.md)). Without it there are no uploads.',
  ),
  UPLOADS_ENDPOINTS: variable(
    Type.Boolean({ default: true }),
    'true or false',
    'Whether `/-/uploads` is served; `false` for instances that only show what others take in, and may not write.',
  ),
  UPLOADS_KEYS: variable(
    Type.Optional(Type.String({ pattern: SIGNING_KEYS_PATTERN })),
    'up to 16 keys as id:hex,id:hex, each of 16 to 64 bytes, beside UPLOADS_BUCKET',
    'Keys of tokens, receipts and `pending` by their ids, as `SIGNING_KEYS`: the first signs, all verify.',
  ),
  UPLOADS_JWT_SECRET: variable(
    Type.Optional(Type.String({ pattern: '^[!-~]{32,512}$' })),
    '32 to 512 visible characters without spaces',
    'Secret of the JSON Web Tokens (HS256) that say who uploads.',
  ),
  UPLOADS_JWKS_URL: variable(
    Type.Optional(Type.String({ pattern: `^(${JWKS})$` })),
    'an https:// URL',
    'URL of the public keys of those tokens, where somebody else signs them; `UPLOADS_JWT_ISSUER` and `UPLOADS_JWT_AUDIENCE` have to be named then.',
  ),
  UPLOADS_JWT_ISSUER: variable(
    Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    'the issuer of tokens, beside UPLOADS_JWKS_URL',
    'What `iss` of those tokens has to be.',
  ),
  UPLOADS_JWT_AUDIENCE: variable(
    Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    'the audience of tokens, beside UPLOADS_JWKS_URL',
    'What `aud` of those tokens has to be or to contain.',
  ),
  UPLOADS_API_KEYS: variable(
    Type.Optional(Type.String({ pattern: `^${API_KEY}(,${API_KEY}){0,15}$` })),
    'up to 16 keys as name:key,name:key, each of 32 to 512 letters, digits, - and _',
    'Keys of backends that upload under a name of their own.',
  ),
  UPLOADS_TYPES: variable(
    Type.String({ default: PICTURES.join(','), pattern: `^(${TYPE})(,(${TYPE}))*$` }),
    `a list of ${TYPES.join(', ')}`,
    'Types that are taken. What pictures are, the decoder says; of the others the first bytes are looked at.',
  ),
  UPLOADS_MAX_BYTES: bytes(
    '25MiB',
    'Largest upload, up to 5GiB; of pictures `MAX_SOURCE_BYTES` is the largest, too, or they could not be shown.',
  ),
  UPLOADS_PER_MINUTE: integer(
    120,
    1,
    100_000,
    'Requests to `/-/uploads` in a minute, for each subject at each instance; more are 429.',
  ),
  UPLOADS_CACHE_CONTROL: variable(
    Type.String({ default: 'public, max-age=31536000, immutable', pattern: '^[\\x20-\\x7e]{1,256}$' }),
    'a Cache-Control header value',
    'Lifetime that confirmed objects are stored with; each name is of one upload. Those of `private/` say `private, max-age=300`.',
  ),
  UPLOADS_PUBLIC_URL: variable(
    Type.Optional(Type.String({ pattern: `^${ORIGIN}$` })),
    'an origin such as https://img.example',
    'Origin of the URLs that are answered: the CDN’s. Without it they begin with the path.',
  ),
  UPLOADS_S3_ENDPOINT: variable(
    Type.Optional(Type.String({ pattern: `^${ORIGIN}$` })),
    'an origin such as https://s3.example',
    'Where browsers reach the store, where that is not where the service does.',
  ),
} as const satisfies Record<string, Variable>;
