import { ServiceError } from '../errors.ts';
import {
  createHttpsClient,
  drop,
  type HttpsAnswer,
  type HttpsClientOptions,
  type HttpsRequest,
} from './https-client.ts';
import { networkError, statusError } from './https-error.ts';
import { conditionHeaders, headerOf, headOf, lastModifiedOf } from './https-head.ts';
import { baseUrl, objectUrl } from './https-url.ts';
import { resolveRange } from './range.ts';
import type { NotModified, Opened, ReadConditions, Source, SourceStatus } from './source.ts';

export interface HttpsSourceOptions extends Omit<HttpsClientOptions, 'origin'> {
  /** `https://host/base`, without user, query and fragment. */
  readonly url: string;
}

/** Originals from a web server, below one base URL. What it is asked for follows from the key alone, never from a client's headers. */
export function createHttpsSource({ url, ...options }: HttpsSourceOptions): Source {
  const base = baseUrl(url);
  const id = base.href.slice(0, -1);
  const client = createHttpsClient({ ...options, origin: base.origin });

  async function get(key: string, { signal, ...request }: HttpsRequest) {
    try {
      return await client.get(objectUrl(base, key), { ...request, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw networkError(error, id);
    }
  }

  async function open(key: string, conditions: ReadConditions, signal: AbortSignal): Promise<Opened | NotModified> {
    const { retry } = conditions;
    const { retries, ...answer } = await get(key, { headers: conditionHeaders(conditions), retry, signal });
    try {
      const read = readAnswer(id, answer, conditions);
      if (read.status === 'not-modified') drop(answer);
      return read.status === 'opened' ? { ...read, retries } : read;
    } catch (error) {
      drop(answer);
      throw error;
    }
  }

  /** There is nothing to list: that the server answers, at an allowed address and under its own name, is what can be known. */
  async function check(signal: AbortSignal): Promise<SourceStatus> {
    try {
      const answer = await client.getOnce(base, { headers: {}, signal });
      drop(answer);
      return {
        readable: answer.status < 500,
        detail: `${id} answers, with status ${answer.status} at the base itself`,
      };
    } catch (error) {
      signal.throwIfAborted();
      return { readable: false, detail: networkError(error, id).message };
    }
  }

  return { id, open, check, close: client.close };
}

/** What an answer means under the conditions of its request; the body is still whole. */
function readAnswer(id: string, answer: HttpsAnswer, conditions: ReadConditions): Opened | NotModified {
  const { status, headers, body } = answer;
  if (status === 304) return { status: 'not-modified', lastModified: lastModifiedOf(headers) };
  if (status !== 200 && status !== 206) throw statusError(id, status, headers);
  const { size, ...part } = status === 206 ? partOf(id, answer, conditions.range) : wholeOf(id, answer);
  const head = headOf(headers, size);
  if (head === undefined) throw unusable(id, 'neither a valid ETag nor a Last-Modified');
  // Not every server looks at conditions, and none can at a tag of ours.
  if (conditions.ifMatch !== undefined && conditions.ifMatch !== head.etag) throw new ServiceError('source_changed');
  if (conditions.ifNoneMatch === head.etag) return { status: 'not-modified', lastModified: head.lastModified };
  return { status: 'opened', head, body, ...part };
}

interface Part {
  /** Bytes of the whole object. */
  readonly size: number;
  readonly length: number;
  readonly contentRange?: string;
}

/** The whole object. A body of no known length would have to be kept whole before it could be announced: it may have no end. */
function wholeOf(id: string, { headers }: HttpsAnswer): Part {
  const text = headerOf(headers, 'content-length') ?? '';
  if (!/^[0-9]{1,15}$/.test(text)) throw unusable(id, 'no Content-Length');
  return { size: Number(text), length: Number(text) };
}

/**
 * The one range that was asked for: who asks for one has to look which one it gets (RFC 9110, 15.3.7). A body longer than that range
 * would end up in a client's connection behind the answer that it is the body of.
 */
function partOf(id: string, answer: HttpsAnswer, asked: string | undefined): Part {
  const { length } = wholeOf(id, answer);
  const contentRange = headerOf(answer.headers, 'content-range') ?? 'a part without Content-Range';
  const [, size] = /^bytes [0-9]+-[0-9]+\/([0-9]{1,15})$/.exec(contentRange) ?? [];
  if (contentRange !== wantedRange(asked, Number(size), length))
    throw unusable(id, `${contentRange} and ${length} bytes where ${asked ?? 'all'} was asked for`);
  return { size: Number(size), length, contentRange };
}

/** `Content-Range` of what was asked for; undefined when there is no such range, or it has another length. */
function wantedRange(asked: string | undefined, size: number, length: number): string | undefined {
  const range = asked === undefined ? 'unsatisfiable' : resolveRange(asked, size);
  if (range === 'unsatisfiable' || range.end - range.start + 1 !== length) return undefined;
  return `bytes ${range.start}-${range.end}/${size}`;
}

function unusable(id: string, what: string): ServiceError {
  return new ServiceError('source_failed', `${id}: the server answers with ${what}.`);
}
