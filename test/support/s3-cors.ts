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

/** The answer to a preflight, or a 403. */
export function preflightHeaders(xml: string | undefined, headers: IncomingHttpHeaders): Record<string, string> {
  const { origin = '', 'access-control-request-method': method = '' } = headers;
  const wanted = listOf(headers['access-control-request-headers']);
  const rule = rulesOf(xml ?? '').find((known) => allows(known, origin, method, wanted));
  if (!rule || origin === '')
    throw new S3Error(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.');
  return {
    ...answerOf(rule, origin),
    'access-control-allow-headers': wanted.join(', '),
    ...(rule.maxAge !== undefined && { 'access-control-max-age': rule.maxAge }),
  };
}

function answerOf({ origins, methods, exposed }: Rule, origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origins.includes('*') ? '*' : origin,
    'access-control-allow-methods': methods.join(', '),
    ...(exposed.length > 0 && { 'access-control-expose-headers': exposed.join(', ') }),
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
