import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** One after the other: what is compared is what is replaced. */
export function createTurns(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

export function isConditionalPut(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return method === 'PUT' && (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined);
}

/** Refuses as S3 does; `etag` is that of the object there is. */
export function judgePut(headers: IncomingHttpHeaders, etag: string | undefined): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && etag === undefined)
    throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  // S3 takes an entity tag with its quotes or without them.
  const holds =
    (match === undefined || unquoted(match) === unquoted(etag)) && !(noneMatch === '*' && etag !== undefined);
  if (!holds)
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

function unquoted(etag = ''): string {
  return etag.replace(/^"|"$/g, '');
}
