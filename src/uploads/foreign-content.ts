/** Bytes that are something else besides, to whoever reads them as that. */
interface ForeignRow {
  readonly what: string;
  readonly isIn: (bytes: Buffer) => boolean;
}

/** Readers of PDF look for its beginning as far as this (ISO 32000-1, annex H, note 13). */
const PDF_BYTES = 1_024;
/** The end of a ZIP archive: its record, and a comment of up to 65,535 bytes. */
const ZIP_RECORD_BYTES = 22;
const ZIP_END_BYTES = ZIP_RECORD_BYTES + 65_535;

/** How markup begins that browsers and servers run, in any case, before a space, a slash or the end of the tag. */
const MARKUP = ['script', 'html', 'iframe', '!doctype html', '?php'].map((name) => Buffer.from(name));
const AFTER_NAME = Buffer.from(' \t\n\r\f/>');
const LESS_THAN = 0x3c;
const LOWER_CASE = 0x20;

/**
 * The rows leave alone what cameras and editors put into pictures and behind them: XMP is markup of other names, and a film may follow a
 * picture. That bytes are nothing but a picture, only drawing them anew would make sure; variants are.
 */
const FOREIGN: readonly ForeignRow[] = [
  { what: 'HTML or a script', isIn: hasMarkup },
  { what: 'a PDF', isIn: (bytes) => bytes.subarray(0, PDF_BYTES).includes('%PDF-') },
  { what: 'a ZIP or JAR archive', isIn: endsAsZip },
  // A variable's name is assigned to, or a comment is opened, where GIF has its width and JPEG the length of its first segment.
  {
    what: 'JavaScript',
    isIn: (bytes) => /^(GIF8[79]a(\/\*|=)|\xff\xd8\xff.\/\*)/s.test(bytes.toString('latin1', 0, 8)),
  },
];

/** What else a picture's bytes are; undefined where they are nothing else that is known of. */
export function foreignContent(bytes: Buffer): string | undefined {
  return FOREIGN.find(({ isIn }) => isIn(bytes))?.what;
}

/** Markup anywhere. Each `<` is looked at once: 25 MB take some milliseconds. */
export function hasMarkup(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(LESS_THAN); at >= 0; at = bytes.indexOf(LESS_THAN, at + 1)) {
    if (MARKUP.some((name) => hasName(bytes, at + 1, name))) return true;
  }
  return false;
}

function hasName(bytes: Buffer, from: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index++) {
    const [given, wanted] = [bytes[from + index] ?? 0, name[index] as number];
    const isLetter = wanted >= 0x61 && wanted <= 0x7a;
    if ((isLetter ? given | LOWER_CASE : given) !== wanted) return false;
  }
  return AFTER_NAME.includes(bytes[from + name.length] ?? 0);
}

/** Whether an archive ends where the bytes do. */
function endsAsZip(bytes: Buffer): boolean {
  const end = bytes.subarray(Math.max(0, bytes.length - ZIP_END_BYTES));
  for (let at = end.indexOf('PK\x05\x06'); at >= 0; at = end.indexOf('PK\x05\x06', at + 1)) {
    const hasRecord = at + ZIP_RECORD_BYTES <= end.length;
    if (hasRecord && at + ZIP_RECORD_BYTES + end.readUInt16LE(at + 20) === end.length) return true;
  }
  return false;
}
