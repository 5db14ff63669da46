import { VARIABLES, type VariableName } from './variables.ts';

/** A variable that keeps the service from starting; the message names it, its value and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(message: string) {
    super(message);
    // A configuration is mended by reading one line; where in the code it was read is of no use.
    this.stack = message;
  }
}

/** What a text stands for; what is wrong with it ends the start. */
export function attempt<T>(name: VariableName, text: string, expected: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw invalid(name, text, `${expected} (${(error as Error).message})`);
  }
}

const SECRETS: readonly VariableName[] = [
  'PURGE_TOKEN',
  'SIGNING_KEYS',
  'ORIGIN_SECRETS',
  'UPLOADS_KEYS',
  'UPLOADS_JWT_SECRET',
  'UPLOADS_API_KEYS',
];
/** Refused with a user, a query or a fragment, any of which may be a secret. */
const PLACES: readonly VariableName[] = [
  'SOURCE',
  'CACHE_STORE',
  'PURGE_QUEUE_URL',
  'UPLOADS_BUCKET',
  'UPLOADS_JWKS_URL',
  'UPLOADS_PUBLIC_URL',
  'UPLOADS_S3_ENDPOINT',
];

export function invalid(name: VariableName, value: string | undefined, complaint?: string): ConfigError {
  const shown = value === undefined ? 'not set' : shownOf(name, value);
  return new ConfigError(`${name} is ${shown}; expected ${complaint ?? VARIABLES[name].expected}.`);
}

/** What a start says is in a log that more people read than may know a secret. */
function shownOf(name: VariableName, value: string): string {
  if (SECRETS.includes(name)) return `something of ${value.length} characters`;
  return JSON.stringify(PLACES.includes(name) ? placeShown(value) : value);
}

function placeShown(url: string): string {
  const [scheme, at] = [url.indexOf('//') + 2, url.lastIndexOf('@')];
  const plain = at < scheme ? url : `${url.slice(0, scheme)}…${url.slice(at)}`;
  return plain.replace(/([?#]).*/s, '$1…');
}
