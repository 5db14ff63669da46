import type { FastifyReply } from 'fastify';
import type { OriginalHold } from '../render/originals.ts';

/** Says that an answer depends on a request header; what others have said of it stays said. */
export function appendVary(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`);
}

/** What the cache did for an answer, as `Cache-Status` says it (RFC 9211). */
const CACHE_STATUS = {
  hit: 'lambent; hit',
  stored: 'lambent; hit; detail=store',
  'not-modified': 'lambent; hit',
  miss: 'lambent; fwd=miss',
  collapsed: 'lambent; fwd=miss; collapsed',
  original: 'lambent; fwd=bypass',
} as const;

export type CacheOutcome = keyof typeof CACHE_STATUS;

const DETAILS = { revalidating: 'stale-while-revalidate', unreachable: 'stale-if-error' } as const;

/** `Cache-Status`; of what is no longer fresh with its time to live below zero, and why it is used all the same. */
export function cacheStatus(outcome: CacheOutcome, stale: OriginalHold['stale']): string {
  if (!stale) return CACHE_STATUS[outcome];
  const [status] = CACHE_STATUS[outcome].split('; detail');
  return `${status}; ttl=${-Math.ceil(stale.ms / 1000)}; detail=${DETAILS[stale.why]}`;
}
