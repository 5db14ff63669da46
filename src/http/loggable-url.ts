import { decodeLeniently } from '../request/decode.ts';

/** Characters of a target that a line of the log has at most. */
const MAX_LENGTH = 2_048;

/**
 * A request target as the log may have it: without what would let its reader ask in the name of who sent it. Signatures and
 * tokens arrive that are meant for others, as S3's own are in a presigned URL whose host somebody has changed.
 */
export function loggableUrl(target: string): string {
  const mark = target.indexOf('?') + 1;
  const shown = mark === 0 ? target : target.slice(0, mark) + withoutSecrets(target.slice(mark));
  return shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH - 1)}…` : shown;
}

function withoutSecrets(query: string): string {
  return query
    .split('&')
    .map((pair) => (isSecret(decodeLeniently(pair).toLowerCase()) ? `${pair.slice(0, pair.indexOf('=') + 1)}…` : pair))
    .join('&');
}

/** Also where a pair has a URL in it, or begins in the middle of one: `&amp;sig=…`, `url=https%3A…%3FX-Amz-Signature%3D…`. */
function isSecret(pair: string): boolean {
  return pair.includes('x-amz-') || /(?:^|[;?])(?:sig|signature|token)=/.test(pair);
}
