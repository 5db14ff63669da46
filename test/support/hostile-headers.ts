/** What a store may say besides, or be made to by who may write objects. None of it is to be passed on. */
export const STORE_HEADERS: Readonly<Record<string, string>> = {
  'x-amz-meta-owner': 'somebody',
  'x-amz-meta-note': 'gr\xfcn',
  'x-amz-meta-long': 'x'.repeat(2_048),
  'x-amz-request-id': 'REQUEST0ID',
  'x-amz-id-2': 'HOST/ID==',
  'x-amz-version-id': 'VERSION',
  'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:111122223333:key/x',
  'x-amz-website-redirect-location': 'https://evil.example/',
  server: 'AmazonS3',
  'set-cookie': 'session=of-the-store; Path=/',
  'access-control-allow-origin': 'https://evil.example',
  'access-control-allow-credentials': 'true',
  'content-security-policy': 'default-src *',
  'x-content-type-options': 'sniff',
  'strict-transport-security': 'max-age=1',
  'clear-site-data': '"*"',
  location: 'https://evil.example/',
  link: '<https://evil.example/>; rel=preload',
  refresh: '0; url=https://evil.example/',
  'service-worker-allowed': '/',
  'x-accel-redirect': '/etc/passwd',
};

/** Values that no header may have, or that none is worth. */
export const UNFIT_VALUES = [
  'a\r\nset-cookie: x=1',
  'a\r\n\r\n<script>alert(1)</script>',
  'a\nset-cookie: x=1',
  'a\0b',
  'a\x7fb',
  'gr\xfcn',
  '\u{1F4F7}',
  'a\u2028b',
  'x'.repeat(8_192),
];

const ALWAYS = [
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'connection',
  'cross-origin-resource-policy',
  'date',
  'timing-allow-origin',
  'x-content-type-options',
];
const OF_OBJECT = [...ALWAYS, 'cache-tag'];
const OF_BODY = ['content-length', 'content-type'];
const OF_VERSION = [...OF_OBJECT, 'etag', 'last-modified', 'cache-status', 'server-timing'];

/** Every header that an answer has, and no other. */
export const HEADER_NAMES = {
  original: [...OF_VERSION, ...OF_BODY, 'accept-ranges'],
  part: [...OF_VERSION, ...OF_BODY, 'accept-ranges', 'content-range'],
  variant: [...OF_VERSION, ...OF_BODY, 'content-security-policy'],
  'original, not modified': [...OF_VERSION, 'accept-ranges'],
  'variant, not modified': OF_VERSION,
  missing: [...OF_OBJECT, ...OF_BODY],
  refused: [...ALWAYS, ...OF_BODY],
} as const;
