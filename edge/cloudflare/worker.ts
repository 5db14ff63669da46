import { canonical } from '../canonical.ts';

/** Variables and secrets of the Worker. */
export interface Env {
  /** Of the service, without a path: `https://images-origin.example.com`. */
  readonly ORIGIN: string;
  /** One of `ORIGIN_SECRETS`, where there are some. */
  readonly ORIGIN_SECRET?: string;
}

/** What the service reads of a request for a picture, besides its URL and `Accept`. */
const FORWARDED = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'x-request-id',
];

const worker = {
  /** Asks Cloudflare's cache, and the service where it has nothing. */
  fetch(request: Request, env: Env): Promise<Response> {
    const headers = new Headers(env.ORIGIN_SECRET ? { 'x-origin-secret': env.ORIGIN_SECRET } : {});
    for (const name of FORWARDED) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const { method } = request;
    const url = urlFor(request, headers);
    // Without "cf" a Worker's fetch keeps by the file's ending alone.
    const init = { method, headers, redirect: 'manual', cf: { cacheEverything: true } } as const;
    return fetch(`${env.ORIGIN}${url}`, init);
  },
};

export default worker;

/**
 * Path and query; sets `Accept` where the answer depends on it. Cloudflare's cache has the URL alone as its key and does not look at `Vary`, so the
 * formats stand there as well, under a name that is no option's and that the service does not read.
 */
function urlFor(request: Request, headers: Headers): string {
  const target = request.url.slice(request.url.indexOf('/', 'https://'.length));
  const found = canonical(target, request.headers.get('accept') ?? undefined);
  if (found === undefined) return target;
  const { path, query, accept } = found;
  if (accept !== '') headers.set('accept', accept);
  const formats = accept === '' ? '' : `accept=${accept.replace(/image\//g, '')}`;
  const parameters = [query, formats].filter((part) => part !== '').join('&');
  return parameters === '' ? path : `${path}?${parameters}`;
}
