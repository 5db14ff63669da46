import { asFirstVersion } from './list-objects.ts';
import { S3Error } from './s3-error.ts';
import { encodePath, parseTarget } from './s3-target.ts';

/**
 * s3rver keeps objects in files named like their keys, so keys that make no good file name get another one.
 * A listing shows that other name.
 */
export function backendPath(url: string): string {
  const { path, query, bucket, key } = parseTarget(url);
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long');
  if (key === '') return `${path}?${asFirstVersion(query) ?? query}`;
  if (isFileName(key)) return url;
  const hex =
    Buffer.from(key)
      .toString('hex')
      .match(/.{1,200}/g) ?? [];
  return `/${bucket}/${encodePath(['~', ...hex].join('/'))}?${query}`;
}

function isFileName(key: string): boolean {
  const names = key.replace(/\/$/, '').split('/');
  return names.every((name) => !/^\.{0,2}$/.test(name) && !name.includes('\0') && Buffer.byteLength(name) <= 200);
}

/** Where s3rver has an object: the address of that alone. */
export function objectUrl(backend: string, bucket: string, key: string): URL {
  return new URL(backendPath(`/${bucket}/${encodePath(key)}`), backend);
}
