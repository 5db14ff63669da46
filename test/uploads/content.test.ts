import t from 'tap';
import { foreignContent, hasMarkup } from '../../src/uploads/foreign-content.ts';
import { formatOf, isUploadType, sniffUploadType, UPLOAD_TYPES } from '../../src/uploads/upload-types.ts';
import { gradient } from '../support/pictures.ts';

const text = (characters: string) => Buffer.from(characters, 'latin1');

t.test('a type is known by the first bytes', (t) => {
  const cases: readonly [string, string | undefined][] = [
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['RIFF\x10\0\0\0WEBPVP8 ', 'image/webp'],
    ['GIF89a', 'image/gif'],
    ['II*\0', 'image/tiff'],
    ['\0\0\0\x14ftypavif\0\0\0\0avif', 'image/avif'],
    ['\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 'video/mp4'],
    ['\0\0\0\x18ftypmp42\0\0\0\0mp42', 'video/mp4'],
    ['\0\0\0\x18ftypM4V \0\0\0\0', 'video/mp4'],
    ['\0\0\0\x14ftypqt  \0\0\0\0', 'video/quicktime'],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1', undefined],
    ['\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04', 'video/webm'],
    ['\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska', undefined],
    ['nothing of the kind B\x82\x84webm', undefined],
    ['%PDF-1.7\n', 'application/pdf'],
    [' %PDF-1.7\n', undefined],
    ['<svg xmlns="http://www.w3.org/2000/svg">', undefined],
    ['<!doctype html>', undefined],
    ['', undefined],
  ];
  for (const [bytes, type] of cases) t.equal(sniffUploadType(text(bytes)), type, JSON.stringify(bytes));
  t.end();
});

t.test('each type has a name, an extension and, where it is a picture, a format', (t) => {
  for (const type of ['image/jpeg', 'video/mp4']) t.ok(isUploadType(type));
  for (const other of ['image/svg+xml', 'text/html', 'constructor', '__proto__', ''])
    t.notOk(isUploadType(other), other);
  t.equal(formatOf('image/avif'), 'avif');
  t.equal(formatOf('application/pdf'), undefined);
  const extensions = Object.values(UPLOAD_TYPES).map(({ extension }) => extension);
  t.equal(new Set(extensions).size, extensions.length);
  t.end();
});

t.test('markup is found anywhere, in any case, and by its whole name', (t) => {
  const found = [
    '<script>',
    '\0\0<SCRIPT src=x>',
    '<ScRiPt/x>',
    '<html>',
    '<HTML lang=en>',
    '<iframe\n',
    '<!DOCTYPE html>',
    '<?php ',
  ];
  for (const bytes of found) t.ok(hasMarkup(text(`\xff\xd8${bytes}`)), bytes);
  const other = [
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<?xpacket begin=""?>',
    '<rdf:RDF>',
    '<scripts>',
    '<html',
    '<',
    '<<<<',
    '<?PHPa',
    '\x1cscript>',
    '',
  ];
  for (const bytes of other) t.notOk(hasMarkup(text(bytes)), bytes);
  t.end();
});

t.test('a picture that is something else besides is told by what', async (t) => {
  const jpeg = await gradient(40, 30).jpeg().toBuffer();
  const end = (comment: string) =>
    Buffer.concat([text('PK\x05\x06'), Buffer.alloc(16), Buffer.from([comment.length, 0]), text(comment)]);
  const cases: readonly [Buffer, string | undefined][] = [
    [jpeg, undefined],
    [Buffer.concat([jpeg, text('<script>alert(1)</script>')]), 'HTML or a script'],
    [Buffer.concat([jpeg.subarray(0, 20), text('%PDF-1.4')]), 'a PDF'],
    [Buffer.concat([jpeg, Buffer.alloc(2000), text('%PDF-1.4')]), undefined],
    [Buffer.concat([jpeg, end('')]), 'a ZIP or JAR archive'],
    [Buffer.concat([jpeg, text('PK\x05\x06'), end('a comment')]), 'a ZIP or JAR archive'],
    [Buffer.concat([jpeg, end(''), text('and more')]), undefined],
    [Buffer.concat([jpeg, text('PK\x05\x06')]), undefined],
    [text('GIF89a/*\0\0\0*/=alert(1);'), 'JavaScript'],
    [text('GIF87a=1;'), 'JavaScript'],
    [text('\xff\xd8\xff\xe0/*'), 'JavaScript'],
    [text('GIF89a\x2a\0'), undefined],
  ];
  for (const [bytes, what] of cases) t.equal(foreignContent(bytes), what);
});
