import { setTimeout } from 'node:timers/promises';
import { hasCode, ServiceError } from '../errors.ts';
import type { Format } from '../formats.ts';
import type { NotModified, ObjectHead, Opened, Source } from '../sources/source.ts';
import type { DrawingRules } from '../transform/rules.ts';
import type { Admission, Release } from './admission.ts';
import { type BodyReader, createBodyReader } from './body-reader.ts';
import {
  type Content,
  type ImageContent,
  isStorable,
  isStoredAsSvg,
  mayBeStale,
  type OriginalRecord,
  type RefusedContent,
  readContent,
  refused,
  SVG_REFUSED,
  sniffContent,
} from './record.ts';

export interface OriginalReaderOptions {
  readonly source: Source;
  readonly maxSourceBytes: number;
  readonly rules: Pick<DrawingRules, 'untouched' | 'svg'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Loaded {
  readonly record: OriginalRecord;
  /** Every byte, when they had to be read to make the record. */
  readonly bytes?: Buffer;
}

interface Inspected<C extends Content = Content> {
  readonly content: C;
  readonly bytes?: Buffer;
}

/** One place among the originals in memory, taken when bytes are about to be read and not before. */
export interface Place {
  take(signal: AbortSignal): Promise<void>;
  release(): void;
}

export interface OriginalReader {
  /** Makes the record of an object, or confirms the known one by a conditional read. One request to the source. */
  load(key: string, known: OriginalRecord | undefined, place: Place, signal: AbortSignal): Promise<Loaded>;
  /** The bytes of the version that a record describes; `source_changed` when there is another one by now. */
  read(key: string, record: OriginalRecord, place: Place, signal: AbortSignal): Promise<Buffer>;
}

/** Of one read, the source's and ours together. */
const MAX_RETRIES = 2;
const MAX_RETRY_DELAY_MS = 100;

export function createPlace(admission: Admission): Place {
  let release: Release | undefined;
  return {
    async take(signal) {
      release ??= await admission.enter(1, signal);
    },
    release: () => release?.(),
  };
}

export function createOriginalReader(options: OriginalReaderOptions): OriginalReader {
  const { source, maxSourceBytes, rules, now } = options;

  async function inspect(opened: Opened, reader: BodyReader, place: Place, signal: AbortSignal): Promise<Inspected> {
    const format = sniffContent(opened.head, await reader.head());
    if (format === undefined) return { content: unknownContent(opened.head) };
    if (format === 'svg' && rules.svg !== 'rasterize') return { content: svgContent() };
    const inspected = await inspectPixels(format, opened, reader, place, signal);
    if (!rules.untouched.includes(format)) return inspected;
    return { ...inspected, content: { kind: 'untouched', format, drawn: inspected.content } };
  }

  function svgContent(): Content {
    if (rules.svg === 'pass') return { kind: 'untouched', format: 'svg' };
    return refused(new ServiceError('unsupported_image', SVG_REFUSED));
  }

  /** What nothing can be made of. What is stored as SVG may be one, packed or in another alphabet, that a browser can read. */
  function unknownContent(head: ObjectHead): Content {
    const refusal = refused(new ServiceError('unsupported_image'));
    return rules.svg === 'rasterize' && isStoredAsSvg(head)
      ? { kind: 'untouched', format: 'svg', drawn: refusal }
      : refusal;
  }

  async function inspectPixels(
    format: Format,
    opened: Opened,
    reader: BodyReader,
    place: Place,
    signal: AbortSignal,
  ): Promise<Inspected<ImageContent | RefusedContent>> {
    if (opened.length > maxSourceBytes) return { content: refused(tooLarge(opened.length, maxSourceBytes)) };
    await place.take(signal);
    const bytes = await reader.rest();
    return { content: await readContent(bytes, format), bytes };
  }

  async function load(
    open: Source['open'],
    key: string,
    known: OriginalRecord | undefined,
    place: Place,
    signal: AbortSignal,
  ): Promise<Loaded> {
    // An unknown object will be read: a place first, or a crowd of strangers would hold every socket while it waits.
    if (!known) await place.take(signal);
    const checkedAt = now();
    const opened = await open(key, { ifNoneMatch: known?.head.etag }, signal);
    if (opened.status === 'not-modified') {
      const record = unchanged(known);
      if (isSameHead(opened, record.head)) return { record: { ...record, checkedAt } };
      // The same bytes under other headers, which may have become `private`: S3 keeps the ETag then and changes the date.
      return await load(open, key, undefined, place, signal);
    }
    const reader = createBodyReader(opened, signal);
    try {
      const { head } = opened;
      const { content, ...rest } = await inspect(opened, reader, place, signal);
      const { cacheControl } = head;
      const allowed = { storable: isStorable(cacheControl), mayBeStale: mayBeStale(cacheControl) };
      return { record: { head, content, ...allowed, checkedAt }, ...rest };
    } finally {
      reader.destroy();
    }
  }

  async function read(
    open: Source['open'],
    key: string,
    { head: { etag } }: OriginalRecord,
    place: Place,
    signal: AbortSignal,
  ) {
    await place.take(signal);
    const opened = await open(key, { ifMatch: etag }, signal);
    if (opened.status === 'not-modified') throw new ServiceError('source_failed', 'Not modified, though nobody asked.');
    const reader = createBodyReader(opened, signal);
    try {
      // Some stores ignore If-Match.
      if (opened.head.etag !== etag) throw new ServiceError('source_changed');
      // And some call another object by the same ETag: what was small when the record was made need not be.
      if (opened.length > maxSourceBytes) throw tooLarge(opened.length, maxSourceBytes);
      return await reader.rest();
    } finally {
      reader.destroy();
    }
  }

  return {
    load: (key, known, place, signal) => onceMore((open) => load(open, key, known, place, signal), source, signal),
    read: (key, record, place, signal) => onceMore((open) => read(open, key, record, place, signal), source, signal),
  };
}

/**
 * A connection that breaks within a body is the one failure that is worth another try here: the source retries by itself
 * until its head is there, and everything else would come out the same.
 */
async function onceMore<T>(
  attempt: (open: Source['open']) => Promise<T>,
  source: Source,
  signal: AbortSignal,
): Promise<T> {
  let retries = 0;
  try {
    return await attempt(async (...args) => {
      const opened = await source.open(...args);
      if (opened.status === 'opened') retries = opened.retries ?? 0;
      return opened;
    });
  } catch (error) {
    if (!hasCode(error, 'source_broke_off') || retries >= MAX_RETRIES) throw error;
    // Not all at once, when what broke was shared.
    await setTimeout(Math.random() * MAX_RETRY_DELAY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    return await attempt((key, conditions, stop) => source.open(key, { ...conditions, retry: false }, stop));
  }
}

function isSameHead({ lastModified }: NotModified, head: ObjectHead): boolean {
  return lastModified === undefined || lastModified.getTime() === head.lastModified.getTime();
}

function unchanged(known: OriginalRecord | undefined): OriginalRecord {
  if (known) return known;
  throw new ServiceError('source_failed', 'Not modified, though nobody asked.');
}

function tooLarge(length: number, maxSourceBytes: number): ServiceError {
  return new ServiceError('too_large', `The original has ${length} bytes; at most ${maxSourceBytes} are read.`);
}
