import ExifReader from 'exifreader';
import sharp, { type Sharp } from 'sharp';

/** Who made a picture and whose it is, as EXIF names it. */
type Credit = Readonly<Record<'Artist' | 'Copyright', string>>;

interface Tag {
  readonly description: unknown;
}

/** Bytes of a block of metadata that is looked through for a name: what a segment of a JPEG can hold. */
const MAX_BLOCK = 65_000;
const MAX_TEXT = 500;

/** With the original's creator and copyright notice, and nothing else it says of itself. */
export async function withCredit(image: Sharp, original: Uint8Array): Promise<Sharp> {
  const { Artist, Copyright } = await creditOf(original);
  const known = { ...(Artist && { Artist }), ...(Copyright && { Copyright }) };
  if (Object.keys(known).length === 0) return image;
  const credited = image.withExif({ IFD0: known });
  // EXIF has ASCII alone, which libvips makes of every text: a name in another alphabet is nothing but question marks there.
  return Object.values(known).every(isAscii) ? credited : credited.withXmp(xmpOf({ Artist, Copyright }));
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Dublin Core in the container that XMP has for it (ISO 16684-1, 8.3). */
function xmpOf({ Artist, Copyright }: Credit): string {
  const creator = `<dc:creator><rdf:Seq><rdf:li>${escaped(Artist)}</rdf:li></rdf:Seq></dc:creator>`;
  const rights = `<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">${escaped(Copyright)}</rdf:li></rdf:Alt></dc:rights>`;
  const namespaces =
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"';
  const description = `<rdf:Description rdf:about="">${Artist && creator}${Copyright && rights}</rdf:Description>`;
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${namespaces}>${description}</rdf:RDF></x:xmpmeta>`;
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** From wherever programs put it: EXIF first, which is what it is written as again, then XMP and IPTC. */
async function creditOf(original: Uint8Array): Promise<Credit> {
  const { exif, xmp, iptc } = await metadataOf(original);
  const creator = [exif?.Artist, xmp?.creator, iptc?.['By-line']];
  const notice = [exif?.Copyright, xmp?.rights, iptc?.['Copyright Notice']];
  return { Artist: firstText(creator), Copyright: firstText(notice) };
}

type Tags = Readonly<Partial<Record<'exif' | 'xmp' | 'iptc', Readonly<Record<string, Tag | undefined>>>>>;

/**
 * Of the blocks that libvips has found, put into a JPEG of nothing else. Given the file, the parser would inflate every text in a
 * PNG: one of 400 KB took it 3.4 GB.
 */
async function metadataOf(original: Uint8Array): Promise<Tags> {
  const { exif, xmp, iptc } = await sharp(original, { limitInputPixels: false }).metadata();
  const segments = [
    segment(0xe1, 'Exif\0\0', exif),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', xmp),
    segment(0xed, 'Photoshop 3.0\0', iptc),
  ];
  if (segments.every(({ length }) => length === 0)) return nothing();
  const jpeg = Buffer.concat([Buffer.of(0xff, 0xd8), ...segments, Buffer.of(0xff, 0xd9)]);
  return await read(jpeg).catch(nothing);
}

// Its promise fails where the parser throws.
async function read(jpeg: Buffer): Promise<Tags> {
  return (await ExifReader.load(jpeg, { expanded: true })) as unknown as Tags;
}

/** Metadata that cannot be read has no name in it; the picture is as good as before. */
function nothing(): Tags {
  return {};
}

/** A block under the name that a JPEG knows it by, which some containers store with it; nothing of what is too long. */
function segment(marker: number, name: string, block: Buffer | undefined): Buffer {
  if (block === undefined || block.length > MAX_BLOCK) return Buffer.alloc(0);
  const begin = Buffer.from(name, 'latin1');
  const content = block.subarray(0, begin.length).equals(begin) ? block : Buffer.concat([begin, block]);
  const head = Buffer.of(0xff, marker, 0, 0);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** The first that is a text; without what could break out of a field. */
function firstText(tags: readonly (Tag | undefined)[]): string {
  const texts = tags.filter(isText).map((tag) =>
    String(tag.description)
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
  );
  return texts.find((text) => text !== '')?.slice(0, MAX_TEXT) ?? '';
}

/** Of what is stored as numbers, the parser describes a number or a list of them. */
function isText(tag: Tag | undefined): tag is Tag & { readonly description: string } {
  return typeof tag?.description === 'string' && !/^\d+(, \d+)+$/.test(tag.description);
}
