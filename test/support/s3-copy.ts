import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';
import { decodeUri } from './s3-target.ts';

/** Where the object is that a PUT copies: a path, encoded; undefined for a PUT that brings its own bytes. */
export function copySourceOf(method: string | undefined, headers: IncomingHttpHeaders): string | undefined {
  const source = headers['x-amz-copy-source'];
  if (method !== 'PUT' || typeof source !== 'string') return undefined;
  return `/${decodeUri(source).replace(/^\//, '')}`;
}

/** What of a source's headers a copy has where nothing is said instead. */
const OF_OBJECT =
  /^(content-type|content-encoding|content-language|content-disposition|cache-control|expires|x-amz-meta-.+)$/;

/** Copies from one address of a backend to another, both without signatures; answers as S3 does. */
export async function copyObject(source: URL, target: URL, headers: IncomingHttpHeaders): Promise<string> {
  const read = await fetch(source);
  if (!read.ok) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  const bytes = Buffer.from(await read.arrayBuffer());
  const wanted = headers['x-amz-copy-source-if-match'];
  const etag = read.headers.get('etag') ?? '';
  if (wanted !== undefined && unquoted(String(wanted)) !== unquoted(etag))
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  const described = headers['x-amz-metadata-directive'] === 'REPLACE' ? Object.entries(headers) : [...read.headers];
  const kept = described.filter(([name]) => OF_OBJECT.test(name)) as [string, string][];
  const written = await fetch(target, { method: 'PUT', body: bytes, headers: Object.fromEntries(kept) });
  if (!written.ok) throw new S3Error(500, 'InternalError', 'The copy failed.');
  return `<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><LastModified>${new Date().toISOString()}</LastModified><ETag>${written.headers.get('etag')}</ETag></CopyObjectResult>`;
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
