import { isSigned, type SigningKey, sign } from '../signing-keys.ts';

/** What the option `pending` of a URL says: until when its key stands for an upload that waits to be confirmed. */
export interface Pending {
  /** For a key of a URL, until so many seconds since 1970. */
  valueFor(key: string, until: number): string;
  /** Until when; undefined for a value that is not of this key, or none of ours. */
  read(key: string, value: string): number | undefined;
}

const VALUE = /^([0-9]{1,11})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

export function createPending(keys: readonly SigningKey[]): Pending {
  const [first] = keys as readonly [SigningKey];
  return {
    valueFor: (key, until) => `${until}.${first.id}.${sign(textOf(key, until), first)}`,
    read(key, value) {
      const [, seconds, kid, sig = ''] = VALUE.exec(value) ?? [];
      const until = Number(seconds);
      const signer = keys.find(({ id }) => id === kid);
      return signer && isSigned(textOf(key, until), sig, signer) ? until : undefined;
    },
  };
}

/** Begins as no token of the same keys does, whose signed text is of base64url and points. */
function textOf(key: string, until: number): string {
  return `pending\n${key}\n${until}`;
}
