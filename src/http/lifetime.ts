import type { FastifyReply } from 'fastify';
import { ERROR_CACHING, ServiceError } from '../errors.ts';

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

/** Directives that are said again; all others could let a cache go on for longer (RFC 5861, RFC 8246), or in a way nobody knows yet. */
const KEPT = /^(?:public|(?:private|no-cache)(?:="[^"]*")?|no-store|no-transform|proxy-revalidate)$/i;
const AGE = /^(max-age|s-maxage)="?(\d+)"?$/i;
/** What a directive may look like (RFC 9111, 5.2). */
const DIRECTIVE = /^[\w-]+(?:=(?:[\w-]+|"[^"]*"))?$/;

/** Ends the lifetime of an answer, whatever it is, at a time in seconds since 1970. */
export function endLifetime(reply: FastifyReply, expires: number): void {
  const left = Math.max(0, Math.floor(expires - Date.now() / 1000));
  const cacheControl = String(reply.getHeader('cache-control') ?? '');
  const until = reply.getHeader('expires');
  const ownAge = until === undefined ? 0 : secondsUntil(String(until));
  reply.removeHeader('expires').header('cache-control', limited(cacheControl, left, Math.min(left, ownAge)));
}

/**
 * A `Cache-Control` whose ages are at most `seconds`, and after that nobody goes on with the answer. Made anew of what can be read for
 * certain: caches make something of `max-age=86400; public`, each something else.
 */
function limited(cacheControl: string, seconds: number, unsaid: number): string {
  // A comma may stand within quotes, as in no-cache="a, b".
  const directives = (cacheControl.match(/(?:[^,"]|"[^"]*")+/g) ?? []).map((text) => text.trim()).filter(Boolean);
  if (!directives.every((directive) => DIRECTIVE.test(directive))) return ERROR_CACHING.never;
  const kept = directives.filter((directive) => KEPT.test(directive));
  if (kept.some((directive) => /^no-store$/i.test(directive))) return kept.join(', ');
  const ages = directives.flatMap((directive) => {
    const [, name, age] = AGE.exec(directive) ?? [];
    return name === undefined ? [] : [`${name.toLowerCase()}=${Math.min(Number(age), seconds)}`];
  });
  const hasAge = ages.some((age) => age.startsWith('max-age='));
  return [...kept, ...ages, ...(hasAge ? [] : [`max-age=${unsaid}`]), 'must-revalidate'].join(', ');
}

/** Of an `Expires` header; one that is no date is over (RFC 9111, 5.3). */
function secondsUntil(expires: string): number {
  return Math.max(0, Math.floor((Date.parse(expires) - Date.now()) / 1000) || 0);
}
