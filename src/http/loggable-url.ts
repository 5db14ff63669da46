import { decodeLeniently } from '../request/decode.ts';

/** Characters of a target that a line of the log has at most. */
const MAX_LENGTH = 2_048;

/**
 * A request target as the log may have it: without what would let its reader ask in the name of who sent it. Signatures and
 * tokens arrive that are meant for others, as S3's own are in a presigned URL whose host somebody has changed.
 */
export function loggableUrl(target: string): string {
  const shown = target.split('&').map(withoutSecret).join('&');
  return shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH - 1)}…` : shown;
}

/** Of a piece between two ampersands, whatever stands in it: a path whose question mark is escaped, or another URL, escaped twice. */
function withoutSecret(piece: string): string {
  const text = decodeLeniently(decodeLeniently(piece)).toLowerCase();
  return hasSecret(text) ? `${piece.slice(0, piece.indexOf('=') + 1)}…` : piece;
}

/** By how names end: `sig`, `X-Goog-Signature`, `access_token`. */
const SECRET = /(?:sig|signature|token|auth|jwt|secret|password|pending)=/;
/** Whose every parameter says something of who may. */
const PRESIGNED = ['x-amz-', 'x-goog-'];

function hasSecret(text: string): boolean {
  return SECRET.test(text) || (text.includes('=') && PRESIGNED.some((prefix) => text.includes(prefix)));
}
