import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

type Rule = {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAge: string | undefined;
};

/** What a page on another origin is told by the bucket's CORS configuration, as S3 does: by the first rule that fits. */
export function corsHeaders(
  xml: string | undefined,
  method: string,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined) return {};
  const rule = rulesOf(xml ?? '').find((known) => allows(known, origin, method, []));
  return rule ? answerOf(rule, origin) : {};
}

/** The answer to a preflight, or a refusal. */
export function preflightHeaders(xml: string | undefined, headers: IncomingHttpHeaders): Record<string, string> {
  const { origin, 'access-control-request-method': method } = headers;
  if (origin === undefined || method === undefined)
    throw new S3Error(400, 'BadRequest', 'Insufficient information. Origin and Access-Control-Request-Method needed.');
  if (xml === undefined) throw forbidden('CORS is not enabled for this bucket.');
  const wanted = listOf(headers['access-control-request-headers']);
  const rule = rulesOf(xml).find((known) => allows(known, origin, method, wanted));
  if (!rule) throw forbidden('This CORS request is not allowed.');
  const named = wanted.length > 0 && { 'access-control-allow-headers': wanted.join(', ') };
  return { ...answerOf(rule, origin), ...named };
}

function forbidden(message: string): S3Error {
  return new S3Error(403, 'AccessForbidden', `CORSResponse: ${message}`);
}

function answerOf({ origins, methods, exposed, maxAge }: Rule, origin: string): Record<string, string> {
  const isOpen = origins.includes('*');
  return {
    'access-control-allow-origin': isOpen ? '*' : origin,
    // S3 says so wherever it names the origin.
    ...(!isOpen && { 'access-control-allow-credentials': 'true' }),
    'access-control-allow-methods': methods.join(', '),
    ...(exposed.length > 0 && { 'access-control-expose-headers': exposed.join(', ') }),
    ...(maxAge !== undefined && { 'access-control-max-age': maxAge }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function allows({ origins, methods, headers }: Rule, origin: string, method: string, wanted: readonly string[]) {
  return (
    origins.some((pattern) => fits(pattern, origin)) &&
    methods.includes(method) &&
    wanted.every((name) => headers.some((pattern) => fits(pattern.toLowerCase(), name)))
  );
}

/** One `*` stands for any characters. */
function fits(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

function rulesOf(xml: string): Rule[] {
  return [...xml.matchAll(/<CORSRule>(.*?)<\/CORSRule>/gs)].map(([, rule = '']) => ({
    origins: textsOf(rule, 'AllowedOrigin'),
    methods: textsOf(rule, 'AllowedMethod'),
    headers: textsOf(rule, 'AllowedHeader'),
    exposed: textsOf(rule, 'ExposeHeader'),
    maxAge: textsOf(rule, 'MaxAgeSeconds')[0],
  }));
}

function textsOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) => text);
}

function listOf(header = ''): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
