import { createHash, hash } from 'node:crypto';
import { FORMATS, type OutputFormat } from '../formats.ts';
import type { CacheEntry } from './tier.ts';

/**
 * An entry as bytes, the same in a file and in an S3 object:
 *
 *     "lambent" | version, 1 byte | length of the header, 4 bytes | header, JSON | body | SHA-256 of all that, 32 bytes
 *
 * The checksum finds what disks, networks and processes that were killed do to bytes. It is no signature: who may write to
 * the store decides what is served.
 */
const MAGIC = 'lambent';
const VERSION = 1;
const LENGTH_AT = MAGIC.length + 1;
const HEADER_AT = LENGTH_AT + 4;
const CHECKSUM_BYTES = 32;
const NAME_BYTES = 16;

// A key and 49 tags take 2 KB. More is no header, and is not parsed.
const MAX_HEADER_BYTES = 64 * 1024;

/** What no entry of ours exceeds: an uncompressed picture of the largest area that is put out. Bounds what a read may take. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

interface Header {
  readonly key: string;
  readonly format: OutputFormat;
  readonly etag: string;
  readonly storedAt: number;
  readonly tags: readonly string[];
  readonly bodyBytes: number;
}

/** What a name begins with, for every entry of one object. */
const OBJECT_TAG = /^[0-9a-f]{16}(?=-)/;

/**
 * Where an entry lies: 32 hex digits, whatever the key; the first 16 are its object's tag where the key begins with one. Another
 * version has other names, so that two of them can share a store while one replaces the other.
 */
export function entryName(key: string): string {
  const [tag = ''] = OBJECT_TAG.exec(key) ?? [];
  // Not a slice of the text, which would keep all of it in memory for as long as an index knows the name.
  return Buffer.from(`${tag}${hash('sha256', `${VERSION}\n${key}`, 'hex')}`, 'hex').toString('hex', 0, NAME_BYTES);
}

/** The entry's bytes in three parts, the second of which is its body, not a copy. Throws a RangeError when the key is huge. */
export function encodeEntry(key: string, { body, ...entry }: CacheEntry): readonly Buffer[] {
  const header = Buffer.from(JSON.stringify({ key, ...entry, bodyBytes: body.length } satisfies Header));
  if (header.length > MAX_HEADER_BYTES) throw new RangeError(`A header of ${header.length} bytes is too long.`);
  const prefix = Buffer.alloc(HEADER_AT);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt8(VERSION, MAGIC.length);
  prefix.writeUInt32BE(header.length, LENGTH_AT);
  const head = Buffer.concat([prefix, header]);
  return [head, body, checksumOf([head, body])];
}

/** How many bytes the parts have together. */
export function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** The entry that these bytes are, if they are this key's, whole and of this version; its body is a part of them, not a copy. */
export function decodeEntry(key: string, bytes: Buffer): CacheEntry | undefined {
  const bodyAt = bodyStart(bytes);
  const bodyEnd = bytes.length - CHECKSUM_BYTES;
  if (bodyAt === undefined || bodyAt > bodyEnd) return undefined;
  if (!checksumOf([bytes.subarray(0, bodyEnd)]).equals(bytes.subarray(bodyEnd))) return undefined;
  const header = parseHeader(bytes.subarray(HEADER_AT, bodyAt));
  if (!isHeader(header) || header.key !== key || header.bodyBytes !== bodyEnd - bodyAt) return undefined;
  const { format, etag, storedAt, tags } = header;
  return { body: bytes.subarray(bodyAt, bodyEnd), format, etag, storedAt, tags };
}

function bodyStart(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_AT + CHECKSUM_BYTES) return undefined;
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC || bytes[MAGIC.length] !== VERSION) return undefined;
  const length = bytes.readUInt32BE(LENGTH_AT);
  return length > MAX_HEADER_BYTES ? undefined : HEADER_AT + length;
}

function parseHeader(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

// Both become header values of answers, where a line break would be an error each time.
const ENTITY_TAG = /^(W\/)?"[!#-~]*"$/;
const TAG = /^[!-+\--~]+$/;

/** One row per field. The length of the body needs none: it has to be that of the bytes. */
const FIELDS: readonly [keyof Header, (value: unknown) => boolean][] = [
  ['format', isOutputFormat],
  ['etag', (value) => typeof value === 'string' && ENTITY_TAG.test(value)],
  ['storedAt', (value) => Number.isSafeInteger(value) && Number(value) >= 0],
  ['tags', (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'string' && TAG.test(tag))],
];

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const header = value as Readonly<Record<string, unknown>>;
  return FIELDS.every(([name, holds]) => holds(header[name]));
}

function isOutputFormat(value: unknown): boolean {
  return Object.entries(FORMATS).some(([name, row]) => name === value && 'encoder' in row);
}

function checksumOf(parts: readonly Buffer[]): Buffer {
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(part);
  return sha256.digest();
}
