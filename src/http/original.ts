import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Passthrough, Peeked } from '../render/passthrough.ts';
import { singleRange } from '../sources/range.ts';
import type { Opened } from '../sources/source.ts';
import { allowsRange, isNotModified } from './conditional.ts';
import { originalHeaders, originalValidators } from './headers.ts';
import type { RequestDeadline } from './request-deadline.ts';

export interface OriginalOptions {
  readonly passthrough: Passthrough;
  readonly cacheControl: string;
}

/** Answers with the object as it is: 200, 206, 304 or 416. */
export type SendOriginal = (
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  deadline: RequestDeadline,
) => Promise<FastifyReply>;

export function createSendOriginal({ passthrough, cacheControl }: OriginalOptions): SendOriginal {
  function answer(reply: FastifyReply, { head, size }: Peeked): FastifyReply {
    return reply
      .headers(originalValidators(head, cacheControl))
      .headers(originalHeaders(head))
      .header('content-length', size);
  }

  /** A 304 has the lifetime and validators of the 200 and nothing that describes a body it does not have. */
  function notModified(reply: FastifyReply, { head }: Peeked): FastifyReply {
    return reply.code(304).headers(originalValidators(head, cacheControl)).send();
  }

  async function openRange(request: FastifyRequest, key: string, signal: AbortSignal): Promise<Opened> {
    const range = singleRange(request.headers.range);
    const opened = await passthrough.open(key, range, signal);
    if (range === undefined || allowsRange(request.headers, opened.head)) return opened;
    opened.body.on('error', () => {}).destroy();
    return await passthrough.open(key, undefined, signal);
  }

  /** The answer to a HEAD, or a 304; undefined when a body is wanted. */
  async function answerWithoutBody(request: FastifyRequest, reply: FastifyReply, key: string, signal: AbortSignal) {
    const isHead = request.method === 'HEAD';
    if (!isHead && !isConditional(request)) return undefined;
    const peeked = await passthrough.peek(key, signal);
    if (isNotModified(request.headers, peeked.head)) return notModified(reply, peeked);
    return isHead ? answer(reply, peeked).send() : undefined;
  }

  return async (request, reply, key, { signal, lift }) => {
    const bodiless = await answerWithoutBody(request, reply, key, signal);
    if (bodiless) return bodiless;
    const opened = await openRange(request, key, signal);
    lift();
    answer(reply, { head: opened.head, size: opened.length });
    if (opened.contentRange !== undefined) reply.code(206).header('content-range', opened.contentRange);
    return reply.send(opened.body);
  };
}

function isConditional({ headers }: FastifyRequest): boolean {
  return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
}
