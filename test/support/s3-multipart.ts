import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { parseQuery } from './s3-target.ts';

/**
 * s3rver cannot abort an upload in parts, and takes parts for one that it does not know: the front remembers those that are over.
 * What s3rver keeps of them goes with its folder.
 */
export function createMultipart() {
  const aborted = new Set<string>();
  return {
    isRefused: (request: S3Request) => aborted.has(uploadId(request)),
    refuse: () => Promise.reject(new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')),
    isAbort: (request: S3Request) => request.req.method === 'DELETE' && uploadId(request) !== '',
    abort(request: S3Request) {
      aborted.add(uploadId(request));
      request.res.writeHead(204).end();
      return Promise.resolve();
    },
  };
}

function uploadId({ target }: S3Request): string {
  return parseQuery(target.query).find(([name]) => name === 'uploadId')?.[1] ?? '';
}
