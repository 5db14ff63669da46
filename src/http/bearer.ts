import type { FastifyRequest } from 'fastify';

/** The credentials of `Authorization: Bearer …`, whose scheme is in any case (RFC 9110, 11.1); empty where there are none. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string {
  return /^bearer +(\S*)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}
