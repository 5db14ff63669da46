import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { decodeEntry, encodeEntry, entryName, lengthOf, MAX_ENTRY_BYTES } from '../../src/cache/entry-codec.ts';
import { tagsOf } from '../../src/cache/tags.ts';
import type { CacheEntry } from '../../src/cache/tier.ts';
import { FORMATS } from '../../src/formats.ts';
import { entryOf } from '../support/cache-entries.ts';

const HEADER_AT = 12;

const encode = (key: string, entry: CacheEntry) => Buffer.concat(encodeEntry(key, entry));

/** What a header says when it is right: each test changes one thing. */
const HEADER = { key: 'key', format: 'webp', etag: 'W/"etag"', storedAt: 1, tags: ['ab'], bodyBytes: 4 };

/** An entry with any header at all, whole by its checksum. */
function seal(header: string | Buffer, body = 'body', headerLength = Buffer.byteLength(header)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headerLength);
  const sealed = Buffer.concat([Buffer.from('lambent\x01'), length, Buffer.from(header), Buffer.from(body)]);
  return Buffer.concat([sealed, createHash('sha256').update(sealed).digest()]);
}

const entries = fc.record(
  {
    body: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    format: fc.constantFrom('jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'),
    etag: fc.stringMatching(/^(W\/)?"[!#-~]*"$/),
    storedAt: fc.maxSafeNat(),
    tags: fc.array(fc.stringMatching(/^[0-9a-f]{1,16}$/)),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<CacheEntry>;

t.test('gives back every field of what was encoded, whatever the key', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), entries, (key, entry) => {
      const bytes = encode(key, entry);
      t.strictSame(decodeEntry(key, bytes), entry);
      return lengthOf(encodeEntry(key, entry)) === bytes.length;
    }),
  );
  const lone = '\ud800';
  t.strictSame(decodeEntry(lone, encode(lone, entryOf(1))), entryOf(1));
  t.equal(decodeEntry('\ufffd', encode(lone, entryOf(1))), undefined, 'though both have one name');
  t.end();
});

t.test('copies no body, neither way', (t) => {
  const entry = entryOf(100_000);
  const [, body] = encodeEntry('key', entry);
  t.equal(body, entry.body);
  const bytes = encode('key', entry);
  t.equal(decodeEntry('key', bytes)?.body.buffer, bytes.buffer);
  t.end();
});

t.test('has room for the tags of the longest key there is, and throws for a key beyond all measure', (t) => {
  const key = 'a/'.repeat(512);
  const entry = entryOf(0, { tags: tagsOf(key) });
  t.strictSame(decodeEntry(key, encode(key, entry)), entry);
  t.throws(() => encodeEntry('x'.repeat(70_000), entryOf(0)), RangeError);
  t.end();
});

t.test('the largest picture that can be put out fits, uncompressed', (t) => {
  t.ok(MAX_ENTRY_BYTES >= 4096 * 4096 * 3);
  t.end();
});

t.test('any one byte changed, to any other value, and it is no entry', (t) => {
  const bytes = encode('key', entryOf(40));
  const survivors: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    for (let flip = 1; flip < 256; flip++) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ flip;
      if (decodeEntry('key', changed)) survivors.push(at);
    }
  }
  t.same(survivors, []);
  t.end();
});

t.test('cut anywhere, or with something behind its end, it is no entry', (t) => {
  const bytes = encode('key', entryOf(40));
  for (let end = 0; end < bytes.length; end++) t.equal(decodeEntry('key', bytes.subarray(0, end)), undefined);
  for (const more of [Buffer.alloc(1), Buffer.alloc(4096), bytes]) {
    t.equal(decodeEntry('key', Buffer.concat([bytes, more])), undefined);
    t.equal(decodeEntry('key', Buffer.concat([more, bytes])), undefined);
  }
  t.end();
});

t.test('takes any bytes without throwing', (t) => {
  const bytes = encode('key', entryOf(500));
  const change = fc.record({ at: fc.nat(bytes.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => !decodeEntry('key', Buffer.from(any))));
  fc.assert(
    fc.property(change, (change) => {
      const changed = Buffer.concat([bytes]);
      changed.set(change.bytes.subarray(0, changed.length - change.at), change.at);
      return changed.equals(bytes) || decodeEntry('key', changed) === undefined;
    }),
  );
  fc.assert(fc.property(fc.json(), (header) => decodeEntry('key', seal(header)) === undefined));
  t.end();
});

t.test('another key, and it is no entry', (t) => {
  t.equal(decodeEntry('other', encode('key', entryOf(10))), undefined);
  t.end();
});

t.test('whole by its checksum, its header still has to be right', (t) => {
  const withHeader = (change: object) => seal(JSON.stringify({ ...HEADER, ...change }));
  t.match(decodeEntry('key', withHeader({})), { format: 'webp', storedAt: 1, tags: ['ab'] }, 'as it is here');
  t.match(decodeEntry('key', withHeader({ more: 1 })), { format: 'webp' }, 'what is not known does no harm');
  const wrong: readonly object[] = [
    ...['svg', 'bmp', '', 'toString', '__proto__', null, 1, ['webp']].map((format) => ({ format })),
    ...['etag', '"', 'W/"a\r\nb"', 'W/"a"b"', '', null, 1, {}].map((etag) => ({ etag })),
    ...['1', -1, 1.5, null, 1e300, {}].map((storedAt) => ({ storedAt })),
    ...['ab', null, {}, [1], [null], [''], ['a,b'], ['a b'], ['a\nb'], [['ab']]].map((tags) => ({ tags })),
    ...[-4, 3, 5, '4', null, 4.5].map((bodyBytes) => ({ bodyBytes })),
    ...['other', null, ['key']].map((key) => ({ key })),
  ];
  for (const change of wrong) t.equal(decodeEntry('key', withHeader(change)), undefined, JSON.stringify(change));
  for (const name of Object.keys(HEADER)) {
    t.equal(decodeEntry('key', withHeader({ [name]: undefined })), undefined, `without ${name}`);
  }
  for (const header of ['', '{', 'null', '1', '[]', '""', Buffer.from([0xff, 0xfe])]) {
    t.equal(decodeEntry('key', seal(header)), undefined, `${header}`);
  }
  t.end();
});

t.test('a header of any length is looked at only when it can be one', (t) => {
  const header = JSON.stringify(HEADER);
  for (const length of [0, header.length - 1, header.length + 4, header.length + 5, 70_000, 2 ** 31, 2 ** 32 - 1]) {
    t.equal(decodeEntry('key', seal(header, 'body', length)), undefined, `${length} bytes`);
  }
  t.equal(decodeEntry('key', seal(header + ' '.repeat(70_000))), undefined, 'also when there are so many');
  t.match(decodeEntry('key', seal(header + ' '.repeat(60_000))), { format: 'webp' });
  t.end();
});

t.test('every format that is written can be stored', (t) => {
  for (const [format, row] of Object.entries(FORMATS)) {
    const decoded = decodeEntry('key', seal(JSON.stringify({ ...HEADER, format })));
    t.equal(decoded?.format, 'encoder' in row ? format : undefined);
  }
  t.end();
});

t.test('other versions have other bytes and other names', (t) => {
  const bytes = encode('key', entryOf(10));
  t.equal(bytes.toString('latin1', 0, HEADER_AT - 4), 'lambent\x01');
  // printf '1\nkey' | sha256sum
  const hashed = (key: string) => createHash('sha256').update(`1\n${key}`).digest('hex');
  t.equal(entryName('key'), hashed('key').slice(0, 32));
  const [tag, ...others] = ['0123456789abcdef', '0123456789abcdeF', '0123456789abcde', '0123456789abcdef0'];
  t.equal(entryName(`${tag}-key`), `${tag}${hashed(`${tag}-key`).slice(0, 16)}`, 'by its object');
  for (const other of others)
    t.equal(entryName(`${other}-key`), hashed(`${other}-key`).slice(0, 32), 'which is no tag');
  for (const key of ['', '../../up', 'a/b', '\0', 'ä €', 'k'.repeat(5000)]) {
    t.match(entryName(key), /^[0-9a-f]{32}$/);
  }
  t.end();
});
