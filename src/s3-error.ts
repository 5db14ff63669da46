import { type ErrorCode, ServiceError } from './errors.ts';

/** What S3's error codes mean for the client; a code that is not here is judged by its status. */
const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'not_found',
  InvalidRange: 'range_not_satisfiable',
  PreconditionFailed: 'source_changed',
  SlowDown: 'source_unavailable',
  ServiceUnavailable: 'source_unavailable',
  ExpiredToken: 'source_unavailable',
  CredentialsProviderError: 'source_unavailable',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  412: 'source_changed',
  416: 'range_not_satisfiable',
  429: 'source_unavailable',
  503: 'source_unavailable',
};

interface SdkError extends Error {
  readonly code?: string;
  /** What S3 says beside InvalidRange. */
  readonly ActualObjectSize?: string;
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function statusOf(error: unknown): number | undefined {
  return (error as SdkError).$metadata?.httpStatusCode;
}

/** `Last-Modified` of a 304, which the SDK takes for an error. */
export function lastModifiedOf(error: unknown): Date | undefined {
  const text = (error as SdkError).$response?.headers?.['last-modified'];
  return text === undefined ? undefined : new Date(text);
}

export function isAccessDenied(error: unknown): boolean {
  return statusOf(error) === 403 && (error as SdkError).name === 'AccessDenied';
}

/** An exception of the SDK as an error of ours. The message names what an operator can act on; no client sees it. */
export function s3Error(error: unknown, sourceId: string): ServiceError {
  const { name, message, code } = error as SdkError;
  const status = statusOf(error);
  const ours = BY_CODE[name] ?? BY_STATUS[status ?? 0] ?? 'source_failed';
  const answer = status === undefined ? `${code ?? name}: ${message}` : `${status} ${name}: ${message}`;
  if (ours === 'range_not_satisfiable') return new ServiceError(ours, undefined, { cause: error, size: sizeOf(error) });
  // What a 4xx of ours says is public: the row's own text, nothing of the store's.
  return new ServiceError(
    ours,
    ours === 'source_failed' || ours === 'source_unavailable' ? `${sourceId}: ${answer}` : undefined,
    {
      cause: error,
    },
  );
}

/** The size of an object whose range cannot be satisfied: stores say it in the body, or in `Content-Range`. */
function sizeOf(error: unknown): number | undefined {
  const { ActualObjectSize, $response } = error as SdkError;
  const text = ActualObjectSize ?? $response?.headers?.['content-range']?.split('/')[1];
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
