/**
 * Every way a request can fail, one row each. A row says what the client sees and how long a CDN may keep it; the rest of
 * the code throws a `ServiceError` with a row's code and never touches a status or a header.
 */

/** How long an error may be kept: by its cause, never by the object it stands for. */
export const ERROR_CACHING = {
  /** The answer depends on something that heals by itself, or on who asks. */
  never: 'no-store',
  /** The URL or the bytes behind it are at fault: the same again until somebody changes them. */
  short: 'public, max-age=10, s-maxage=60',
  /** An upload may be on its way: long enough to shield the source, short enough to be forgotten. */
  missing: 'public, max-age=10, s-maxage=30',
} as const;

interface ErrorRow {
  readonly status: number;
  readonly caching: keyof typeof ERROR_CACHING;
  /** The public text. For 4xx a thrower may say it more exactly; 5xx text never leaves the process. */
  readonly message: string;
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number;
}

export const ERRORS = {
  bad_http: { status: 400, caching: 'never', message: 'The request is not valid HTTP.' },
  bad_path: { status: 400, caching: 'short', message: 'The path is not a valid object key.' },
  bad_option: { status: 400, caching: 'short', message: 'An option has a value that is not allowed.' },
  bad_purge: { status: 400, caching: 'never', message: 'It is not said what to purge.' },
  bad_upload: { status: 400, caching: 'never', message: 'It is not said what to upload.' },
  unauthorized: { status: 401, caching: 'never', message: 'The token is missing or wrong.' },
  bad_signature: { status: 403, caching: 'never', message: 'The URL is not signed as it has to be.' },
  bad_token: { status: 403, caching: 'never', message: 'The token of the upload is none of this service.' },
  forbidden: { status: 403, caching: 'never', message: 'It belongs to somebody else.' },
  wrong_origin: { status: 403, caching: 'never', message: 'The request did not come by way of the CDN.' },
  not_found: { status: 404, caching: 'missing', message: 'No such object.' },
  no_route: { status: 404, caching: 'never', message: 'Nothing is served at this address.' },
  method_not_allowed: { status: 405, caching: 'never', message: 'Only GET, HEAD and OPTIONS are allowed.' },
  request_timeout: { status: 408, caching: 'never', message: 'The request did not arrive in time.' },
  not_uploaded: { status: 409, caching: 'never', message: 'Nothing has been uploaded yet.' },
  upload_expired: { status: 410, caching: 'never', message: 'The upload was not confirmed in time.' },
  precondition_failed: { status: 412, caching: 'never', message: 'The answer is not what the request is for.' },
  too_large: { status: 413, caching: 'short', message: 'The original has more bytes than allowed.' },
  upload_too_large: { status: 413, caching: 'never', message: 'The upload has more bytes than allowed.' },
  type_not_allowed: { status: 415, caching: 'never', message: 'Uploads of this type are not taken.' },
  unsupported_image: { status: 415, caching: 'short', message: 'The original is not an image that can be decoded.' },
  range_not_satisfiable: { status: 416, caching: 'never', message: 'The range lies outside the object.' },
  too_many_pixels: { status: 422, caching: 'short', message: 'The original has more pixels than allowed.' },
  too_complex: { status: 422, caching: 'short', message: 'The original takes too long to be drawn.' },
  corrupt_image: { status: 422, caching: 'short', message: 'The original is damaged and cannot be decoded.' },
  wrong_content: { status: 422, caching: 'never', message: 'The upload is not what it was announced as.' },
  too_many_requests: { status: 429, caching: 'never', message: 'Too many requests within a minute.' },
  headers_too_large: { status: 431, caching: 'never', message: 'The request headers are too large.' },
  internal: { status: 500, caching: 'never', message: 'Something went wrong here.' },
  source_failed: { status: 502, caching: 'never', message: 'The source failed.' },
  source_broke_off: { status: 502, caching: 'never', message: 'The source broke off.' },
  source_changed: { status: 502, caching: 'never', message: 'The original keeps changing while it is read.' },
  source_unavailable: { status: 503, caching: 'never', message: 'The source cannot be used now.', retryAfter: 5 },
  identity_unavailable: { status: 503, caching: 'never', message: 'It cannot be said now who asks.', retryAfter: 5 },
  overloaded: { status: 503, caching: 'never', message: 'Too much work is waiting.', retryAfter: 1 },
  deadline_exceeded: { status: 504, caching: 'never', message: 'The answer was not ready in time.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

interface ServiceErrorOptions extends ErrorOptions {
  readonly size?: number | undefined;
  readonly allow?: string | undefined;
}

/** What is wrong, by its row in `ERRORS`. `message` is for the log, and public when the row's status is below 500. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** Bytes of the object whose range cannot be satisfied, when known. */
  readonly size: number | undefined;
  /** Methods that are allowed instead, as in an `Allow` header. */
  readonly allow: string | undefined;

  constructor(code: ErrorCode, message?: string, options: ServiceErrorOptions = {}) {
    super(message ?? ERRORS[code].message, options);
    this.code = code;
    this.size = options.size;
    this.allow = options.allow;
    // Nobody reads it, and one that was never read holds on to what the functions in it worked with, pictures included. An error
    // that is remembered with a record would do so for as long as that is.
    this.stack = `${this.name}: ${this.message}`;
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  /** What may leave the process: the own text of a 4xx, the row's text of a 5xx. */
  get publicMessage(): string {
    return this.row.status < 500 ? this.message : this.row.message;
  }
}

/** Whether what was thrown is this error of ours. */
export function hasCode(error: unknown, code: ErrorCode): error is ServiceError {
  return error instanceof ServiceError && error.code === code;
}

/**
 * An error that is its message and nothing else. A stack that nobody has read leads to what the functions in it worked with: 20,000
 * damaged pictures of some kilobytes, each remembered with what sharp said of it, were 380 MB.
 */
export function errorWithoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}

/** The client went away before its answer was ready: a reason to stop working, not an error to answer or count. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';

  constructor() {
    super('The client left before the answer was ready.');
  }
}
