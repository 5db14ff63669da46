import { request } from 'undici';
import { S3Error } from './s3-error.ts';

/** What is stored with an object of the headers or fields that it came with. */
const STORED = /^(content-(type|encoding|language|disposition)|cache-control|expires|x-amz-meta-.+)$/;

export function objectHeaders(given: Iterable<readonly [string, unknown]>): Record<string, string> {
  return Object.fromEntries(
    [...given].filter(([name]) => STORED.test(name)).map(([name, value]) => [name, `${value}`]),
  );
}

/** Stores bytes at an address of s3rver and returns their entity tag. */
export async function putObject(url: URL, bytes: Buffer, headers: Record<string, string>): Promise<string> {
  const answer = await request(url, { method: 'PUT', body: bytes, headers });
  await answer.body.dump();
  if (answer.statusCode === 404) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
  if (answer.statusCode !== 200) throw new S3Error(500, 'InternalError', `s3rver answered ${answer.statusCode}.`);
  return String(answer.headers.etag);
}
