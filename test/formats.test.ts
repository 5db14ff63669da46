import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import { defaultQuality, FORMATS, type Format, OFFERED, type OutputFormat } from '../src/formats.ts';
import { sniffFormat } from '../src/sniff.ts';
import { animation, gradient, SVG } from './support/pictures.ts';

/** RFC 9649 (WebP), IANA's media types for the rest. */
const mimes: { readonly [F in Format]: string } = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  tiff: 'image/tiff',
  svg: 'image/svg+xml',
};
const outputFormats: readonly OutputFormat[] = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'];

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** A file type box (ISO/IEC 14496-12, 4.3) of the length given, its own by default, and what follows it. */
function fileType(major: string, compatible: readonly string[], length = 16 + compatible.length * 4): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length);
  return Buffer.concat([size, ascii(`ftyp${major}\0\0\0\0${compatible.join('')}`), ascii('\0\0\0\x08free')]);
}

t.test('pictures by the bytes that encoders write', async (t) => {
  const image = gradient(8, 8);
  const written: readonly (readonly [what: Format, bytes: Promise<Buffer>])[] = [
    ['jpeg', image.clone().jpeg().toBuffer()],
    ['jpeg', image.clone().jpeg({ progressive: true }).withMetadata().toBuffer()],
    ['png', image.clone().png().toBuffer()],
    ['webp', image.clone().webp().toBuffer()],
    ['webp', image.clone().webp({ lossless: true }).toBuffer()],
    ['webp', animation('webp', 2, 8, 8)],
    ['avif', image.clone().avif({ effort: 0 }).toBuffer()],
    ['gif', image.clone().gif().toBuffer()],
    ['gif', animation('gif', 2, 8, 8)],
    ['tiff', image.clone().tiff().toBuffer()],
    ['tiff', image.clone().tiff({ bigtiff: true }).toBuffer()],
  ];
  for (const [format, encoded] of written) t.equal(sniffFormat(await encoded), format);
});

const heads: readonly (readonly [what: string, head: Uint8Array, format: Format | undefined])[] = [
  ['nothing', bytes(), undefined],
  ['one byte', bytes(0xff), undefined],
  ['three bytes', ascii('abc'), undefined],
  ['the three bytes of a JPEG', bytes(0xff, 0xd8, 0xff), 'jpeg'],
  ['two of them', bytes(0xff, 0xd8), undefined],
  ['a JPEG after a byte', bytes(0, 0xff, 0xd8, 0xff), undefined],
  ['PNG', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), 'png'],
  ['PNG after a text transfer', bytes(0x89, 0x50, 0x4e, 0x47, 0x0a, 0x1a, 0x0a, 0x00), undefined],
  ['GIF87a', ascii('GIF87a'), 'gif'],
  ['GIF89a', ascii('GIF89a'), 'gif'],
  ['GIF90a', ascii('GIF90a'), undefined],
  ['WebP', ascii('RIFF\x10\0\0\0WEBPVP8 '), 'webp'],
  ['the same in another container', ascii('RIFX\x10\0\0\0WEBPVP8 '), undefined],
  ['a sound of the same container', ascii('RIFF\x10\0\0\0WAVEfmt '), undefined],
  ['a container cut short', ascii('RIFF\x10\0\0\0WEB'), undefined],
  ['TIFF, little-endian', ascii('II*\0'), 'tiff'],
  ['TIFF, big-endian', ascii('MM\0*'), 'tiff'],
  ['BigTIFF, little-endian', ascii('II+\0'), 'tiff'],
  ['BigTIFF, big-endian', ascii('MM\0+'), 'tiff'],
  ['TIFF of neither byte order', ascii('II\0*'), undefined],
  ['AVIF', fileType('avif', ['mif1', 'miaf']), 'avif'],
  ['AVIF without compatible brands', fileType('avif', []), 'avif'],
  ['AVIF sequence', fileType('avis', ['msf1']), undefined],
  ['AVIF named last', fileType('mif1', ['miaf', 'MA1B', 'avif']), 'avif'],
  ['AVIF named last of many', fileType('mif1', [...Array<string>(64).fill('miaf'), 'avif']), 'avif'],
  ['AVIF sequence that holds a picture', fileType('avis', ['avif', 'msf1']), undefined],
  ['AVIF sequence by a compatible brand', fileType('msf1', ['avis']), undefined],
  ['HEIC', fileType('heic', ['mif1', 'heic']), undefined],
  ['HEIF of an unnamed codec', fileType('mif1', ['heic', 'miaf']), undefined],
  ['MP4', fileType('isom', ['iso2', 'mp41']), undefined],
  ['AVIF as the minor version', ascii('\0\0\0\x14ftypheicavifmif1'), undefined],
  ['a brand that spans two', fileType('mif1', ['xxav', 'ifxx']), undefined],
  ['a brand after the box', fileType('heic', ['mif1', 'avif'], 20), undefined],
  ['a brand across the end of the box', fileType('heic', ['mif1', 'avif'], 22), undefined],
  ['a box longer than what was read', fileType('mif1', ['avif'], 60_000), 'avif'],
  ['a box cut within a brand', fileType('mif1', ['avif']).subarray(0, 18), undefined],
  ['a box cut before its type', ascii('\0\0\0\x1cfty'), undefined],
  ['HTML', ascii('<!DOCTYPE html><html><body><svg></svg>'), undefined],
  ['PDF', ascii('%PDF-1.7\n<svg>'), undefined],
  ['JPEG XL', bytes(0xff, 0x0a), undefined],
  ['PPM', ascii('P6\n1 1\n255\nabc'), undefined],
  ['BMP', ascii('BM\x3a\0\0\0'), undefined],
];

t.test('heads made by hand', (t) => {
  for (const [what, head, format] of heads) t.equal(sniffFormat(head), format, what);
  t.end();
});

const doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">';
const subset = '<!DOCTYPE svg [\n <!ENTITY a "http://www.w3.org/1999/xlink">\n <!ENTITY b "<svg>">\n]>';
const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>';

const svgs: readonly string[] = [
  SVG,
  '<svg>',
  '<svg/>',
  '<svg\n>',
  '<svg\tx="1">',
  '<svg\r\n>',
  '\ufeff<svg>',
  '\ufeff \n<svg>',
  ' \t\r\n<svg>',
  `${declaration}<svg>`,
  `${declaration}\r\n<svg>`,
  `\ufeff${declaration}\n<svg>`,
  '<!-- a drawing --><svg>',
  '<!-- a > b --><svg>',
  '<!----><svg>',
  '<!-- <svg> --><svg>',
  '<!-- a --> <!-- b -->\n<svg>',
  '<!-- caf\u00e9 --><svg>',
  `${doctype}<svg>`,
  `${doctype}<svg title="[a]">`,
  `${subset}<svg>`,
  '<!DOCTYPE svg [ ] ><svg>',
  '<!doctype svg>\n<svg>',
  '<?xml-stylesheet href="a.css"?><svg>',
  `${declaration}\n<?xml-stylesheet href="<svg>"?>\n<!-- a -->\n${subset}\n<!-- b -->\n<svg>`,
  `<!--${' '.repeat(4084)}--><svg>`,
];

const noSvgs: readonly string[] = [
  '<svgx>',
  '<svg',
  '<svg-icon>',
  '<svg:svg>',
  '< svg>',
  'svg>',
  'x<svg>',
  '<sv',
  '<',
  '<html><svg></svg></html>',
  '<html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>',
  '<!DOCTYPE html><!-- <svg> --><p>',
  '<math>',
  '<!-- <svg> -->',
  '<!-- <svg>',
  '<!-- -- > <svg>',
  '<!-- <svg> --><html>',
  '<?xml version="1.0" <svg>',
  '<?xml version="1.0"?>',
  '<!DOCTYPE svg <svg',
  '<!DOCTYPE svg [ <!ENTITY a "b"> <svg>',
  '<!DOCTYPE svg [ <!ENTITY a "<svg>"> ]',
  '<!DOCTYPE svg [ <!ENTITY a "<svg>"> ]><html>',
  '<![CDATA[<svg>]]>',
  '{"a":"<svg>"}',
  ' \n\t ',
  '\ufeff',
  '\0<svg>',
  `<!--${' '.repeat(4096)}--><svg>`,
  `${' '.repeat(4096)}<svg>`,
];

t.test('SVG by its first element', (t) => {
  for (const text of svgs) t.equal(sniffFormat(Buffer.from(text)), 'svg', JSON.stringify(text.slice(0, 60)));
  for (const text of noSvgs) t.equal(sniffFormat(Buffer.from(text)), undefined, JSON.stringify(text.slice(0, 60)));
  t.end();
});

t.test('a comment is not closed by the dashes that opened it', (t) => {
  t.equal(sniffFormat(ascii('<!--><svg> --><html>')), undefined);
  t.equal(sniffFormat(ascii('<?><svg> ?><html>')), undefined);
  t.end();
});

t.test('SVG in UTF-16 is not read', (t) => {
  const little = Buffer.from('<svg>', 'utf16le');
  const big = Buffer.from(little).swap16();
  const marks: readonly Uint8Array[] = [bytes(), bytes(0xff, 0xfe), bytes(0xfe, 0xff)];
  for (const text of [little, big]) {
    for (const mark of marks) t.equal(sniffFormat(Buffer.concat([mark, text])), undefined);
  }
  t.end();
});

t.test('heads made to keep a parser busy are looked at once', (t) => {
  const pieces = [
    '<!--',
    '<?',
    '<!--<!--',
    '<!doctype',
    '<!doctype[',
    '<!doctype>',
    '<!doctype[]>',
    '<!---->',
    '<??>',
    ' ',
  ];
  for (const piece of pieces) {
    const head = piece.repeat(4096).slice(0, 4096);
    t.equal(sniffFormat(ascii(head)), undefined, `${piece} again and again`);
    t.equal(sniffFormat(ascii(`<!--${head}`)), undefined, `${piece} in a comment`);
    t.equal(sniffFormat(ascii(`<!doctype svg [${head}`)), undefined, `${piece} in a document type`);
  }
  t.end();
});

t.test('whatever the bytes are, they are of a known format or of none', (t) => {
  const known: readonly (string | undefined)[] = [...Object.keys(mimes), undefined];
  const piece = fc.constantFrom(
    '<svg',
    '<!--',
    '-->',
    '<?',
    '?>',
    '<!doctype',
    '[',
    ']',
    '>',
    ' ',
    'ftyp',
    'avif',
    '\0',
  );
  const texts = fc.array(piece, { maxLength: 20 }).map((pieces) => ascii(pieces.join('')));
  t.doesNotThrow(() =>
    fc.assert(fc.property(fc.oneof(texts, fc.uint8Array()), (head) => known.includes(sniffFormat(head)))),
  );
  t.end();
});

t.test('every format has its media type', (t) => {
  t.strictSame(Object.keys(FORMATS), Object.keys(mimes));
  for (const format of Object.keys(mimes) as Format[]) t.equal(FORMATS[format].mime, mimes[format], format);
  t.end();
});

t.test('every output format has settings that its encoder accepts', async (t) => {
  for (const format of outputFormats) {
    const encoded = await gradient(16, 16).toFormat(format, FORMATS[format].encoder).toBuffer();
    const { mediaType, chromaSubsampling, isProgressive, isPalette } = await sharp(encoded).metadata();
    t.equal(mediaType, mimes[format]);
    if (format === 'jpeg') t.strictSame([chromaSubsampling, isProgressive], ['4:2:0', false]);
    if (format === 'png') t.equal(isPalette, false);
  }
  t.notOk('encoder' in FORMATS.svg, 'SVG is only read');
  t.same(
    OFFERED.map((format) => FORMATS[format].mime),
    ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'],
  );
});

t.test('alpha and animation are said of the formats that have them', async (t) => {
  const clear = sharp({ create: { width: 4, height: 4, channels: 4, background: '#00000000' } });
  const frames = await animation('webp', 3, 8, 8);
  for (const format of OFFERED) {
    const encoded = await clear.clone().toFormat(format).toBuffer();
    const moving = await sharp(frames, { animated: true }).toFormat(format).toBuffer();
    t.equal((await sharp(encoded).metadata()).hasAlpha, FORMATS[format].alpha, `${format} and alpha`);
    t.equal(((await sharp(moving).metadata()).pages ?? 1) > 1, FORMATS[format].animated, `${format} and animation`);
  }
});

async function writesSides(format: OutputFormat, length: number): Promise<boolean> {
  const line = sharp({ create: { width: length, height: 1, channels: 3, background: '#808080' } });
  try {
    await line.toFormat(format, FORMATS[format].encoder).toBuffer();
    return true;
  } catch {
    return false;
  }
}

t.test('the longest side of WebP and GIF is the longest that their encoders write', async (t) => {
  for (const format of ['webp', 'gif'] as const) {
    t.ok(await writesSides(format, FORMATS[format].maxSide), `${format} at its limit`);
    t.notOk(await writesSides(format, FORMATS[format].maxSide + 1), `${format} above it`);
  }
});

t.test('the longest side of JPEG and AVIF is one that their encoders write', async (t) => {
  t.ok(await writesSides('jpeg', FORMATS.jpeg.maxSide), 'jpeg');
  t.ok(await writesSides('avif', FORMATS.avif.maxSide), 'avif');
});

t.test('default qualities, for formats that have one', (t) => {
  const qualities = outputFormats.map((format) => [format, defaultQuality(format)]);
  t.strictSame(qualities, [
    ['jpeg', 75],
    ['png', undefined],
    ['webp', 80],
    ['avif', 60],
    ['gif', undefined],
    ['tiff', undefined],
  ]);
  t.end();
});
