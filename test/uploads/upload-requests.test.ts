import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { ownerOf, permanentKey, readPermanentKey, temporaryKey } from '../../src/uploads/keys.ts';
import {
  readKey,
  readTokens,
  readUploadOrder,
  readUrlOrder,
  type UploadLimits,
} from '../../src/uploads/upload-requests.ts';
import { createUploadUrls, srcsetOf } from '../../src/uploads/upload-urls.ts';

const LIMITS: UploadLimits = {
  types: ['image/jpeg', 'image/png', 'video/mp4'],
  maxBytes: 1_000,
  maxPictureBytes: 100,
};
const ORDER = { filename: 'a.jpg', type: 'image/jpeg', size: 100 };

/** What it throws, as `code: message`. */
function complaint(read: () => unknown): string {
  try {
    return `none: ${JSON.stringify(read())}`;
  } catch (error) {
    return error instanceof ServiceError ? `${error.code}: ${error.message}` : String(error);
  }
}

t.test('what is announced is read', (t) => {
  const usual = { name: 'a.jpg', type: 'image/jpeg', size: 100, method: 'POST', visibility: 'public' };
  t.same(readUploadOrder(ORDER, LIMITS), usual);
  t.same(readUploadOrder({ ...ORDER, method: 'PUT', private: true }, LIMITS), {
    ...usual,
    method: 'PUT',
    visibility: 'private',
  });
  t.same(readUploadOrder({ ...ORDER, private: false, type: 'IMAGE/JPEG' }, LIMITS), usual);
  t.same(readUploadOrder({ filename: 'Фильм 🎬.mp4', type: 'video/mp4', size: 1_000 }, LIMITS), {
    ...usual,
    name: 'Фильм 🎬.mp4',
    type: 'video/mp4',
    size: 1_000,
  });
  t.end();
});

t.test('what is announced badly is told by its field', (t) => {
  const cases: readonly [unknown, RegExp][] = [
    [undefined, /^bad_upload: expected a JSON object of filename, type, size, method, private$/],
    [null, /^bad_upload: expected a JSON object/],
    [[], /^bad_upload: expected a JSON object/],
    ['a.jpg', /^bad_upload: expected a JSON object/],
    [{ ...ORDER, key: 'files/x' }, /^bad_upload: .*got "key"$/],
    [JSON.parse('{"__proto__":1}'), /^bad_upload: .*got "__proto__"$/],
    [{}, /^bad_upload: "type"/],
    [{ ...ORDER, type: 7 }, /^bad_upload: "type"/],
    [
      { ...ORDER, type: 'text/html' },
      /^type_not_allowed: "type": expected one of image\/jpeg, image\/png, video\/mp4$/,
    ],
    [{ ...ORDER, type: 'image/webp' }, /^type_not_allowed/],
    [{ ...ORDER, type: 'constructor' }, /^type_not_allowed/],
    [{ ...ORDER, type: 'image/jpeg; charset=x' }, /^type_not_allowed/],
    ...[
      '',
      '../a',
      'a/b',
      'a\\b',
      'a\0',
      'a\u202egpj.exe',
      '.',
      '..',
      'a'.repeat(256),
      'ü'.repeat(250) + 'ü'.repeat(60),
      'a\ud800',
      7,
    ].map((filename): [unknown, RegExp] => [
      { ...ORDER, filename },
      /^bad_upload: "filename": expected a file name of 1 to 255/,
    ]),
    ['字'.repeat(201), /^bad_upload/],
    [{ ...ORDER, filename: '字'.repeat(201) }, /^bad_upload: "filename"/],
    ...[undefined, '100', 0, -1, 1.5, Number.NaN, 2 ** 53, null].map((size): [unknown, RegExp] => [
      { ...ORDER, size },
      /^bad_upload: "size": expected the number of bytes/,
    ]),
    [{ ...ORDER, size: 101 }, /^upload_too_large: "size": expected at most 100 bytes, got 101$/],
    [{ ...ORDER, type: 'video/mp4', size: 1_001 }, /^upload_too_large: "size": expected at most 1000 bytes/],
    [{ ...ORDER, method: 'put' }, /^bad_upload: "method"/],
    [{ ...ORDER, private: 'yes' }, /^bad_upload: "private"/],
  ];
  for (const [order, expected] of cases)
    t.match(
      complaint(() => readUploadOrder(order, LIMITS)),
      expected,
    );
  t.end();
});

t.test('one token, or up to a hundred', (t) => {
  t.same(readTokens({ token: 'a' }), { tokens: ['a'], isSingle: true });
  t.same(readTokens({ tokens: ['a', 'b'] }), { tokens: ['a', 'b'], isSingle: false });
  t.equal(readTokens({ tokens: Array(100).fill('a') }).tokens.length, 100);
  const wrong = [{}, { tokens: [] }, { tokens: 'a' }, { tokens: Array(101).fill('a') }, { token: 'a', tokens: ['a'] }];
  for (const order of wrong)
    t.match(
      complaint(() => readTokens(order)),
      /^bad_upload: expected "token", or "tokens"/,
    );
  for (const token of ['', 7, null, 'a'.repeat(4097)]) {
    t.match(
      complaint(() => readTokens({ token })),
      /^bad_upload: "token"/,
    );
    t.match(
      complaint(() => readTokens({ tokens: ['a', token] })),
      /^bad_upload: "token"/,
    );
  }
  t.end();
});

t.test('what is asked of an own object is read from the query', (t) => {
  t.same(readUrlOrder('key=files/a%20b'), { key: 'files/a b', seconds: 3600, options: {} });
  t.same(readUrlOrder('w=200&key=files/a&seconds=60&f=webp&sig=x&kid=k&exp=5&pending=p&utm=1'), {
    key: 'files/a',
    seconds: 60,
    options: { w: 200, f: 'webp' },
  });
  t.equal(readUrlOrder('key=a&seconds=604800').seconds, 604_800);
  t.equal(readUrlOrder('key=a&seconds=').seconds, 3600);
  t.equal(readKey('key=a'), 'a');
  const cases: readonly [string, RegExp][] = [
    ['', /^bad_upload: "key"/],
    ['key=', /^bad_upload: "key"/],
    ['key=a&key=b', /^bad_upload: "key"/],
    ['key=a&w=abc', /^bad_upload: .*"w"/],
    ...['0', '604801', '-1', '1e3', '0x10', '60s'].map((seconds): [string, RegExp] => [
      `key=a&seconds=${seconds}`,
      /^bad_upload: "seconds"/,
    ]),
  ];
  for (const [query, expected] of cases)
    t.match(
      complaint(() => readUrlOrder(query)),
      expected,
      query,
    );
  t.end();
});

t.test('keys are of a form of our own', (t) => {
  const file = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.jpg';
  const name = { owner: 'ann', file };
  t.equal(temporaryKey(name), `tmp/ann/${file}`);
  t.equal(permanentKey(name, 'public'), `files/ann/${file}`);
  t.equal(permanentKey(name, 'private'), `private/ann/${file}`);
  t.same(readPermanentKey(`private/ann/${file}`), { ...name, visibility: 'private' });
  t.same(readPermanentKey(`files/${ownerOf('a b')}/${file}`), { owner: ownerOf('a b'), file, visibility: 'public' });
  const others = [
    `tmp/ann/${file}`,
    `files-evil/ann/${file}`,
    `constructor/ann/${file}`,
    `files/../ann/${file}`,
    `files/ann/../${file}`,
    `files//${file}`,
    `/files/ann/${file}`,
    `files/ann/${file}/`,
    `files/ann/${file}\n`,
    `files/ann/x/${file}`,
    'files/ann/photo.jpg',
    '',
  ];
  for (const key of others) t.equal(readPermanentKey(key), undefined, key);
  for (const subject of ['', '..', '.', 'a/b', 'a.b', 's.x', 'ü', 'a'.repeat(65)])
    t.match(ownerOf(subject), /^s\.[\w-]{43}$/, subject);
  t.equal(ownerOf('Ann_1-b'), 'Ann_1-b');
  t.end();
});

const SETTINGS = { base: '', ladder: [], maxWidth: 4096, hasSizes: true, hasFormat: false, signer: undefined };

t.test('sizes are those below the picture’s own, and that', (t) => {
  const widths = (width: number, settings: object = {}) =>
    createUploadUrls({ ...SETTINGS, ...settings })
      .candidates('a', width)
      .map((candidate) => [Number(/w=(\d+)/.exec(candidate.url)?.[1]), candidate.width]);
  t.same(widths(200), [[200, 200]]);
  t.same(widths(320), [[320, 320]]);
  t.same(widths(1000), [
    [320, 320],
    [640, 640],
    [960, 960],
    [1000, 1000],
  ]);
  t.same(widths(9000).at(-1), [4096, 4096], 'no more than is made');
  t.same(widths(9000, { maxWidth: 640 }), [
    [320, 320],
    [640, 640],
  ]);
  const ladder = [100, 500, 900];
  t.same(widths(300, { ladder }), [
    [100, 100],
    [500, 300],
  ]);
  t.same(widths(500, { ladder }), [
    [100, 100],
    [500, 500],
  ]);
  t.same(widths(2000, { ladder }), [
    [100, 100],
    [500, 500],
    [900, 900],
  ]);
  t.same(widths(2000, { hasSizes: false }), []);
  t.end();
});

t.test('URLs have the CDN’s origin, the options that go with them, and a signature where there has to be one', (t) => {
  const urls = createUploadUrls({ ...SETTINGS, base: 'https://img.example', maxWidth: 300 });
  t.equal(urls.urlOf('files/a b.jpg'), 'https://img.example/files/a%20b.jpg');
  t.equal(urls.urlOf('a', { w: 20, pos: '0.5,0.5' }), 'https://img.example/a?w=20&pos=0.5%2C0.5');
  const candidates = urls.candidates('a', 300, { pending: '1.k.s' });
  t.equal(srcsetOf(candidates), 'https://img.example/a?w=300&enlarge=0&f=auto&pending=1.k.s 300w');
  const plain = createUploadUrls({ ...SETTINGS, hasFormat: true }).candidates('a', 300);
  t.equal(srcsetOf(plain), '/a?w=300&enlarge=0 300w');
  const signer = { kid: 'k1', sign: (text: string) => encodeURIComponent(text) };
  t.equal(
    createUploadUrls({ ...SETTINGS, signer }).urlOf('a', { w: 20 }),
    `/a?w=20&kid=k1&sig=${encodeURIComponent('a\nkid=k1&w=20')}`,
  );
  t.end();
});
