import { S3Error } from './s3-error.ts';

/** A form as multipart/form-data (RFC 7578). Names of fields are in lower case, as S3 compares them. */
export type Form = {
  readonly fields: ReadonlyMap<string, string>;
  readonly file: Buffer | undefined;
};

/** Reads a whole form; S3 ignores what comes after the file. */
export function parseForm(body: Buffer, contentType: string): Form {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const fields = new Map<string, string>();
  // As if a line had ended before: each part begins in the same way.
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  for (let at = text.indexOf(delimiter); ; ) {
    const start = at + delimiter.length;
    const end = text.indexOf(delimiter, start);
    if (at < 0 || end < 0) return { fields, file: undefined };
    const { name, value } = partOf(text.subarray(start, end));
    if (name === 'file') return { fields, file: value };
    fields.set(name, value.toString());
    at = end;
  }
}

function partOf(part: Buffer): { name: string; value: Buffer } {
  const head = part.indexOf('\r\n\r\n');
  const [, name] = /^content-disposition:.*?\bname="([^"]*)"/im.exec(part.toString('utf8', 0, head)) ?? [];
  if (head < 0 || name === undefined) throw malformed();
  return { name: name.toLowerCase(), value: part.subarray(head + 4) };
}

function malformed(): S3Error {
  return new S3Error(
    400,
    'MalformedPOSTRequest',
    'The body of your POST request is not well-formed multipart/form-data.',
  );
}
