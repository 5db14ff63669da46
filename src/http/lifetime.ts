import type { FastifyReply } from 'fastify';
import { ServiceError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When its URL ends, in seconds since 1970; null for one without end, and where no URL is signed. */
    expires: number | null;
  }
}

/** A time in seconds since 1970 that is still to come, else `bad_signature`. */
export function unexpired(expires: number): number {
  if (Date.now() >= expires * 1000) throw new ServiceError('bad_signature', 'The URL has expired.');
  return expires;
}

/** Directives that let a cache use an answer for longer than its lifetime, or say that it need not be asked about (RFC 5861, RFC 8246). */
const BEYOND = /^(stale-while-revalidate|stale-if-error|immutable|must-revalidate)\b/i;
const AGE = /^(max-age|s-maxage)\s*=\s*"?(\d+)"?$/i;

/** Ends the lifetime of an answer, whatever it is, at a time in seconds since 1970. */
export function endLifetime(reply: FastifyReply, expires: number): void {
  const left = Math.max(0, Math.floor(expires - Date.now() / 1000));
  const cacheControl = String(reply.getHeader('cache-control') ?? '');
  const until = reply.getHeader('expires');
  const ownAge = until === undefined ? left : secondsUntil(String(until));
  reply.removeHeader('expires').header('cache-control', limited(cacheControl, left, Math.min(left, ownAge)));
}

/** A `Cache-Control` whose ages are at most `seconds`, and after that nobody goes on with the answer. */
function limited(cacheControl: string, seconds: number, unsaid: number): string {
  // A comma may stand within quotes, as in no-cache="a, b".
  const directives = (cacheControl.match(/(?:[^,"]|"[^"]*")+/g) ?? []).map((directive) => directive.trim());
  const kept = directives.filter((directive) => directive !== '' && !BEYOND.test(directive));
  const aged = kept.map((directive) => directive.replace(AGE, (_, name, age) => `${name}=${Math.min(age, seconds)}`));
  if (aged.some((directive) => /^no-store\b/i.test(directive))) return aged.join(', ');
  const hasAge = aged.some((directive) => /^max-age=/i.test(directive));
  return [...aged, ...(hasAge ? [] : [`max-age=${unsaid}`]), 'must-revalidate'].join(', ');
}

/** Of an `Expires` header; one that is no date is over (RFC 9111, 5.3). */
function secondsUntil(expires: string): number {
  return Math.max(0, Math.floor((Date.parse(expires) - Date.now()) / 1000) || 0);
}
