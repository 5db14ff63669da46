import type { Test } from 'tap';
import { temporaryKey } from '../../src/uploads/keys.ts';
import { createTokens, uploadName } from '../../src/uploads/tokens.ts';
import { bombs } from './bomb-list.ts';
import { pngBomb } from './bombs.ts';
import { HOSTILE_SVGS } from './hostile-svg.ts';
import { jpegSegment, withJpegSegments } from './jpeg-blocks.ts';
import { jpeg, noise, paint, png } from './pictures.ts';
import { pngChunk, withPngChunk } from './png-chunks.ts';
import { KEY } from './uploads.ts';

/** The requests that take a token. */
export const STEPS = [
  ['POST', '/-/uploads/confirm'],
  ['POST', '/-/uploads/confirm?status'],
  ['DELETE', '/-/uploads'],
] as const;

/** Whether the store refuses: each has words of its own for it. */
export function isRefusal(t: Test, { status }: Pick<Response, 'status'>, what: string): void {
  t.ok([400, 403, 405, 411, 412].includes(status), `${what}: ${status}`);
}

/** Where what a token is for waits to be confirmed. */
export async function placeOf(token: string): Promise<string> {
  return temporaryKey(uploadName(await createTokens([KEY]).read(token)));
}

/** Bytes that are announced as something, and are not that alone. */
export interface HostileContent {
  readonly what: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** What is said of them. */
  readonly message: RegExp;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const SCRIPT = '<script>alert(1)</script>';
export const HTML = `<!doctype html>${SCRIPT}`;
const PDF = '%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n';
/** What JavaScript takes for the end of a comment, with something to do after it. */
const AFTER_COMMENT = '*/=1;alert(1)//';
const COMMENT = 0xfe;

const UNLIKE = /^It is no image\/[a-z]+: its first bytes say otherwise/;
const MARKUP_IN_FRONT = /^It is no image\/[a-z]+: its first bytes say otherwise and have HTML or a script in them\.$/;
const SCRIPT_INSIDE = /^There is HTML or a script in the picture\.$/;

/** One of each kind: what is no picture, what is something else besides, what is damaged, and what would be too much. */
export async function hostileContents(): Promise<readonly HostileContent[]> {
  return [...documents(), ...(await polyglots()), ...(await damaged()), ...(await tooMuch())];
}

function documents(): readonly HostileContent[] {
  return [
    { what: 'HTML', type: 'image/png', bytes: latin1(HTML), message: MARKUP_IN_FRONT },
    { what: 'a PDF', type: 'image/jpeg', bytes: latin1(PDF), message: UNLIKE },
    { what: 'a film', type: 'image/gif', bytes: latin1('\0\0\0\x18ftypisom\0\0\x02\0isomiso2'), message: UNLIKE },
    { what: 'a TIFF', type: 'image/jpeg', bytes: latin1('II*\0\x08\0\0\0'), message: UNLIKE },
    { what: 'a program', type: 'image/gif', bytes: latin1('\x7fELF\x02\x01\x01'), message: UNLIKE },
    ...Object.entries(HOSTILE_SVGS).map(([name, bytes]) => ({
      what: `SVG: ${name}`,
      type: 'image/png',
      bytes,
      message: UNLIKE,
    })),
  ];
}

/** Whole pictures, each of which a decoder takes. */
async function polyglots(): Promise<readonly HostileContent[]> {
  const photo = await jpeg(40, 30);
  const behind = (text: string) => Buffer.concat([photo, latin1(text)]);
  const within = (text: string) => withJpegSegments(photo, [jpegSegment(COMMENT, latin1(text))]);
  // As wide as `/*` is, little end first; and a segment as long as that, big end first.
  const wide = await paint(0x2a2f, 1, () => [255, 0, 0])
    .gif()
    .toBuffer();
  const long = withJpegSegments(photo, [jpegSegment(COMMENT, latin1(AFTER_COMMENT.padEnd(0x2f2a - 2)))]);
  const texts = pngChunk('tEXt', latin1('Comment\0<?php system($_GET[0]);'));
  const webp = await noise(16, 16).webp().toBuffer();
  return [
    {
      what: 'JavaScript',
      type: 'image/gif',
      bytes: Buffer.concat([wide, latin1(AFTER_COMMENT)]),
      message: /JavaScript/,
    },
    { what: 'JavaScript', type: 'image/jpeg', bytes: long, message: /JavaScript/ },
    { what: 'HTML in a comment', type: 'image/jpeg', bytes: within(SCRIPT), message: SCRIPT_INSIDE },
    { what: 'HTML behind', type: 'image/jpeg', bytes: behind(HTML.toUpperCase()), message: SCRIPT_INSIDE },
    { what: 'HTML behind', type: 'image/webp', bytes: Buffer.concat([webp, latin1(HTML)]), message: SCRIPT_INSIDE },
    { what: 'PHP', type: 'image/png', bytes: withPngChunk(await png(40, 30), texts), message: SCRIPT_INSIDE },
    { what: 'an archive', type: 'image/jpeg', bytes: behind(archive()), message: /There is a ZIP or JAR archive in/ },
    { what: 'a PDF', type: 'image/jpeg', bytes: within(PDF), message: /There is a PDF in the picture/ },
  ];
}

/** One empty file, as a JAR begins with it: a header, its entry in the directory, and the end (APPNOTE.TXT, 4.3). */
function archive(): string {
  const name = 'META-INF/';
  const facts = `${'\0'.repeat(22)}\x09\0\0\0`;
  const header = `PK\x03\x04${facts}${name}`;
  const entry = `PK\x01\x02\0\0${facts}${'\0'.repeat(14)}${name}`;
  const [size, offset] = [entry.length, header.length].map((length) => `${String.fromCharCode(length)}\0\0\0`);
  return `${header}${entry}PK\x05\x06\0\0\0\0\x01\0\x01\0${size}${offset}\0\0`;
}

async function damaged(): Promise<readonly HostileContent[]> {
  const photo = await noise(200, 150).jpeg().toBuffer();
  const drawing = await noise(200, 150).png().toBuffer();
  const changed = Buffer.from(drawing).fill(0xff, drawing.length / 2, drawing.length / 2 + 64);
  const message = /damaged/;
  return [
    { what: 'half a picture', type: 'image/jpeg', bytes: photo.subarray(0, photo.length / 2), message },
    { what: 'a header', type: 'image/jpeg', bytes: photo.subarray(0, 20), message },
    { what: 'a signature', type: 'image/png', bytes: drawing.subarray(0, 8), message },
    { what: 'other pixels', type: 'image/png', bytes: changed, message },
  ];
}

const TYPES: Readonly<Record<string, string>> = { jpg: 'image/jpeg', tif: 'image/jpeg' };
const TOO_MUCH = /pixels|packed text|scans|frames or tiles|damaged|first bytes/;

async function tooMuch(): Promise<readonly HostileContent[]> {
  const all = [
    { name: 'large.png', bytes: pngBomb({ width: 17_000, height: 17_000 }) },
    { name: 'larger than allowed.png', bytes: pngBomb({ width: 8_000, height: 8_000 }) },
    ...(await bombs()),
  ];
  return all.map(({ name, bytes }) => {
    const extension = name.split('.').at(-1) ?? '';
    return { what: name, type: TYPES[extension] ?? `image/${extension}`, bytes, message: TOO_MUCH };
  });
}

/** Names that are none, or that show themselves as others. */
export const HOSTILE_NAMES: readonly unknown[] = [
  '',
  '.',
  '..',
  '../x.jpg',
  'a/b.jpg',
  '/etc/passwd',
  '..\\x.jpg',
  'C:\\x.jpg',
  'a\0.jpg',
  'a.jpg\r\nx-amz-acl: public-read',
  '\x7f.jpg',
  '\x85.jpg',
  'a\u202egpj.exe',
  '\u2066gpj.exe',
  '\ud800.jpg',
  'a.jpg\udc00',
  'x'.repeat(256),
  'x'.repeat(10_240),
  '\u00fc'.repeat(10_240),
  // 255 characters of three bytes each: more than an object's metadata hold.
  '\u6f22'.repeat(255),
  null,
  7,
  true,
  ['a.jpg'],
  { name: 'a.jpg' },
];

/** Names that are strange, and names all the same. */
export const STRANGE_NAMES: readonly string[] = [
  'evil.html',
  'shell.php.jpg',
  '..jpg',
  '.htaccess',
  'con',
  'a%2F..%2Fb.jpg',
  '%00.jpg',
  'a.jpg?x=1#y',
  '"><img src=x onerror=alert(1)>',
  "'; filename=b.html",
  '$(id)`id`',
  '\ud83d\ude00 H\u00e4fen.jpg',
  'x'.repeat(255),
];

/** What is announced where nothing is wrong with it. */
export const ORDER = { filename: 'a.jpg', type: 'image/jpeg', size: 1_000 };

const inOrder = (fields: string) => JSON.stringify(ORDER).replace('}', `,${fields}}`);
const NO_OBJECT = /^expected a JSON object of filename, type, size, method, private/;
const [SIZE, METHOD] = [/^"size": expected the number of bytes, at least 1$/, /^"method": expected POST or PUT$/];
const NO_JSON = /^The body: /;

/** Bodies of an announcement, and what is said of each. */
export const HOSTILE_BODIES: readonly (readonly [body: string, message: RegExp])[] = [
  [inOrder('"__proto__":{"private":true}'), NO_JSON],
  [inOrder('"\\u005f_proto__":{"private":true}'), NO_JSON],
  [inOrder('"constructor":{"prototype":{"private":true}}'), NO_JSON],
  [inOrder('"constructor":1'), /; got "constructor"$/],
  [inOrder('"toString":null'), /; got "toString"$/],
  [inOrder('"key":"files/ann/a.jpg"'), /; got "key"$/],
  [inOrder(`"${'x'.repeat(100)}":1`), /; got "x{40}"$/],
  ['', NO_JSON],
  ['{', NO_JSON],
  ["{'filename':'a.jpg'}", NO_JSON],
  [`${JSON.stringify(ORDER)}x`, NO_JSON],
  ['['.repeat(100_000), NO_JSON],
  [JSON.stringify('x'.repeat(512 * 1024)), NO_JSON],
  ['null', NO_OBJECT],
  ['7', NO_OBJECT],
  ['"{}"', NO_OBJECT],
  ['[]', NO_OBJECT],
  [JSON.stringify([ORDER]), NO_OBJECT],
  [inOrder('"size":"1000"'), SIZE],
  [inOrder('"size":[1000]'), SIZE],
  [inOrder('"size":0'), SIZE],
  [inOrder('"size":-1'), SIZE],
  [inOrder('"size":1.5'), SIZE],
  [inOrder('"size":1e400'), SIZE],
  [inOrder('"size":9007199254740992'), SIZE],
  [inOrder('"size":true'), SIZE],
  [inOrder('"size":null'), SIZE],
  [inOrder('"method":"put"'), METHOD],
  [inOrder('"method":"DELETE"'), METHOD],
  [inOrder('"method":["POST"]'), METHOD],
  [inOrder('"private":"true"'), /^"private": expected true or false$/],
  [inOrder('"private":0'), /^"private": expected true or false$/],
  [inOrder('"type":["image/jpeg"]'), /^"type": expected a media type/],
  [inOrder('"type":null'), /^"type": expected a media type/],
];

/** What a body can be called, and whether it is read as JSON then; by RFC 9110, 8.3.1, parameters and case say nothing else. */
export const CONTENT_TYPES: readonly (readonly [contentType: string | undefined, isJson: boolean])[] = [
  ['application/json', true],
  ['  application/json', true],
  ['Application/JSON', true],
  ['application/json; charset=utf-8', true],
  ['application/json\ta', false],
  ['application/json a', false],
  ['application/json,text/plain', false],
  ['application/jsonx', false],
  ['application/json/x', false],
  ['\x0bapplication/json', false],
  ['\xa0application/json', false],
  ['text/json', false],
  ['text/plain', false],
  ['text/plain;application/json', false],
  ['application/x-www-form-urlencoded', false],
  ['multipart/form-data; boundary=x', false],
  ['*/*', false],
  [undefined, false],
];

export interface HostileForm {
  readonly what: string;
  readonly body: Buffer;
  readonly contentType?: string;
  readonly status: number;
  readonly message: RegExp;
}

interface Part {
  readonly name?: string;
  /** Undefined for a field. */
  readonly filename?: string | undefined;
  readonly type?: string;
  readonly bytes: Uint8Array;
}

const BOUNDARY = 'boundary';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A part of a form as far as the line before the next one (RFC 2046, 5.1.1), with its name as it is. */
export function formPart(part: Part): Buffer {
  const { name = 'upload', type = 'image/jpeg', bytes } = part;
  const filename = 'filename' in part ? part.filename : 'a.jpg';
  const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: ${type}`;
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')]);
}

export function formOf(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** Forms that an editor does not send, where a picture may have so many bytes. */
export function hostileForms(photo: Buffer, most: number): readonly HostileForm[] {
  return [...brokenForms(photo), ...formsOfOthers(photo), ...wrongFiles(photo, most)];
}

function brokenForms(photo: Buffer): readonly HostileForm[] {
  const whole = formOf(formPart({ bytes: photo }));
  const bad = { status: 400, message: /./ };
  return [
    { what: 'no end', body: formPart({ bytes: photo }), ...bad },
    { what: 'half a file', body: whole.subarray(0, whole.length / 2), ...bad },
    { what: 'half a head', body: whole.subarray(0, 60), ...bad },
    { what: 'nothing', body: Buffer.alloc(0), ...bad },
    { what: 'no form', body: Buffer.from('garbage'), ...bad },
    { what: 'no part', body: formOf(), ...bad },
    { what: 'no boundary', body: whole, contentType: 'multipart/form-data', ...bad },
    { what: 'an empty boundary', body: whole, contentType: 'multipart/form-data; boundary=', ...bad },
    { what: 'another boundary', body: whole, contentType: 'multipart/form-data; boundary=x', ...bad },
    { what: 'another kind of parts', body: whole, contentType: FORM_TYPE.replace('form-data', 'mixed'), ...bad },
    { what: 'a tab', body: whole, contentType: FORM_TYPE.replace(';', '\ta;'), ...bad },
    { what: 'JSON by its name', body: whole, contentType: 'application/json', ...bad },
  ];
}

function formsOfOthers(photo: Buffer): readonly HostileForm[] {
  const file = formPart({ bytes: photo });
  const other = formPart({ name: 'file', bytes: photo });
  const text = formPart({ filename: undefined, bytes: latin1('text') });
  const [expected, name] = [/with a file in the field "upload"/, /^"filename": expected a file name/];
  const named = (filename: string) => formOf(formPart({ filename, bytes: photo }));
  return [
    { what: 'no file', body: formOf(text), status: 400, message: expected },
    { what: 'another field', body: formOf(other), status: 400, message: expected },
    { what: 'another field in front', body: formOf(other, file), status: 400, message: expected },
    {
      what: 'a prototype',
      body: formOf(formPart({ name: '__proto__', bytes: photo })),
      status: 400,
      message: /prototype/,
    },
    { what: 'many fields', body: formOf(...Array(1_000).fill(text), file), status: 400, message: /fields limit/ },
    { what: 'NUL in a name', body: named('a\0.jpg'), status: 400, message: name },
    { what: 'a name from right to left', body: named('a\u202egpj.exe'), status: 400, message: name },
    { what: 'an empty name', body: named(''), status: 400, message: name },
    { what: 'a long name', body: named('x'.repeat(10_240)), status: 400, message: name },
  ];
}

function wrongFiles(photo: Buffer, most: number): readonly HostileForm[] {
  const html = latin1(HTML);
  const of = (bytes: Buffer, type = 'image/jpeg') => formOf(formPart({ bytes, type }));
  const over = (bytes: number) => Buffer.concat([photo, Buffer.alloc(most - photo.length + bytes)]);
  const first = formOf(formPart({ bytes: html, type: 'text/html' }), formPart({ bytes: photo }));
  const [isLarge, isType] = [/^The upload has more bytes than allowed\.$/, /^"type": expected one of image\//];
  return [
    { what: 'one byte more', body: of(over(1)), status: 413, message: isLarge },
    { what: 'many bytes more', body: of(over(1_000_000)), status: 413, message: isLarge },
    { what: 'HTML as a picture', body: of(html), status: 422, message: MARKUP_IN_FRONT },
    { what: 'HTML behind a picture', body: of(Buffer.concat([photo, html])), status: 422, message: SCRIPT_INSIDE },
    { what: 'no byte', body: of(Buffer.alloc(0)), status: 422, message: /^It is empty\.$/ },
    { what: 'half a picture', body: of(photo.subarray(0, photo.length / 2)), status: 422, message: /damaged/ },
    { what: 'HTML by its name', body: of(html, 'text/html'), status: 415, message: isType },
    { what: 'HTML in front of a picture', body: first, status: 415, message: isType },
    { what: 'SVG by its name', body: of(photo, 'image/svg+xml'), status: 415, message: isType },
    { what: 'no type', body: of(photo, ''), status: 415, message: isType },
  ];
}
