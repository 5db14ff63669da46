import type { FastifyReply } from 'fastify';

/** Says that an answer depends on a request header; what others have said of it stays said. */
export function appendVary(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`);
}

/** `Cache-Status` (RFC 9211): what the cache did for an answer. */
export const CACHE_STATUS = {
  hit: 'lambent; hit',
  'not-modified': 'lambent; hit',
  miss: 'lambent; fwd=miss',
  collapsed: 'lambent; fwd=miss; collapsed',
  original: 'lambent; fwd=bypass',
} as const;
