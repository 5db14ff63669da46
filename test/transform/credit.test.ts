import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { uint16, uint32 } from '../support/big-endian.ts';
import { jpegSegment, withJpegSegments } from '../support/jpeg-blocks.ts';
import { gradient } from '../support/pictures.ts';
import { variant } from '../support/variants.ts';

const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
  rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>Xenia Maker</rdf:li></rdf:Seq></dc:creator>
  <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">All rights by XMP</rdf:li></rdf:Alt></dc:rights><dc:title>A secret title</dc:title>
  </rdf:Description></rdf:RDF></x:xmpmeta>`;

const telling = (image: Sharp) =>
  image.withExif({
    IFD0: {
      Artist: 'Ashim __Silva',
      Copyright: '(c) 2026 Somebody',
      Make: 'Secretcam',
      ImageDescription: 'Secret place',
    },
    IFD2: { BodySerialNumber: 'SERIAL123' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' },
  });

/** EXIF as many programs write it, in UTF-8; libvips writes nothing but ASCII. */
async function stored(image: Sharp): Promise<Buffer> {
  const encoded = await image.toBuffer();
  encoded.set(Buffer.from('\u00e9'), encoded.indexOf('__'));
  return encoded;
}

const SECRETS = ['Secretcam', 'Secret place', 'SERIAL123', 'A secret title', 'By XMP', 'GPSLatitude'];

const keep = (original: Buffer, options: Options) => variant(original, options, { keepsCredit: true });

async function xmpOf(encoded: Buffer): Promise<string> {
  return (await sharp(encoded).metadata()).xmpAsString ?? '';
}

async function exifOf(encoded: Buffer): Promise<string> {
  return (await sharp(encoded).metadata()).exif?.toString('utf8') ?? '';
}

t.test('creator and copyright notice are kept, and nothing else', async (t) => {
  const original = await stored(telling(gradient(60, 40)).jpeg());
  for (const f of ['jpeg', 'png', 'webp', 'avif'] as const) {
    const made = await keep(original, { w: 30, f });
    const exif = await exifOf(made);
    t.match(exif, /Ashim .+Silva/, f);
    t.match(await xmpOf(made), /<rdf:li>Ashim \u00e9Silva<\/rdf:li>/, f);
    t.match(exif, /\(c\) 2026 Somebody/, f);
    for (const secret of SECRETS) t.notOk(made.includes(secret), `${f}: ${secret}`);
  }
});

t.test('from whatever format, and from XMP where EXIF says nothing', async (t) => {
  for (const format of ['jpeg', 'webp', 'avif'] as const) {
    const made = await keep(await stored(telling(gradient(60, 40)).toFormat(format)), { w: 30, f: 'jpeg' });
    t.match(await xmpOf(made), /Ashim \u00e9Silva/, format);
  }
  const xmp = await gradient(60, 40).withXmp(XMP).jpeg().toBuffer();
  const made = await keep(xmp, { w: 30 });
  t.match(await exifOf(made), /Xenia Maker/);
  t.match(await exifOf(made), /All rights by XMP/);
  t.notOk(made.includes('secret title'));
  t.equal(await xmpOf(made), '', 'which needs none of its own for what EXIF can say');
});

/** Records of IPTC (IIM 4.2, 2:80 and 2:116) within Photoshop's own block. */
function iptc(byLine: string, notice: string): Buffer {
  const record = (tag: number, text: string) =>
    Buffer.concat([Buffer.of(0x1c, 2, tag), uint16(Buffer.byteLength(text)), Buffer.from(text)]);
  const records = Buffer.concat([record(80, byLine), record(105, 'A secret headline'), record(116, notice)]);
  const block = Buffer.concat([Buffer.from('8BIM\x04\x04\0\0', 'latin1'), uint32(records.length), records]);
  return jpegSegment(
    0xed,
    Buffer.concat([Buffer.from('Photoshop 3.0\0', 'latin1'), block, Buffer.alloc(block.length % 2)]),
  );
}

t.test('from IPTC where nothing else says so', async (t) => {
  const original = withJpegSegments(await gradient(60, 40).jpeg().toBuffer(), [iptc('Ida Press', 'All by the agency')]);
  const made = await keep(original, { w: 30 });
  t.match(await exifOf(made), /Ida Press/);
  t.match(await exifOf(made), /All by the agency/);
  t.notOk(made.includes('headline'));
});

t.test('what is written as XMP is markup of ours alone', async (t) => {
  const original = await gradient(60, 40)
    .withXmp(XMP.replace('Xenia Maker', '\u5c71\u7530 &lt;/rdf:li&gt;&amp;'))
    .jpeg()
    .toBuffer();
  t.match(
    await xmpOf(await keep(original, { w: 30, f: 'webp' })),
    /<rdf:li>\u5c71\u7530 &#60;\/rdf:li&#62;&#38;<\/rdf:li>/,
  );
});

t.test('a border, a blur or a watermark takes nothing from it', async (t) => {
  const original = await telling(gradient(60, 40)).jpeg().toBuffer();
  t.match(await exifOf(await keep(original, { w: 30, pad: '1,1,1,1', blur: 1 })), /Ashim/);
  t.match(await exifOf(await keep(original, { w: 30, trim: 10 })), /Ashim/);
});

t.test('unless it is asked for, nothing is kept', async (t) => {
  const made = await variant(await telling(gradient(60, 40)).jpeg().toBuffer(), { w: 30 });
  t.equal((await sharp(made).metadata()).exif, undefined);
  t.notOk(made.includes('Ashim'));
});

t.test('a tag that is no text names nobody, and spoils no picture', async (t) => {
  const original = await gradient(60, 40)
    .withExif({ IFD0: { Artist: 'somebody' } })
    .jpeg()
    .toBuffer();
  // Of its entry in the directory: the tag, then its type, 2 for text; 3 is a list of numbers, 1 of bytes.
  const type = original.indexOf(Buffer.of(0x3b, 0x01, 0x02, 0x00)) + 2;
  for (const other of [1, 3, 4, 7]) {
    const numbers = Buffer.from(original);
    numbers[type] = other;
    t.notMatch(await exifOf(await keep(numbers, { w: 30 })), /\d+, \d+/, String(other));
  }
  const one = Buffer.from(original);
  one.set([3, 0, 1, 0, 0, 0], type);
  t.equal((await sharp(await keep(one, { w: 30 })).metadata()).width, 30);
});

t.test('metadata that is missing, broken or endless spoils no picture', async (t) => {
  const none = await keep(await gradient(60, 40).jpeg().toBuffer(), { w: 30 });
  t.equal((await sharp(none).metadata()).exif, undefined);
  const original = await telling(gradient(60, 40)).jpeg().toBuffer();
  const at = original.indexOf('Exif');
  for (let round = 0; round < 40; round++) {
    const broken = Buffer.from(original);
    broken[at + 6 + ((round * 7) % 200)] = (round * 37) % 256;
    t.equal((await sharp(await keep(broken, { w: 30 })).metadata()).width, 30);
  }
  const long = gradient(60, 40).withExif({ IFD0: { Artist: 'x'.repeat(2000) } });
  t.notMatch(await exifOf(await keep(await long.jpeg().toBuffer(), { w: 30 })), /x{501}/, 'cut short');
  const unread = await gradient(60, 40).withXmp(XMP).tiff({ bigtiff: true }).toBuffer();
  t.match(await exifOf(await keep(unread, { w: 30, f: 'jpeg' })), /Xenia Maker/, 'of whatever container');
  const endless = await gradient(60, 40)
    .withXmp(XMP.replace('A secret', 'A'.repeat(300_000)))
    .png()
    .toBuffer();
  t.equal((await sharp(await keep(endless, { w: 30 })).metadata()).exif, undefined, 'not read');
});
