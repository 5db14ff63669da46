import { signedText } from '../request/signed-text.ts';
import { bareKey, type ImageOptions, type Site, saidBy, urlOf } from './image-url.ts';

/** One of `SIGNING_KEYS`. It is worth as much as a password: in a page that anybody reads, everybody can sign. */
export interface SigningKey {
  readonly kid: string;
  /** Hexadecimal. */
  readonly secret: string;
}

export interface SignedOptions extends ImageOptions {
  /** When the URL ends, in seconds since 1970. */
  readonly exp?: number;
}

/** The canonical URL of a picture, signed: for a server, or a Worker, that hands out URLs (Web Cryptography, 31.4: HMAC). */
export async function signedUrl(
  key: string,
  options: SignedOptions,
  { kid, secret }: SigningKey,
  site: Site = {},
): Promise<string> {
  const { exp, ...picture } = options;
  const signed = { ...saidBy(picture, site), ...(exp !== undefined && { exp }), kid };
  const sig = await hmac(secret, signedText(bareKey(key), signed));
  return urlOf(key, { ...signed, sig }, site);
}

async function hmac(secret: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const bytes = Uint8Array.from(secret.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(signature)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
}
