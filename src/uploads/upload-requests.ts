import { ServiceError } from '../errors.ts';
import { parseFileName } from '../request/file-name.ts';
import type { Options } from '../request/options.ts';
import { parseAllOptions } from '../request/parse.ts';
import type { UploadOrder } from './begin.ts';
import { formatOf, isUploadType, type UploadType } from './upload-types.ts';

/** What can be announced. */
export interface UploadLimits {
  readonly types: readonly UploadType[];
  readonly maxBytes: number;
  readonly maxPictureBytes: number;
}

/** Tokens of one request at most. */
export const MAX_TOKENS = 100;
const MAX_NAME_LENGTH = 255;
/** With each byte escaped, what S3 allows of metadata in all is 2 KB. */
const MAX_NAME_BYTES = 600;
const MAX_TOKEN_LENGTH = 4_096;
const MAX_SECONDS = 604_800;
const DEFAULT_SECONDS = 3_600;

/** The upload that a JSON value announces; `bad_upload`, `type_not_allowed` or `upload_too_large` with what was expected. */
export function readUploadOrder(value: unknown, limits: UploadLimits): UploadOrder {
  const given = fieldsOf(value, ['filename', 'type', 'size', 'method', 'private']);
  const type = readType(given.type, limits);
  return {
    name: readName(given.filename),
    type,
    size: readSize(given.size, type, limits),
    method: readMethod(given.method),
    visibility: readPrivate(given.private) ? 'private' : 'public',
  };
}

/** A name to show, of a file whose key is of our choice: nothing of it is ever a path. */
export function readName(name: unknown): string {
  const read = typeof name === 'string' && name !== '' ? parseFileName(name, MAX_NAME_LENGTH) : undefined;
  if (read !== undefined && Buffer.byteLength(read) <= MAX_NAME_BYTES && isWellFormed(read)) return read;
  throw bad(
    `"filename": expected a file name of 1 to ${MAX_NAME_LENGTH} characters, without slashes and control characters`,
  );
}

export function readType(type: unknown, { types }: UploadLimits): UploadType {
  if (typeof type !== 'string') throw bad('"type": expected a media type such as image/jpeg');
  const known = type.toLowerCase();
  if (isUploadType(known) && types.includes(known)) return known;
  throw new ServiceError('type_not_allowed', `"type": expected one of ${types.join(', ')}`);
}

function readSize(size: unknown, type: UploadType, limits: UploadLimits): number {
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1)
    throw bad('"size": expected the number of bytes, at least 1');
  const most = maxBytesOf(type, limits);
  if (size > most) throw new ServiceError('upload_too_large', `"size": expected at most ${most} bytes, got ${size}`);
  return size;
}

export function maxBytesOf(type: UploadType, { maxBytes, maxPictureBytes }: UploadLimits): number {
  return formatOf(type) === undefined ? maxBytes : Math.min(maxBytes, maxPictureBytes);
}

function readMethod(method: unknown = 'POST'): 'POST' | 'PUT' {
  if (method === 'POST' || method === 'PUT') return method;
  throw bad('"method": expected POST or PUT');
}

function readPrivate(isPrivate: unknown = false): boolean {
  if (typeof isPrivate === 'boolean') return isPrivate;
  throw bad('"private": expected true or false');
}

/** One token, or several whose answers come as a list. */
export interface TokenOrder {
  readonly tokens: readonly string[];
  readonly isSingle: boolean;
}

export function readTokens(value: unknown): TokenOrder {
  const { token, tokens } = fieldsOf(value, ['token', 'tokens']);
  if (token !== undefined && tokens === undefined) return { tokens: [readToken(token)], isSingle: true };
  if (token !== undefined || !Array.isArray(tokens) || tokens.length < 1 || tokens.length > MAX_TOKENS)
    throw bad(`expected "token", or "tokens" with an array of 1 to ${MAX_TOKENS} of them`);
  return { tokens: tokens.map(readToken), isSingle: false };
}

function readToken(token: unknown): string {
  if (typeof token === 'string' && token !== '' && token.length <= MAX_TOKEN_LENGTH) return token;
  throw bad('"token": expected what the upload was answered with');
}

/** What is asked of an own object. */
export interface UrlOrder {
  readonly key: string;
  /** How long the URL is to last. */
  readonly seconds: number;
  readonly options: Options;
}

/** `key` and `seconds` of a raw query, and beside them options of pictures. */
export function readUrlOrder(query: string): UrlOrder {
  const options = parseAllOptions(query);
  if (options.problem) throw bad(options.problem.message);
  const { sig: _sig, kid: _kid, exp: _exp, pending: _pending, ...rest } = options.value;
  return { key: readKey(query), seconds: readSeconds(new URLSearchParams(query).get('seconds')), options: rest };
}

export function readKey(query: string): string {
  const keys = new URLSearchParams(query).getAll('key');
  if (keys.length === 1 && keys[0] !== '') return keys[0] as string;
  throw bad('"key": expected the key that the upload was answered with, once');
}

function readSeconds(text: string | null): number {
  if (text === null || text === '') return DEFAULT_SECONDS;
  const seconds = Number(text);
  if (/^[0-9]{1,6}$/.test(text) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw bad(`"seconds": expected a whole number from 1 to ${MAX_SECONDS}`);
}

function fieldsOf<N extends string>(value: unknown, names: readonly N[]): Readonly<Partial<Record<N, unknown>>> {
  const expected = `expected a JSON object of ${names.join(', ')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(expected);
  const other = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
  if (other !== undefined) throw bad(`${expected}; got ${JSON.stringify(other.slice(0, 40))}`);
  return value as Readonly<Partial<Record<N, unknown>>>;
}

/** Half of a surrogate pair is no letter, and cannot be written in UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function bad(message: string): ServiceError {
  return new ServiceError('bad_upload', message);
}
