import t from 'tap';
import { objectTag } from '../../src/cache/tags.ts';
import { ServiceError } from '../../src/errors.ts';
import { createOriginalReader } from '../../src/render/original-reader.ts';
import { createWatermarks, MAX_WATERMARK_BYTES } from '../../src/render/watermarks.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { noise, paint, png, SVG } from '../support/pictures.ts';
import { deferred } from '../support/waiting.ts';

const never = new AbortController().signal;

function setUp() {
  const source = createMemorySource();
  let time = 0;
  const now = () => time;
  const reader = createOriginalReader({
    source,
    maxSourceBytes: MAX_WATERMARK_BYTES,
    rules: DRAWING_RULES.native,
    now,
  });
  const spec = { key: 'logo.png', pos: 'right bottom', scale: 0.25, opacity: 1, margin: 0 };
  const watermarks = createWatermarks({
    specs: { logo: spec, faint: { ...spec, opacity: 0.5 } },
    reader,
    freshMs: 1000,
    now,
  });
  return {
    source,
    read: (name = 'logo', signal = never) => watermarks.read(name, signal),
    drop: watermarks.drop,
    pass(ms: number) {
      time += ms;
    },
  };
}

t.test('one read for all who want it at once, and none while it is fresh', async (t) => {
  const { source, read, pass } = setUp();
  source.put('logo.png', await png(40, 30));
  const [first, second] = await Promise.all([read(), read()]);
  t.equal(first, second);
  t.match(first, { size: { width: 40, height: 30 } });
  pass(999);
  t.equal(await read(), first);
  t.equal(source.opens.length, 1);
  pass(1);
  t.equal(await read(), first, 'the source says it is the same');
  t.equal(source.opens.length, 2);
  t.equal(await read(), first);
  t.equal(source.opens.length, 2, 'which is good for as long again');
});

t.test('its name changes with its picture and with how it is laid on', async (t) => {
  const { source, read, pass } = setUp();
  source.put('logo.png', await png(40, 30));
  const ids = [(await read()).id, (await read('faint')).id];
  source.put('logo.png', await png(20, 10));
  pass(1000);
  ids.push((await read()).id);
  t.equal(new Set(ids).size, 3);
});

t.test('who leaves, leaves the others waiting', async (t) => {
  const { source, read } = setUp();
  source.put('logo.png', await png(40, 30));
  const opening = deferred<void>();
  source.faults.opening = opening.promise;
  const leaving = new AbortController();
  const left = read('logo', leaving.signal);
  const stayed = read();
  leaving.abort(new Error('gone'));
  await t.rejects(left, { message: 'gone' });
  opening.resolve();
  t.match(await stayed, { size: { width: 40 } });
  t.equal(source.opens.length, 1);
});

t.test('what cannot be laid on is said in the log, and asked for again', async (t) => {
  const wide = await paint(20_000, 1000, () => [0, 0, 0])
    .png()
    .toBuffer();
  for (const [bytes, contentType, message] of [
    [Buffer.from('no picture'), 'image/png', /It is no picture that can be read/],
    [(await png(40, 30)).subarray(0, 40), 'image/png', /It is no picture that can be read/],
    [Buffer.from(SVG), 'image/svg+xml', /It is no picture that can be read/],
    [wide, 'image/png', /It has 20000x1000 pixels/],
    [await noise(1300, 1300).png().toBuffer(), 'image/png', /It is no picture that can be read/],
  ] as const) {
    const { source, read } = setUp();
    source.put('logo.png', bytes, { contentType });
    await t.rejects(read(), { code: 'source_failed', message }, String(message));
    source.put('logo.png', await png(40, 30));
    t.match(await read(), { size: { width: 40 } });
  }
});

t.test('trouble that passes is said to be that, and does not touch what is held', async (t) => {
  const { source, read, pass } = setUp();
  source.put('logo.png', await png(40, 30));
  source.faults.error = new ServiceError('source_unavailable');
  await t.rejects(read(), { code: 'source_unavailable' });
  source.faults.error = undefined;
  const held = await read();
  source.faults.error = new Error('reset');
  pass(1000);
  t.equal(await read(), held);
  const { length } = source.opens;
  pass(999);
  t.equal(await read(), held);
  t.equal(source.opens.length, length, 'and is not asked again at once');
});

t.test('what was purged is asked about at once, and what was being read is for who waits', async (t) => {
  const { source, read, drop } = setUp();
  source.put('logo.png', await png(40, 30));
  const { id } = await read();
  drop([objectTag('other.png')]);
  t.equal((await read()).id, id);
  t.equal(source.opens.length, 1);
  const opening = deferred();
  source.faults.opening = opening.promise;
  drop([objectTag('logo.png')]);
  const before = read();
  source.put('logo.png', await png(20, 10));
  source.faults.opening = undefined;
  drop([objectTag('logo.png')]);
  const after = await read();
  t.match(after, { size: { width: 20 } });
  opening.resolve();
  await before;
  t.equal(await read(), after, 'which did not replace it');
  t.equal(source.opens.length, 3);
});

t.test('with the source down, a purged watermark goes on being used', async (t) => {
  const { source, read, drop } = setUp();
  source.put('logo.png', await png(40, 30));
  const { id } = await read();
  drop([objectTag('logo.png')]);
  source.faults.error = new ServiceError('source_failed');
  t.equal((await read()).id, id);
  drop([objectTag('logo.png')]);
  source.faults.error = new ServiceError('not_found');
  await t.rejects(read(), { code: 'source_failed' }, 'but not one that is gone');
});
