import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { escapeXml, sendXml } from './s3-xml.ts';

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

/** Writes the error as S3's XML document. */
export function sendError(res: ServerResponse, error: S3Error): void {
  const id = randomUUID();
  const details = Object.entries(error.details).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  const xml = `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>${details.join('')}<RequestId>${id}</RequestId></Error>`;
  sendXml(res, error.status, xml, { 'x-amz-request-id': id });
}
