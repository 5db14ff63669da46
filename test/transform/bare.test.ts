import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { sniffFormat } from '../../src/sniff.ts';
import { isBare } from '../../src/transform/bare.ts';
import { animation, gradient, noise, paint } from '../support/pictures.ts';
import { planFor, variant } from '../support/variants.ts';

const bare = (bytes: Buffer) => isBare(bytes, sniffFormat(bytes) ?? 'svg');

const plain = await Promise.all(
  [
    gradient(60, 40).jpeg(),
    gradient(60, 40).jpeg({ progressive: true }),
    noise(600, 400).jpeg({ quality: 100, optimiseCoding: false }),
    gradient(60, 40).greyscale().jpeg(),
    gradient(60, 40).png(),
    gradient(60, 40).png({ palette: true }),
    gradient(60, 40).webp(),
    gradient(61, 41).webp({ lossless: true }),
    gradient(60, 40).gif(),
  ].map((image) => image.toBuffer()),
);

t.test('a file that holds its picture and nothing else', async (t) => {
  for (const [index, bytes] of plain.entries()) t.ok(bare(bytes), `${index}: ${sniffFormat(bytes)}`);
  for (const format of ['gif', 'webp'] as const) t.ok(bare(await animation(format)), `animated ${format}`);
  const clear = sharp({ create: { width: 9, height: 9, channels: 4, background: '#ff000080' } });
  for (const format of ['png', 'webp', 'gif'] as const)
    t.ok(bare(await clear.clone().toFormat(format).toBuffer()), `${format} with alpha`);
});

t.test('no file that tells more', async (t) => {
  const told: readonly ((image: Sharp) => Sharp)[] = [
    (image) => image.withExif({ IFD0: { Artist: 'A' } }),
    (image) => image.withIccProfile('p3'),
    (image) => image.withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
  ];
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    for (const tell of told) t.notOk(bare(await tell(gradient(60, 40)).toFormat(format).toBuffer()), format);
  }
  t.notOk(
    bare(await gradient(60, 40).toColourspace('cmyk').jpeg().toBuffer()),
    'nor one whose colours have to be worked out',
  );
  t.notOk(bare(await gradient(60, 40).avif().toBuffer()), 'nor one that nobody has looked through');
});

t.test('nothing may follow its end, and nothing of it be missing', (t) => {
  for (const bytes of plain) {
    const format = sniffFormat(bytes);
    t.notOk(bare(Buffer.concat([bytes, Buffer.from('x')])), `${format} and one byte`);
    t.notOk(bare(Buffer.concat([bytes, bytes])), `${format} twice`);
    for (const part of [0.1, 0.5, 0.9]) t.notOk(bare(bytes.subarray(0, bytes.length * part)), `${part} of ${format}`);
  }
  t.end();
});

t.test('comments and what else a decoder does not speak of', async (t) => {
  const [jpeg, png, gif] = await Promise.all([
    gradient(60, 40).jpeg().toBuffer(),
    gradient(60, 40).png().toBuffer(),
    gradient(60, 40).gif().toBuffer(),
  ]);
  const within = (bytes: Buffer, at: number, inserted: Buffer) =>
    Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
  const comment = Buffer.from([0xff, 0xfe, 0x00, 0x06, 0x73, 0x65, 0x63, 0x72]);
  t.notOk(bare(within(jpeg, 2, comment)), 'COM of a JPEG');
  const jfxx = Buffer.concat([Buffer.from([0xff, 0xe0, 0x00, 0x10]), Buffer.from('JFXX'), Buffer.alloc(10)]);
  t.notOk(bare(within(jpeg, 2, jfxx)), 'a thumbnail of a JPEG');
  t.notOk(bare(within(jpeg, 2, Buffer.from([0xff, 0xe0, 0x00, 0x04, 0x41, 0x42]))), 'another APP0');
  t.notOk(bare(within(jpeg, 2, Buffer.from([0xff, 0xed, 0x00, 0x04, 0x41, 0x42]))), 'APP13 of a JPEG');
  t.notOk(
    bare(within(png, 33, Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('tEXta'), Buffer.alloc(4)]))),
    'tEXt',
  );
  const gifComment = Buffer.from([0x21, 0xfe, 0x01, 0x61, 0x00]);
  t.notOk(bare(within(gif, gif.length - 1, gifComment)), 'comment of a GIF');
  t.notOk(bare(within(gif, gif.length - 1, Buffer.from([0x55]))), 'no block at all');
});

t.test('whatever the bytes, it says yes or no', (t) => {
  for (const bytes of plain) {
    for (let round = 0; round < 200; round++) {
      const broken = Buffer.from(bytes);
      broken[Math.floor(Math.random() * broken.length)] = Math.floor(Math.random() * 256);
      const length = Math.floor(Math.random() * broken.length);
      for (const format of ['jpeg', 'png', 'webp', 'gif'] as const)
        if (typeof isBare(broken.subarray(0, length), format) !== 'boolean') t.fail(format);
    }
  }
  t.end();
});

t.test('no result in the same format and size is larger than such an original', async (t) => {
  const small = [
    await noise(60, 40).jpeg({ quality: 30 }).toBuffer(),
    await noise(60, 40).webp({ quality: 10 }).toBuffer(),
    await paint(60, 40, (x, y) => [(x * 8) % 256, (y * 8) % 256, 0])
      .png({ palette: true, colours: 4, effort: 10 })
      .toBuffer(),
  ];
  for (const original of small) {
    const same: readonly Options[] = [{ q: 95 }, { w: 60 }, { w: 60, h: 40, q: 100 }, { w: 600, enlarge: 0, q: 95 }];
    for (const options of same) {
      const made = await variant(original, options);
      t.ok(made.equals(original), `${sniffFormat(original)} ${JSON.stringify(options)}`);
    }
    const other: readonly Options[] = [
      { w: 59 },
      { w: 61 },
      { rot: 90 },
      { flip: 'h' },
      { crop: '0,0,60,40' },
      { pad: '1,0,0,0' },
      { blur: 0.3, q: 100 },
      { sharpen: 1, q: 100 },
      { trim: 0, q: 100 },
      { colors: 256, q: 100 },
      { f: 'avif' },
    ];
    for (const options of other) t.notOk((await planFor(original, options)).mayStay, JSON.stringify(options));
  }
});

t.test('one that can be made smaller is, and one that tells more never stays', async (t) => {
  const large = await noise(60, 40).jpeg({ quality: 100 }).toBuffer();
  t.ok((await variant(large, { q: 50 })).length < large.length);
  const telling = await noise(60, 40)
    .withExif({ IFD0: { Artist: 'somebody' } })
    .jpeg({ quality: 20 })
    .toBuffer();
  const made = await variant(telling, { q: 100 });
  t.ok(made.length > telling.length);
  t.notOk(made.includes('somebody'));
  const moving = await animation('gif');
  t.ok((await planFor(moving, {})).mayStay);
  t.notOk((await planFor(moving, { anim: 0 })).mayStay, 'nor does an animation for its first frame');
});
