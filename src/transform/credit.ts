import ExifReader from 'exifreader';
import sharp, { type Sharp } from 'sharp';

/** Who made a picture and whose it is, as EXIF names it. */
type Credit = Readonly<Record<'Artist' | 'Copyright', string>>;

interface Tag {
  readonly description: string;
}

/** Bytes of metadata that are looked through for a name: a real file has a few thousand, and a parser runs on a stranger's. */
const MAX_METADATA = 256 * 1024;
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

async function metadataOf(original: Uint8Array): Promise<Tags> {
  const { exif, xmp, iptc } = await sharp(original, { limitInputPixels: false }).metadata();
  const length = [exif, xmp, iptc].reduce((sum, block) => sum + (block?.length ?? 0), 0);
  if (length === 0 || length > MAX_METADATA) return {};
  try {
    return (await ExifReader.load(Buffer.from(original), { expanded: true, async: true })) as unknown as Tags;
  } catch {
    // Metadata that cannot be read has no name in it; the picture is as good as before.
    return {};
  }
}

/** Without what could break out of a field. */
function firstText(tags: readonly (Tag | undefined)[]): string {
  const texts = tags.map((tag) => tag?.description.replace(/\p{Cc}+/gu, ' ').trim());
  return texts.find((text) => text)?.slice(0, MAX_TEXT) ?? '';
}
