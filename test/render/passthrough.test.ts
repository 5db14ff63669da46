import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { createPassthrough } from '../../src/render/passthrough.ts';
import type { Source } from '../../src/sources/source.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { quiet } from '../support/waiting.ts';

const bytes = Buffer.alloc(20_000, 'abcdefghij');
const { signal } = new AbortController();

function setUp() {
  const source = createMemorySource();
  const etag = source.put('key', bytes, { contentType: 'video/mp4' });
  return { source, etag, ...createPassthrough({ source, refusesSvg: false }) };
}

t.test('opens the whole object, or the range that is asked for', async (t) => {
  const { source, etag, open } = setUp();
  const whole = await open('key', undefined, signal);
  t.match(whole, { head: { etag, contentType: 'video/mp4' }, length: 20_000, contentRange: undefined });
  t.ok((await buffer(whole.body)).equals(bytes));
  const part = await open('key', 'bytes=10-14', signal);
  t.match(part, { length: 5, contentRange: 'bytes 10-14/20000' });
  t.equal(String(await buffer(part.body)), 'abcde');
  t.same(
    source.opens.map(({ conditions }) => conditions),
    [{ range: undefined }, { range: 'bytes=10-14' }],
  );
});

t.test('fails as the source does', async (t) => {
  const { source, open, peek } = setUp();
  await t.rejects(open('missing', undefined, signal), { code: 'not_found' });
  await t.rejects(open('key', 'bytes=20000-20001', signal), { code: 'range_not_satisfiable', size: 20_000 });
  await t.rejects(open('key', 'bytes=-0', signal), { code: 'range_not_satisfiable', size: 20_000 });
  await t.rejects(peek('missing', signal), { code: 'not_found' });
  source.faults.error = new Error('no route to host');
  await t.rejects(peek('key', signal), { message: 'no route to host' });
  t.equal(source.opens.length, 6, 'nothing is tried twice; the length is asked for, where the source does not say it');
  source.faults.error = undefined;
  source.faults.answer = { status: 'not-modified' };
  await t.rejects(open('key', undefined, signal), { code: 'source_failed' });
  await t.rejects(peek('key', signal), { code: 'source_failed' });
});

t.test('hands the signal to the source', async (t) => {
  const { open, peek } = setUp();
  const gone = AbortSignal.abort(new Error('left'));
  await t.rejects(open('key', undefined, gone), { message: 'left' });
  await t.rejects(peek('key', gone), { message: 'left' });
});

t.test('a peek costs one byte, read to its end so that the connection can be used again', async (t) => {
  const { source, etag, peek } = setUp();
  t.match(await peek('key', signal), { head: { etag, contentType: 'video/mp4' }, size: 20_000 });
  await quiet();
  t.match(source.opens, [{ conditions: { range: 'bytes=0-0' }, body: 'ended' }]);
});

t.test('a peek at an empty object, which has no first byte', async (t) => {
  const { source, peek } = setUp();
  const etag = source.put('empty', Buffer.alloc(0));
  t.match(await peek('empty', signal), { head: { etag }, size: 0 });
  await quiet();
  t.equal(source.opens.length, 2);
  t.not(source.opens[1]?.body, 'open');
});

t.test('a peek at a store that knows no ranges does not read the object', async (t) => {
  const { source, etag, peek } = setUp();
  source.faults.ignoreRange = true;
  t.match(await peek('key', signal), { head: { etag }, size: 20_000 });
  await quiet();
  t.match(source.opens, [{ body: 'destroyed', chunks: 0 }]);
});

for (const faults of [{ breakAfter: 0 }, { failOnDestroy: true }, { failOnDestroy: true, ignoreRange: true }]) {
  t.test(`a connection that breaks after a peek harms nobody: ${Object.keys(faults).join(', ')}`, async (t) => {
    const { source, peek } = setUp();
    Object.assign(source.faults, faults);
    t.match(await peek('key', signal), { size: 20_000 });
    await quiet();
    t.not(source.opens[0]?.body, 'open');
  });
}

t.test('a store that does not say how long the object is has failed', async (t) => {
  const { source } = setUp();
  const open: Source['open'] = async (...asked) => {
    const opened = await source.open(...asked);
    return opened.status === 'opened' ? { ...opened, contentRange: 'bytes 0-0/*' } : opened;
  };
  const { peek } = createPassthrough({ source: { ...source, open }, refusesSvg: false });
  await t.rejects(peek('key', signal), { code: 'source_failed', message: /how long the object is: bytes 0-0\/\*/ });
});
