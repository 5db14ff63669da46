import t from 'tap';
import { ServiceError } from '../../src/errors.ts';
import { createAdmission } from '../../src/render/admission.ts';
import { createInspectUpload, type InspectUploadOptions } from '../../src/render/inspect-upload.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { transform } from '../../src/transform/transform.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { jpeg, png } from '../support/pictures.ts';
import { POLICY } from '../support/variants.ts';

const signal = new AbortController().signal;

function inspecting(options: Partial<InspectUploadOptions> = {}) {
  const source = createMemorySource();
  const gates = { admission: createAdmission(GATE), workers: createAdmission(GATE) };
  const inspect = createInspectUpload({
    source,
    ...gates,
    types: ['image/jpeg', 'image/png', 'application/pdf'],
    maxPictureBytes: 1_000_000,
    plan: (facts) => planVariant({ w: 64, enlarge: 0 }, facts, [], POLICY),
    transform,
    ...options,
  });
  return { source, inspect, gates };
}

const GATE = { capacity: 1, queueLength: 0 };

t.test('a picture is what its bytes are, with its sides', async (t) => {
  const { source, inspect } = inspecting();
  const bytes = await png(40, 30);
  source.put('a', bytes);
  const found = { type: 'image/png', bytes: bytes.length, width: 40, height: 30 };
  t.match(await inspect('a', { type: 'image/png', size: bytes.length }, signal), found);
  t.match(await inspect('a', { type: 'image/jpeg', size: undefined }, signal), found, 'however it was announced');
});

t.test('what it must not be is told', async (t) => {
  const { source, inspect } = inspecting();
  const photo = await jpeg(400, 300);
  const gif = Buffer.from('GIF89a\x01\0\x01\0\0\0\0;');
  const cases: readonly [string, Buffer, RegExp][] = [
    ['empty', Buffer.alloc(0), /empty/],
    ['text', Buffer.from('hello'), /^It is no image\/jpeg: its first bytes say otherwise\.$/],
    ['HTML', Buffer.from('<html><script>x</script>'), /otherwise and have HTML or a script in them\.$/],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'), /HTML or a script/],
    ['a GIF, which is not taken here', gif, /first bytes/],
    ['a document', Buffer.from('%PDF-1.7'), /first bytes/],
    [
      'a picture with HTML',
      Buffer.concat([photo, Buffer.from('<script>')]),
      /There is HTML or a script in the picture/,
    ],
    ['half a picture', photo.subarray(0, photo.length / 2), /damaged/],
    ['a header alone', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /damaged/],
    ['too large', Buffer.concat([photo, Buffer.alloc(1_000_000)]), /at most 1000000/],
  ];
  for (const [what, bytes, message] of cases) {
    source.put('a', bytes);
    const asked = inspect('a', { type: 'image/jpeg', size: undefined }, signal);
    await t.rejects(asked, { code: 'wrong_content', message }, what);
  }
  source.put('a', photo);
  for (const size of [photo.length - 1, photo.length + 1]) {
    await t.rejects(inspect('a', { type: 'image/jpeg', size }, signal), {
      code: 'wrong_content',
      message: `It has ${photo.length} bytes; ${size} were announced.`,
    });
  }
});

t.test('what is no picture is known by its first bytes, and not taken for one', async (t) => {
  const { source, inspect } = inspecting();
  const bytes = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(2_000_000)]);
  source.put('a', bytes);
  const found = await inspect('a', { type: 'application/pdf', size: bytes.length }, signal);
  t.match(found, { type: 'application/pdf', bytes: bytes.length });
  t.notOk('width' in found);
  source.put('a', await jpeg());
  await t.rejects(inspect('a', { type: 'application/pdf', size: undefined }, signal), { code: 'wrong_content' });
});

t.test('what no variant could be made of is refused as that would be', async (t) => {
  const refusing = (error: unknown) =>
    inspecting({
      plan: () => {
        throw error;
      },
    });
  const { source, inspect } = refusing(new ServiceError('too_many_pixels', 'It has 99 pixels.'));
  source.put('a', await jpeg());
  const expected = { type: 'image/jpeg', size: undefined } as const;
  await t.rejects(inspect('a', expected, signal), { code: 'wrong_content', message: 'It has 99 pixels.' });
  const broken = refusing(new TypeError('ours'));
  broken.source.put('a', await jpeg());
  await t.rejects(broken.inspect('a', expected, signal), { message: 'ours' });
  const untouched = inspecting({ plan: () => undefined });
  untouched.source.put('a', await jpeg(40, 30));
  t.match(await untouched.inspect('a', expected, signal), { width: 40 });
});

t.test('places are waited for, and given back whatever comes', async (t) => {
  const { source, inspect, gates } = inspecting();
  const expected = { type: 'image/jpeg', size: undefined } as const;
  source.put('a', await jpeg());
  await inspect('a', expected, signal);
  await t.rejects(inspect('none', expected, signal), { code: 'not_found' });
  source.put('a', Buffer.from('x'));
  await t.rejects(inspect('a', expected, signal), { code: 'wrong_content' });
  t.same([gates.admission.active, gates.workers.active], [0, 0]);
  source.put('a', await jpeg());
  const release = await gates.workers.enter(1, signal);
  await t.rejects(inspect('a', expected, signal), { code: 'overloaded' });
  release();
  const releaseOther = await gates.admission.enter(1, signal);
  await t.rejects(inspect('a', expected, signal), { code: 'overloaded' });
  releaseOther();
  t.match(await inspect('a', expected, signal), { type: 'image/jpeg' });
});

t.test('a source that says of bytes that they are not modified is at fault', async (t) => {
  const { inspect } = inspecting({
    source: { ...createMemorySource(), open: () => Promise.resolve({ status: 'not-modified' }) },
  });
  await t.rejects(inspect('a', { type: 'image/jpeg', size: undefined }, signal), { code: 'source_failed' });
});
