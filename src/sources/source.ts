import type { Readable } from 'node:stream';

/** What a source says of an object besides its bytes. Header values are as stored, unchecked. */
export interface ObjectHead {
  /** Strong entity tag, with its quotes; changes whenever the bytes do. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly expires?: string | undefined;
}

export interface ReadConditions {
  /** Read only when the object's entity tag differs from this one. */
  readonly ifNoneMatch?: string | undefined;
  /** Read only when the object's entity tag is this one; otherwise `source_changed`. */
  readonly ifMatch?: string | undefined;
  /** One byte range as an HTTP header value: `bytes=0-99`, `bytes=100-`, `bytes=-5`. */
  readonly range?: string | undefined;
  /** False when the caller has tried before: the source is to try once and no more. */
  readonly retry?: boolean | undefined;
}

export interface NotModified {
  readonly status: 'not-modified';
  /** Where the source says it again: other headers may have come with another date. */
  readonly lastModified?: Date | undefined;
}

export interface Opened {
  readonly status: 'opened';
  readonly head: ObjectHead;
  /** Bytes that `body` will deliver. */
  readonly length: number;
  /** `Content-Range` when a range was asked for and is delivered. */
  readonly contentRange?: string | undefined;
  /** How often the source had to try again before it could be opened. */
  readonly retries?: number | undefined;
  /** To be read to its end or destroyed, by whoever opened it. */
  readonly body: Readable;
}

/** Whether a source can be read, in an operator's words. */
export interface SourceStatus {
  readonly readable: boolean;
  /** Who reads and what is missing; no secrets. */
  readonly detail: string;
}

/**
 * Where originals come from. Errors are `ServiceError`s: `not_found`, `range_not_satisfiable`, `source_changed`,
 * `source_failed`, `source_unavailable`; when `signal` aborts, its reason is thrown.
 */
export interface Source {
  /** Names the source in keys and logs; the same in every replica. */
  readonly id: string;
  /** Starts to read the object under a valid key (`request/parse.ts`). */
  open(key: string, conditions: ReadConditions, signal: AbortSignal): Promise<Opened | NotModified>;
  check(signal: AbortSignal): Promise<SourceStatus>;
  close(): void;
}
