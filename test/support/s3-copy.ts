import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'undici';
import { isSameTag, preconditionFailed } from './s3-conditional-write.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { decodeUri, parseTarget } from './s3-target.ts';
import { sendXml } from './s3-xml.ts';
import { objectHeaders, putObject } from './s3rver-object.ts';
import { objectUrl } from './s3rver-path.ts';

export function isCopy({ req }: S3Request): boolean {
  return req.method === 'PUT' && req.headers['x-amz-copy-source'] !== undefined;
}

/** Copies in one step, of which s3rver knows no conditions. */
export async function copyObject({ req, res, target, backend }: S3Request): Promise<void> {
  if (/(^|&)uploadId=/.test(target.query)) throw new S3Error(501, 'NotImplemented', 'This server copies no parts.');
  const { headers } = req;
  // Not decoded before it is split, as a path is not.
  const source = parseTarget(String(headers['x-amz-copy-source']).replace(/^\/?/, '/'));
  decodeUri(source.path);
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE';
  if (!replaces && source.bucket === target.bucket && source.key === target.key)
    throw new S3Error(
      400,
      'InvalidRequest',
      'This copy request is illegal: an object to itself, with nothing changed.',
    );
  const found = await readSource(objectUrl(backend, source.bucket, source.key), headers['x-amz-copy-source-if-match']);
  const described = objectHeaders(Object.entries(replaces ? headers : found.headers));
  const etag = await putObject(objectUrl(backend, target.bucket, target.key), found.bytes, described);
  const modified = new Date().toISOString();
  sendXml(
    res,
    200,
    `<CopyObjectResult><LastModified>${modified}</LastModified><ETag>${etag}</ETag></CopyObjectResult>`,
  );
}

/** With a client that leaves the bytes alone: `fetch` would unpack what is stored with a Content-Encoding. */
async function readSource(url: URL, condition: string | string[] | undefined) {
  const { statusCode, headers, body } = await request(url);
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode !== 200) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  if (condition !== undefined && !isSameTag(String(condition), String(headers.etag))) throw preconditionFailed();
  return { bytes, headers: headers as IncomingHttpHeaders };
}
