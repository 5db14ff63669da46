import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Passthrough, Peeked } from '../render/passthrough.ts';
import type { ImageRequest } from '../request/parse.ts';
import { singleRange } from '../sources/range.ts';
import { allowsRange, hasNothingNew } from './conditional.ts';
import { downloadHeaders, originalHeaders, originalValidators } from './headers.ts';
import type { RequestDeadline } from './request-deadline.ts';

export interface OriginalOptions {
  readonly passthrough: Passthrough;
  readonly cacheControl: string;
}

/**
 * Answers with the object as it is: 200, 206, 304 or 416. Like everything here that sends, it returns nothing: a reply is a
 * thenable of Fastify's, and to await one is to wait until the client has taken the last byte.
 */
export type SendOriginal = (
  request: FastifyRequest,
  reply: FastifyReply,
  asked: ImageRequest,
  deadline: RequestDeadline,
) => Promise<void>;

export function createSendOriginal({ passthrough, cacheControl }: OriginalOptions): SendOriginal {
  function describe(reply: FastifyReply, { options }: ImageRequest, { head, size }: Peeked): void {
    reply.headers(originalValidators(head, cacheControl)).headers(originalHeaders(head));
    reply.headers(downloadHeaders(options.dl)).header('content-length', size);
  }

  /** Sends the answer to a HEAD, or a 304; false when a body is wanted. */
  async function sendWithoutBody(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: ImageRequest,
    signal: AbortSignal,
  ) {
    const isHead = request.method === 'HEAD';
    if (!isHead && !isConditional(request)) return false;
    const peeked = await passthrough.peek(asked.key, signal);
    if (hasNothingNew(request.headers, peeked.head)) {
      // The lifetime and validators of the 200, and nothing that describes a body it does not have.
      reply.code(304).headers(originalValidators(peeked.head, cacheControl)).send();
      return true;
    }
    if (!isHead) return false;
    describe(reply, asked, peeked);
    reply.send();
    return true;
  }

  async function wantedRange(request: FastifyRequest, key: string, signal: AbortSignal): Promise<string | undefined> {
    const range = singleRange(request.headers.range);
    if (range === undefined || request.headers['if-range'] === undefined) return range;
    // Judged before the range is (RFC 9110, 13.2.2): of another version than meant it may be unsatisfiable, and all of it is wanted.
    const { head } = await passthrough.peek(key, signal);
    return allowsRange(request.headers, head) ? range : undefined;
  }

  return async (request, reply, asked, { signal, lift }) => {
    if (await sendWithoutBody(request, reply, asked, signal)) return;
    const range = await wantedRange(request, asked.key, signal);
    const opened = await passthrough.open(asked.key, range, signal);
    lift();
    describe(reply, asked, { head: opened.head, size: opened.length });
    if (opened.contentRange !== undefined) reply.code(206).header('content-range', opened.contentRange);
    // Too late for another status: the connection is closed short of its length, and the log says why.
    opened.body.once('error', () => {
      request.failure = 'source_failed';
    });
    reply.send(opened.body);
  };
}

const CONDITIONS = ['if-match', 'if-unmodified-since', 'if-none-match', 'if-modified-since'] as const;

function isConditional({ headers }: FastifyRequest): boolean {
  return CONDITIONS.some((name) => headers[name] !== undefined);
}
