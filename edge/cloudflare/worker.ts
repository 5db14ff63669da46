import { canonical } from '../canonical.ts';

/** Variables and secrets of the Worker. */
export interface Env {
  /** Of the service, without a path: `https://images-origin.example.com`. */
  readonly ORIGIN: string;
  /** One of `ORIGIN_SECRETS`, where there are some. */
  readonly ORIGIN_SECRET?: string;
  /** The list in `CORS_ORIGINS`, where there is one. */
  readonly CORS_ORIGINS?: string;
  /** `1` where there are uploads. */
  readonly UPLOADS?: string;
}

/** As far as it is used here (Cloudflare Workers, Context API). */
export interface Context {
  passThroughOnException(): void;
}

/** What the service reads of a request for a picture, besides its URL, `Accept` and `Origin`. */
const OF_PICTURES = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'x-request-id',
];

/** What it reads of all others, to which it answers without looking at the picture. */
const OF_OTHERS = ['origin', 'access-control-request-method', 'access-control-request-headers', 'x-request-id'];

/**
 * What is kept is decided by the service's `Cache-Control`, of pictures and errors alike. Without "cacheEverything" a Worker's fetch keeps by the
 * file's ending alone; of a failure nothing is kept, whatever a Cache Rule of the zone says: a negative time is none.
 */
const KEPT = { cf: { cacheEverything: true, cacheTtlByStatus: { '500-599': -1 } } };

/** The key of an entry says nothing of `Accept`, and what the service makes of a URL that cannot be read here is not known. */
const UNKEPT = { cache: 'no-store' };

const worker = {
  /** Asks Cloudflare's cache, and the service where it has nothing. */
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    // What nobody thought of is the zone's origin's to answer then, instead of Cloudflare's page "1101".
    context.passThroughOnException();
    try {
      return await answer(request, env);
    } catch {
      return unreachable(request, env);
    }
  },
};

export default worker;

function answer(request: Request, env: Env): Promise<Response> {
  // As it came: URL and its parts would decode and order what they are asked for.
  const target = request.url.slice(request.url.indexOf('/', 'https://'.length));
  if (env.UPLOADS === '1' && /^\/-\/uploads(?![^/?])/.test(target)) return sendUpload(request, target, env);
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') return askForPicture(request, target, env);
  const headers = headersFor(request, OF_OTHERS, env);
  return fetch(urlOf(canonical(target, undefined)?.path ?? target, env), { method, headers, redirect: 'manual' });
}

function askForPicture(request: Request, target: string, env: Env): Promise<Response> {
  const headers = headersFor(request, OF_PICTURES, env);
  const init = { method: request.method, headers, redirect: 'manual' } as const;
  const accept = request.headers.get('accept') ?? '';
  const found = canonical(target, accept);
  if (found === undefined) {
    setUnlessEmpty(headers, 'accept', accept);
    return fetch(urlOf(target, env), { ...init, ...UNKEPT });
  }
  const origin = listedOrigin(request, env);
  setUnlessEmpty(headers, 'accept', found.accept);
  setUnlessEmpty(headers, 'origin', origin);
  const query = [found.query, ...keyParameters(found.accept, origin)].filter((part) => part !== '').join('&');
  return fetch(urlOf(query === '' ? found.path : `${found.path}?${query}`, env), { ...init, ...KEPT });
}

/**
 * Cloudflare's cache has the URL as its key and does not look at `Vary`: what an answer depends on stands there as well, under names that are no
 * option's and that the service does not read.
 */
function keyParameters(accept: string, origin: string): readonly string[] {
  return [accept && `accept=${accept.replace(/image\//g, '')}`, origin && `origin=${encodeURIComponent(origin)}`];
}

function urlOf(target: string, { ORIGIN }: Env): string {
  return ORIGIN.replace(/\/+$/, '') + target;
}

function setUnlessEmpty(headers: Headers, name: string, value: string): void {
  if (value !== '') headers.set(name, value);
}

/** As it came, body and all; the service answers what is not to be kept with `no-store`. */
function sendUpload(request: Request, target: string, env: Env): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete('cookie');
  headers.delete('x-origin-secret');
  if (env.ORIGIN_SECRET) headers.set('x-origin-secret', env.ORIGIN_SECRET);
  return fetch(new Request(urlOf(target, env), request), { headers, redirect: 'manual' });
}

function headersFor(request: Request, names: readonly string[], env: Env): Headers {
  const headers = new Headers(env.ORIGIN_SECRET ? { 'x-origin-secret': env.ORIGIN_SECRET } : {});
  for (const name of names) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

/** The origin of the page that asks, where answers depend on it; empty elsewhere. */
function listedOrigin(request: Request, { CORS_ORIGINS = '' }: Env): string {
  const asking = request.headers.get('origin') ?? '';
  const list = CORS_ORIGINS.split(',').map((one) => one.trim());
  return list.indexOf(asking) >= 0 ? asking : '';
}

/** In the form of the service's own errors, so that pages can read it. */
function unreachable(request: Request, env: Env): Response {
  const isListed = env.CORS_ORIGINS !== undefined && env.CORS_ORIGINS !== '*';
  const allowed = isListed ? listedOrigin(request, env) : '*';
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  setUnlessEmpty(headers, 'access-control-allow-origin', allowed);
  if (isListed) headers.set('vary', 'Origin');
  const body = { error: { code: 'origin_unreachable', message: 'The image service could not be reached.' } };
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(body), { status: 502, headers });
}
