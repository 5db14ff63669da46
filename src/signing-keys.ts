import { createHmac, timingSafeEqual } from 'node:crypto';

/** A key that signs and verifies. */
export interface SigningKey {
  /** Public: it stands in URLs. */
  readonly id: string;
  readonly secret: Buffer;
}

/** HMAC-SHA-256 (RFC 2104) of a text in UTF-8, as base64url without padding: 43 characters. */
export function sign(text: string, { secret }: SigningKey): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** Whether a text is signed so. The letters are compared, of which there is one spelling, and not the bytes, of which there are four. */
export function isSigned(text: string, sig: string, key: SigningKey): boolean {
  const [expected, given] = [Buffer.from(sign(text, key)), Buffer.from(sig)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
