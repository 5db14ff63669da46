import t, { type Test } from 'tap';
import { isStorable, readContent } from '../../src/render/record.ts';
import type { ObjectHead } from '../../src/sources/source.ts';
import { longJpeg, MAX_SOURCE_BYTES, NOTHING_LEFT, setUpOriginals } from '../support/originals-fixture.ts';
import { animation, gradient, png, SVG, transparentPng } from '../support/pictures.ts';
import { quiet } from '../support/waiting.ts';

interface Looked {
  readonly bytes: Uint8Array;
  readonly head?: Partial<ObjectHead>;
  readonly chunkBytes?: number;
}

/** What an object is taken for; all that was opened and taken for it must be given back. */
async function look(t: Test, { bytes, head, chunkBytes = 5000 }: Looked) {
  const { source, hold, leftovers } = setUpOriginals({ chunkBytes });
  source.put('key', bytes, head);
  const { record, release } = await hold();
  await quiet();
  const [{ body, chunks } = { body: 'none', chunks: 0 }] = source.opens;
  t.not(body, 'open', 'what is known needs no open body, though it is held');
  release();
  t.same(await leftovers(), NOTHING_LEFT);
  return { record, content: record.content, body, chunks };
}

const filler = (length: number) => Buffer.alloc(length, 'x');
const JPEG_MAGIC = [0xff, 0xd8, 0xff, 0xe0];
const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

t.test('a picture is what its bytes are, whatever it is stored as', async (t) => {
  const pictures = [
    { bytes: await longJpeg(40, 30), format: 'jpeg', width: 40, height: 30, frames: 1, alpha: false },
    { bytes: await transparentPng(30, 20), format: 'png', width: 30, height: 20, frames: 1, alpha: true },
    { bytes: await animation('gif', 3, 16, 8), format: 'gif', width: 16, height: 8, frames: 3 },
    { bytes: await animation('webp', 2, 16, 8), format: 'webp', width: 16, height: 8, frames: 2 },
    { bytes: await gradient(20, 10).tiff().toBuffer(), format: 'tiff', width: 20, height: 10, frames: 1 },
    { bytes: await gradient(20, 10).avif().toBuffer(), format: 'avif', width: 20, height: 10, frames: 1 },
  ];
  for (const { bytes, ...facts } of pictures) {
    const { content, body } = await look(t, { bytes, head: { contentType: 'text/html' } });
    t.match(content, { kind: 'image', facts }, facts.format);
    t.equal(body, 'ended');
  }
});

t.test('a picture may come in the smallest pieces', async (t) => {
  const { content } = await look(t, { bytes: await png(40, 30), chunkBytes: 1 });
  t.match(content, { kind: 'image', facts: { format: 'png', width: 40, height: 30 } });
});

const REFUSED: readonly (Looked & { readonly what: string; readonly code: string; readonly status: number })[] = [
  {
    what: 'text stored as a picture',
    bytes: filler(9000),
    head: { contentType: 'image/jpeg' },
    code: 'unsupported_image',
    status: 415,
  },
  { what: 'nothing at all', bytes: filler(0), code: 'unsupported_image', status: 415 },
  { what: 'one byte', bytes: Buffer.of(0xff), code: 'unsupported_image', status: 415 },
  {
    what: 'SVG stored as a picture',
    bytes: Buffer.from(SVG),
    head: { contentType: 'image/png' },
    code: 'unsupported_image',
    status: 415,
  },
  { what: 'SVG stored as nothing', bytes: Buffer.from(SVG), code: 'unsupported_image', status: 415 },
  {
    what: 'text stored as SVG',
    bytes: filler(9000),
    head: { contentType: 'image/svg+xml' },
    code: 'unsupported_image',
    status: 415,
  },
  { what: 'a JPEG that is none', bytes: Buffer.of(...JPEG_MAGIC, ...filler(9000)), code: 'corrupt_image', status: 422 },
  { what: 'a JPEG of its first bytes', bytes: Buffer.of(...JPEG_MAGIC), code: 'corrupt_image', status: 422 },
  {
    what: 'a PNG with a broken header',
    bytes: Buffer.of(...PNG_MAGIC, ...filler(100)),
    code: 'corrupt_image',
    status: 422,
  },
];

for (const { what, code, status, ...looked } of REFUSED) {
  t.test(`refuses ${what}`, async (t) => {
    const { content } = await look(t, looked);
    t.match(content, { kind: 'refused', error: { code, row: { status } } });
  });
}

t.test('what is no picture is not read on', async (t) => {
  const { content, body, chunks } = await look(t, { bytes: filler(90_000) });
  t.match(content, { kind: 'refused', error: { code: 'unsupported_image' } });
  t.equal(body, 'destroyed');
  t.ok(chunks <= 2, 'the first of 18 chunks, and one that the stream reads ahead');
});

t.test('more bytes than allowed are not read on', async (t) => {
  const picture = await longJpeg();
  const sized = (length: number) => Buffer.concat([picture, Buffer.alloc(length - picture.length)]);
  t.match((await look(t, { bytes: sized(MAX_SOURCE_BYTES) })).content, { kind: 'image' });
  const { content, body, chunks } = await look(t, { bytes: sized(MAX_SOURCE_BYTES + 1) });
  t.match(content, { kind: 'refused', error: { code: 'too_large', row: { status: 413 } } });
  t.match(content, { error: { publicMessage: /100001 .*100000 / } }, 'says how many there are and may be');
  t.equal(body, 'destroyed');
  t.ok(chunks <= 2);
});

t.test('a drawing that is declared as one is not read on, and not decoded', async (t) => {
  for (const contentType of ['image/svg+xml', 'image/svg+xml; charset=utf-8', 'Image/SVG+XML']) {
    const { content, body, chunks } = await look(t, { bytes: Buffer.from(SVG.padEnd(90_000)), head: { contentType } });
    t.same(content, { kind: 'untouched', format: 'svg' }, contentType);
    t.equal(body, 'destroyed');
    t.ok(chunks <= 2);
  }
});

t.test('what was refused is refused again without being read', async (t) => {
  const { source, hold, visit } = setUpOriginals();
  source.put('key', filler(9000));
  await visit();
  t.match((await hold()).record.content, { kind: 'refused', error: { code: 'unsupported_image' } });
  t.equal(source.opens.length, 1);
});

t.test('variants are kept unless the object’s own Cache-Control forbids it', async (t) => {
  const kept: [string | undefined, boolean][] = [
    [undefined, true],
    ['', true],
    ['public, max-age=60', true],
    ['no-cache', true],
    ['not-private, x-no-store', true],
    ['privately, no-storehouse', true],
    ['private', false],
    ['Private', false],
    ['max-age=60, private', false],
    ['max-age=60,private,immutable', false],
    ['private="set-cookie"', false],
    ['no-store', false],
    ['public, NO-STORE ', false],
    ['no-store , max-age=0', false],
    ['private; max-age=60', false],
    ['max-age=60;no-store', false],
    ['max-age=60 private', false],
  ];
  for (const [cacheControl, storable] of kept) t.equal(isStorable(cacheControl), storable, String(cacheControl));
  const { record } = await look(t, { bytes: await png(40, 30), head: { cacheControl: 'private, max-age=60' } });
  t.equal(record.storable, false);
  t.match(record.content, { kind: 'image' }, 'and is a picture all the same');
});

t.test('a mistake of ours is not blamed on the picture', async (t) => {
  await t.rejects(readContent(await png(), 'nonsense' as never), TypeError);
});
