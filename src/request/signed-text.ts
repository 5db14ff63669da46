import { encodeKey, encodeStrictly } from './encode.ts';
import { OPTION_NAMES, type Options } from './options.ts';

/**
 * What is signed: the key and every known option but the signature itself, by name, each as RFC 3986 writes it. Values are those that
 * were read, so that every spelling of a request has one signature; nothing is left out, filled in or put on a ladder, so that it is
 * known without any configuration.
 */
export function signedText(key: string, options: Options): string {
  const pairs = OPTION_NAMES.filter((name) => name !== 'sig' && options[name] !== undefined)
    .sort()
    .map((name) => `${name}=${encodeStrictly(String(options[name]))}`);
  return `${encodeKey(key)}\n${pairs.join('&')}`;
}
