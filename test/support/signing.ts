import { createHmac } from 'node:crypto';

/** Two keys as a service is configured with, the first of which signs. */
export const KEYS = {
  new: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
  old: 'ffeeddccbbaa99887766554433221100',
} as const;

export const SIGNING_KEYS = `new:${KEYS.new},old:${KEYS.old}`;

/** The signature of a text that the test has written down itself, by the definition alone. */
export function signatureOf(text: string, kid: keyof typeof KEYS = 'new'): string {
  return createHmac('sha256', Buffer.from(KEYS[kid], 'hex')).update(text).digest('base64url');
}

/** A target with its signature. The query has to be in the order and spelling that is signed. */
export function signed(key: string, query = '', kid: keyof typeof KEYS = 'new'): string {
  const sig = signatureOf(`${key}\n${query.split('&').sort().join('&')}`, kid);
  return `/${key}?${query === '' ? '' : `${query}&`}sig=${sig}`;
}

/** Seconds since 1970, so many from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
