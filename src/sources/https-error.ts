import { type ErrorCode, ServiceError } from '../errors.ts';
import { type AnswerHeaders, headerOf } from './https-head.ts';

/**
 * What an answer's status means for the client; one that is not here is the source's failure. So are 401 and 403: S3 says 403 of a missing
 * key to who may not list, a web server has no such excuse, and a 404 would hide from the operator that nothing can be read.
 */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: 'not_found',
  410: 'not_found',
  412: 'source_changed',
  416: 'range_not_satisfiable',
  429: 'source_unavailable',
  503: 'source_unavailable',
};

/** What may go better another time: no connection, one that broke, a resolver that is busy. A certificate will be the same. */
const PASSING: readonly unknown[] = [
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
];

export function isPassingError(error: unknown): boolean {
  return PASSING.includes((error as NodeJS.ErrnoException).code);
}

export function isPassingStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/** The answer to a read that is neither the object nor a 304. The message is for the log; of 4xx of ours, the row's own text is public. */
export function statusError(sourceId: string, status: number, headers: AnswerHeaders): ServiceError {
  const code = BY_STATUS[status] ?? 'source_failed';
  if (code === 'range_not_satisfiable') return new ServiceError(code, undefined, { size: sizeOf(headers) });
  const isOurs = code === 'source_failed' || code === 'source_unavailable';
  return new ServiceError(code, isOurs ? `${sourceId}: the server answers ${status}.` : undefined);
}

/** The size of an object whose range cannot be satisfied (RFC 9110, 14.4), where the server says it. */
function sizeOf(headers: AnswerHeaders): number | undefined {
  const [, size] = /^bytes \*\/([0-9]{1,15})$/.exec(headerOf(headers, 'content-range') ?? '') ?? [];
  return size === undefined ? undefined : Number(size);
}

/** No answer at all: names, addresses, connections, certificates, time. A name that is not found says nothing of an object. */
export function networkError(error: unknown, sourceId: string): ServiceError {
  if (error instanceof ServiceError) return error;
  const { name, code, message } = error as NodeJS.ErrnoException;
  // Where several addresses were tried, the message is empty.
  const said = [code ?? name, message].filter((part) => part !== '').join(': ');
  return new ServiceError('source_failed', `${sourceId}: ${said}`, { cause: error });
}
