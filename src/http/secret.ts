import { hash, timingSafeEqual } from 'node:crypto';

/** Whether a text is one of those that only few know; how long that takes tells nothing of them. */
export type SecretCheck = (given: string) => boolean;

export function createSecretCheck(secrets: readonly string[]): SecretCheck {
  const known = secrets.map(digest);
  // Each is compared, also after one that was the same.
  return (given) => known.map((secret) => timingSafeEqual(secret, digest(given))).includes(true);
}

/** Of one length, whatever it is of. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
