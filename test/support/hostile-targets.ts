/** Targets that name another server. The last is one only to who cuts off the first character, whatever that is. */
export const FOREIGN_TARGETS = [
  '/http://169.254.169.254/latest/meta-data/',
  '/https://evil.example/x.jpg?w=10',
  '//evil.example/x.jpg',
  '/%2f%2fevil.example/x.jpg',
  '/%2Fevil.example/x.jpg',
  '///evil.example/x.jpg',
  '/\\evil.example/x.jpg',
  'http://evil.example/x.jpg?w=10',
  'http://169.254.169.254/latest/meta-data/',
  '*a.jpg',
];

/** Keys for who does not look closely: nothing but objects of the bucket. */
export const ADDRESSES_AS_KEYS = [
  ['/evil.example:80/a.jpg', 'evil.example:80/a.jpg'],
  ['/@evil.example/a.jpg', '@evil.example/a.jpg'],
  ['/a.jpg?url=http://evil.example/x.jpg&bucket=other&key=b.jpg&endpoint=http://evil.example', 'a.jpg'],
] as const;

/** What a proxy believes, or has been made to. */
export const FORGED_HEADERS = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-for': '169.254.169.254',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '8443',
  'x-original-url': '//evil.example/x.jpg',
  'x-rewrite-url': 'http://evil.example/x.jpg',
  'x-original-host': 'evil.example',
  forwarded: 'for=169.254.169.254;host=evil.example;proto=https',
  'x-amz-bucket-region': 'eu-west-3',
  via: '1.1 evil.example',
};

/** Ways from a folder `public` to one beside it. */
export const WAYS_OUT = [
  '/../public-other/a.jpg',
  '/%2e%2e/public-other/a.jpg',
  '/.%2e/public-other/a.jpg',
  '/..%2fpublic-other/a.jpg',
  '/..%2Fpublic-other%2Fa.jpg',
  '/..%5cpublic-other/a.jpg',
  '/%252e%252e/public-other/a.jpg',
  '/%252e%252e%252fpublic-other/a.jpg',
  '/b/../../public-other/a.jpg',
  '/b/%2e%2e/%2e%2e/public-other/a.jpg',
  '/-other/a.jpg',
  '/public-other/a.jpg',
  '//public-other/a.jpg',
  '/./../public-other/a.jpg',
  '/%c0%ae%c0%ae/public-other/a.jpg',
  '/..%00/public-other/a.jpg',
  '/link/a.jpg',
];

const LONGEST_KEY = `${'a/'.repeat(511)}ab`;

/** Targets and the one key that each may be looked up under; undefined for those that are refused. */
export const TRAVERSALS: readonly (readonly [target: string, key: string | undefined])[] = [
  ['/../a.jpg', undefined],
  ['/b/../a.jpg', undefined],
  ['/b/..', undefined],
  ['/./a.jpg', undefined],
  ['/%2e%2e/a.jpg', undefined],
  ['/%2E%2E%2Fa.jpg', undefined],
  ['/b/%2e/a.jpg', undefined],
  ['/%252e%252e/a.jpg', '%2e%2e/a.jpg'],
  ['/%25252e%25252e/a.jpg', '%252e%252e/a.jpg'],
  ['/..%2fa.jpg', undefined],
  ['/..%252fa.jpg', '..%2fa.jpg'],
  ['/..%5ca.jpg', undefined],
  ['/..\\a.jpg', undefined],
  ['/b%5ca.jpg', undefined],
  ['/%255c..%255ca.jpg', '%5c..%5ca.jpg'],
  ['/%c0%ae%c0%ae/a.jpg', undefined],
  ['/%c0%afa.jpg', undefined],
  ['/%e0%80%aea.jpg', undefined],
  ['/%ed%a0%80.jpg', undefined],
  ['/%ff.jpg', undefined],
  ['/%zz.jpg', undefined],
  ['/a.jpg%', undefined],
  ['/%u002e%u002e/a.jpg', undefined],
  ['/a%00.jpg', undefined],
  ['/a.jpg%00', undefined],
  ['/a%2500.jpg', 'a%00.jpg'],
  ['/a%0d%0aset-cookie:x=1', undefined],
  ['/a%7f.jpg', undefined],
  ['/a%c2%85.jpg', undefined],
  ['/a//b.jpg', undefined],
  ['/a%2f%2fb.jpg', undefined],
  ['/a/', undefined],
  ['/', undefined],
  ['/%2D/livez', undefined],
  ['/%2d%2fmetrics', undefined],
  ['/.../a.jpg', '.../a.jpg'],
  ['/..a/b..jpg', '..a/b..jpg'],
  ['/a.jpg%3Fw=10', 'a.jpg?w=10'],
  ['/a.jpg%23b', 'a.jpg#b'],
  [`/${LONGEST_KEY}`, LONGEST_KEY],
  [`/${LONGEST_KEY}c`, undefined],
  [`/${'%c3%a9'.repeat(513)}`, undefined],
];

/** Names as people write them, and what is to arrive at the store, byte by byte. */
export const SPELLINGS: readonly (readonly [target: string, key: string])[] = [
  ['/a%20b.jpg', 'a b.jpg'],
  ['/a+b.jpg', 'a+b.jpg'],
  ['/a%2Bc.jpg', 'a+c.jpg'],
  ['/a%252Bb', 'a%2Bb'],
  ['/folder%2Fa.jpg', 'folder/a.jpg'],
  ['/caf%C3%A9.jpg', 'caf\u00e9.jpg'],
  ['/cafe%CC%81.jpg', 'cafe\u0301.jpg'],
  ['/%EF%AC%81.jpg', '\ufb01.jpg'],
  ['/%F0%9F%93%B7.jpg', '\u{1F4F7}.jpg'],
  ['/CAF%C3%89.JPG', 'CAF\u00c9.JPG'],
  ["/a!$&'()*,;=:@b.jpg", "a!$&'()*,;=:@b.jpg"],
];
