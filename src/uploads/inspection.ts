import type { UploadType } from './upload-types.ts';

/** What an uploaded object turned out to be. */
export interface Inspection {
  /** Of the version that was looked at. */
  readonly etag: string;
  readonly type: UploadType;
  readonly bytes: number;
  /** In pixels, upright; of pictures alone. */
  readonly width?: number;
  readonly height?: number;
}

/** What it was announced as. */
export interface Expected {
  readonly type: UploadType;
  /** Bytes; undefined where they are counted here. */
  readonly size: number | undefined;
}

/**
 * Looks at an object by its key. Throws `wrong_content` for what it must not be, `not_found` where there is none, and the errors of a source.
 */
export type Inspect = (key: string, expected: Expected, signal: AbortSignal) => Promise<Inspection>;
