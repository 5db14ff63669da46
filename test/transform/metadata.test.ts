import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { uint32 } from '../support/big-endian.ts';
import { gifOf } from '../support/gif-blocks.ts';
import { jpegSegment, withJpegSegments } from '../support/jpeg-blocks.ts';
import { gradient } from '../support/pictures.ts';
import { pngChunk, withPngChunk } from '../support/png-chunks.ts';
import { variant } from '../support/variants.ts';

setUpSharp(DRAWING_RULES.native);

const WRITTEN = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const;
/** Where it was taken, as EXIF writes fractions, and the words that are planted. */
const LATITUDE = [51, 1, 30, 1] as const;
const WORDS = ['planted-owner', 'planted-serial', 'planted-xmp', 'planted-iptc', 'planted-comment', 'planted-text'];
const TRACES: readonly (string | Buffer)[] = [
  ...WORDS,
  ...WORDS.map((word) => Buffer.from(word, 'utf16le')),
  uint32(...LATITUDE),
  Buffer.from(Uint32Array.from(LATITUDE).buffer),
  ...[
    'Exif',
    'eXIf',
    'EXIF',
    'XMP ',
    'xmpmeta',
    '8BIM',
    'iCCP',
    'ICC_PROFILE',
    'ICCP',
    'acsp',
    'tEXt',
    'zTXt',
    'iTXt',
    'tIME',
  ],
];
const KINDS = ['exif', 'xmp', 'iptc', 'icc', 'orientation', 'comments', 'tifftagPhotoshop'] as const;

const EXIF = {
  IFD0: { Copyright: 'planted-owner', Artist: 'planted-owner' },
  IFD2: { BodySerialNumber: 'planted-serial' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
} as const;
const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>planted-xmp</a></x:xmpmeta>';

function tagged(): Sharp {
  return gradient(40, 30).withExif(EXIF).withXmp(XMP).withIccProfile('p3');
}

/** One record of IPTC, its caption, within Photoshop's own (IIM 4.2, 2:120). */
function iptcSegment(): Buffer {
  const caption = Buffer.from('\x1c\x02\x78\0\x0cplanted-iptc', 'latin1');
  const resource = Buffer.concat([Buffer.from('8BIM\x04\x04\0\0', 'latin1'), uint32(caption.length), caption]);
  return jpegSegment(0xed, Buffer.concat([Buffer.from('Photoshop 3.0\0', 'latin1'), resource, Buffer.of(0)]));
}

async function taggedJpeg(): Promise<Buffer> {
  const comment = jpegSegment(0xfe, Buffer.from('planted-comment', 'latin1'));
  return withJpegSegments(await tagged().jpeg().toBuffer(), [iptcSegment(), comment]);
}

async function taggedPng(): Promise<Buffer> {
  const text = pngChunk('tEXt', Buffer.from('Comment\0planted-text', 'latin1'));
  const international = pngChunk('iTXt', Buffer.from('Author\0\0\0\0\0planted-owner', 'latin1'));
  const time = pngChunk('tIME', Buffer.of(7, 0xe8, 5, 6, 7, 8, 9));
  return [text, international, time].reduce(withPngChunk, await tagged().png().toBuffer());
}

function taggedGif(): Buffer {
  const palette = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
  ] as const;
  const frame = { width: 40, height: 30, delay: 10, disposal: 1, pixel: (x: number) => x & 3 } as const;
  return gifOf({ width: 40, height: 30, palette, comment: 'planted-comment', frames: [frame, frame] });
}

const ORIGINALS: readonly (readonly [what: string, make: () => Promise<Buffer>, planted: readonly string[]])[] = [
  ['JPEG', taggedJpeg, ['planted-owner', 'planted-serial', 'planted-xmp', 'planted-iptc', 'planted-comment']],
  ['PNG', taggedPng, ['planted-owner', 'planted-serial', 'planted-text']],
  ['WebP', () => tagged().webp().toBuffer(), ['planted-owner', 'planted-serial', 'planted-xmp']],
  ['AVIF', () => tagged().avif({ effort: 0 }).toBuffer(), ['planted-owner', 'planted-serial', 'planted-xmp']],
  ['TIFF', () => tagged().tiff().toBuffer(), ['planted-xmp']],
  ['GIF', () => Promise.resolve(taggedGif()), ['planted-comment']],
];

for (const [what, make, planted] of ORIGINALS) {
  t.test(`nothing of what ${what} says about itself is passed on`, async (t) => {
    const original = await make();
    for (const word of planted) t.ok(original.includes(word), `there is ${word}`);
    for (const f of WRITTEN) {
      const encoded = await variant(original, { w: 20, f });
      t.strictSame(
        TRACES.filter((trace) => encoded.includes(trace)),
        [],
        f,
      );
      const metadata = await sharp(encoded).metadata();
      t.strictSame(
        KINDS.filter((kind) => metadata[kind] !== undefined),
        [],
        `by sharp, ${f}`,
      );
      t.equal(metadata.hasProfile, false, f);
    }
  });
}
