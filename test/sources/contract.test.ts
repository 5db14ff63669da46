import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { openSource } from '../../src/sources/open-source.ts';
import type { NotModified, Opened, ReadConditions, Source } from '../../src/sources/source.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/service.ts';
import { startWebServer, type WebServerOptions } from '../support/web-server.ts';

interface Store {
  readonly source: Source;
  put(key: string, body: string | Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Every source, each over a store of its own that the test can write to. */
const STORES: Readonly<Record<string, (t: Test) => Promise<Store>>> = {
  async folder(t) {
    const root = await mkdtemp(path.join(tmpdir(), 'lambent-'));
    t.teardown(() => rm(root, { recursive: true }));
    const source = await openSource({ url: pathToFileURL(root).href, forcePathStyle: false, maxSockets: 5 });
    const file = (key: string) => path.join(root, ...key.split('/'));
    return {
      source,
      async put(key, body) {
        await mkdir(path.dirname(file(key)), { recursive: true });
        await writeFile(file(key), body);
      },
      remove: (key) => rm(file(key)),
    };
  },

  async s3(t) {
    const s3 = await startS3Server();
    t.teardown(() => s3.close());
    t.comment(`S3 is ${s3.label}`);
    const { SOURCE = '' } = useS3(t, s3, 'originals/');
    const source = await openSource({ url: SOURCE, forcePathStyle: true, maxSockets: 5 });
    t.teardown(() => source.close());
    return {
      source,
      put: async (key, body) => void (await s3.put(`originals/${key}`, body)),
      remove: (key) => s3.remove(`originals/${key}`),
    };
  },

  https: (t) => overHttps(t),
  'https with weak tags': (t) => overHttps(t, { tagPrefix: 'W/' }),
};

async function overHttps(t: Test, options?: WebServerOptions): Promise<Store> {
  const web = await startWebServer(t, options);
  const source = await openSource({
    url: `${web.origin}/originals/`,
    forcePathStyle: false,
    https: { allowPrivate: true, redirects: 0, ca: web.ca },
    maxSockets: 5,
  });
  t.teardown(() => source.close());
  return {
    source,
    put: async (key, body) => web.put(`originals/${encoded(key)}`, body),
    remove: async (key) => web.remove(`originals/${encoded(key)}`),
  };
}

/** By hand: all but RFC 3986's unreserved characters and the slash, byte by byte. */
function encoded(key: string): string {
  const hex = (byte: number) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  return Array.from(Buffer.from(key), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~/-]/.test(character) ? character : hex(byte);
  }).join('');
}

const never = new AbortController().signal;

async function open(source: Source, key: string, conditions: ReadConditions = {}): Promise<Opened> {
  const opened = await source.open(key, conditions, never);
  if (opened.status !== 'opened') throw new Error(`${key} was not opened: ${opened.status}`);
  return opened;
}

async function read(source: Source, key: string, conditions: ReadConditions = {}): Promise<string> {
  return (await buffer((await open(source, key, conditions)).body)).toString();
}

for (const [name, connect] of Object.entries(STORES)) {
  t.test(name, async (t) => {
    const { source, put, remove } = await connect(t);
    const refuses = (key: string, code: string, conditions: ReadConditions = {}) =>
      t.rejects(source.open(key, conditions, never), { name: 'ServiceError', code }, `${key}: ${code}`);

    await t.test('opens an object with its head, length and bytes', async (t) => {
      await put('folder/a.png', 'twelve bytes');
      const opened = await open(source, 'folder/a.png');
      t.equal(opened.length, 12);
      t.match(opened.head.etag, /^"[^"]+"$/);
      t.ok(Math.abs(opened.head.lastModified.getTime() - Date.now()) < 60_000);
      t.equal(opened.contentRange, undefined);
      t.equal((await buffer(opened.body)).toString(), 'twelve bytes');
    });

    await t.test('keeps keys byte for byte', async (t) => {
      const keys = [
        'a b.jpg',
        'a+b.jpg',
        'a%2Bb.jpg',
        'caf\u00e9.jpg',
        'cafe\u0301.jpg',
        '\u{1F600}.jpg',
        "it's (1)!*&=?#;.jpg",
      ];
      for (const key of keys) await put(key, `body of ${key}`);
      for (const key of keys) t.equal(await read(source, key), `body of ${key}`);
    });

    await t.test('tries a missing key with a plus once more with spaces', async (t) => {
      await put('summer 2024/at sea.jpg', 'spaces');
      t.equal(await read(source, 'summer+2024/at+sea.jpg'), 'spaces');
      await put('one+two.jpg', 'plus');
      await put('one two.jpg', 'space');
      t.equal(await read(source, 'one+two.jpg'), 'plus', 'the plus wins where it is there');
      await refuses('no+where.jpg', 'not_found');
    });

    await t.test('has no object where there is none', async () => {
      await put('folder/b.png', 'b');
      for (const key of ['missing', 'folder', 'folder/b.png/c', `long-${'x'.repeat(900)}`])
        await refuses(key, 'not_found');
    });

    await t.test('reads an empty object', async (t) => {
      await put('empty', '');
      const { length, body } = await open(source, 'empty');
      t.equal(length, 0);
      t.equal((await buffer(body)).length, 0);
    });

    await t.test('reads on condition', async (t) => {
      await put('c', 'first');
      const { head, body } = await open(source, 'c');
      body.destroy();
      const again = await source.open('c', { ifNoneMatch: head.etag }, never);
      t.equal(again.status, 'not-modified');
      const { lastModified = head.lastModified } = again as NotModified;
      t.equal(lastModified.getTime(), head.lastModified.getTime(), 'where it is said, the same');
      t.equal(await read(source, 'c', { ifMatch: head.etag }), 'first');
      await put('c', 'second, longer');
      t.equal(await read(source, 'c', { ifNoneMatch: head.etag }), 'second, longer');
      await refuses('c', 'source_changed', { ifMatch: head.etag });
      await remove('c');
      await refuses('c', 'not_found', { ifNoneMatch: head.etag });
    });

    await t.test('reads a range', async (t) => {
      await put('digits', '0123456789');
      const cases = [
        { range: 'bytes=2-4', body: '234', contentRange: 'bytes 2-4/10' },
        { range: 'bytes=7-', body: '789', contentRange: 'bytes 7-9/10' },
        { range: 'bytes=-3', body: '789', contentRange: 'bytes 7-9/10' },
        { range: 'bytes=-99', body: '0123456789', contentRange: 'bytes 0-9/10' },
        { range: 'bytes=8-99', body: '89', contentRange: 'bytes 8-9/10' },
      ];
      for (const { range, body, contentRange } of cases) {
        const opened = await open(source, 'digits', { range });
        t.match(opened, { length: body.length, contentRange }, range);
        t.equal((await buffer(opened.body)).toString(), body);
      }
      await refuses('digits', 'range_not_satisfiable', { range: 'bytes=10-' });
      await put('nothing', '');
      await refuses('nothing', 'range_not_satisfiable', { range: 'bytes=0-0' });
    });

    await t.test('stops when the signal says so', async (t) => {
      await put('d', 'd');
      const reason = new Error('enough');
      await t.rejects(source.open('d', {}, AbortSignal.abort(reason)), reason);
    });

    await t.test('says that it can be read', async (t) => {
      t.match(await source.check(never), { readable: true });
    });
  });
}

t.test('knows its schemes', async (t) => {
  await t.rejects(
    openSource({ url: 'ftp://host/', forcePathStyle: false, maxSockets: 1 }),
    /file: or s3: or https:, not ftp:/,
  );
});
