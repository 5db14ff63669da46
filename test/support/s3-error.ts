import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** An answer in S3's own words: a status, a code and a message. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  /** Elements of its own that an error has besides those of all. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'S3Error';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Writes the error as S3's XML document. Node leaves the body out of the answer to a HEAD. */
export function sendError(res: ServerResponse, error: S3Error): void {
  const id = randomUUID();
  const details = Object.entries(error.details).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>${details.join('')}<RequestId>${id}</RequestId></Error>`;
  res.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
    'x-amz-request-id': id,
  });
  res.end(xml);
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`);
}
