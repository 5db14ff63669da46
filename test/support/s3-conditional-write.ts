import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { objectUrl } from './s3rver-path.ts';

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

/** Also those without a condition, which would come between the look and the write of another. */
export function isWrite({ req }: S3Request): boolean {
  return /^(PUT|POST|DELETE)$/.test(req.method ?? '');
}

/** Refuses as S3 does what a PUT, a copy, or the end of an upload in parts makes a condition. */
export async function judgeWrite({ req, target, backend }: S3Request): Promise<void> {
  const { 'if-match': match, 'if-none-match': noneMatch } = req.headers;
  if (match === undefined && noneMatch === undefined) return;
  const found = await fetch(objectUrl(backend, target.bucket, target.key), { method: 'HEAD' });
  const etag = found.ok ? String(found.headers.get('etag')) : undefined;
  if (match !== undefined && etag === undefined)
    throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  const holds = (match === undefined || isSameTag(match, etag)) && !(noneMatch === '*' && etag !== undefined);
  if (!holds) throw preconditionFailed();
}

export function preconditionFailed(): S3Error {
  return new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

/** S3 takes an entity tag with its quotes or without them. */
export function isSameTag(one: string, other = ''): boolean {
  return unquoted(one) === unquoted(other);
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
