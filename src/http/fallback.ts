import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, ServiceError } from '../errors.ts';
import { FORMATS, type OutputFormat } from '../formats.ts';
import type { FixedOriginal } from '../render/fixed-original.ts';
import type { Render } from '../render/renderer.ts';
import { identifyVariant } from '../render/variant.ts';
import { acceptedFor } from '../request/accept.ts';
import { type PlanPolicy, planVariant } from '../transform/plan.ts';
import type { Asked } from './asked.ts';
import { failureLifetime, noteFailure } from './error-handler.ts';
import { pictureHeaders } from './headers.ts';
import type { RequestDeadline } from './request-deadline.ts';

export interface FallbackOptions {
  readonly picture: FixedOriginal;
  /** Of the answer; that of the error where it is undefined. */
  readonly status: number | undefined;
  readonly render: Render;
  readonly planPolicy: PlanPolicy;
}

/** Answers with a picture in place of an error about an original; false where the error has to be told. */
export type SendFallback = (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  deadline: RequestDeadline,
) => Promise<boolean>;

/** What lies in the original or behind us. Who asks for something wrong, or while there is too much to do, gets told. */
const SHOWN: readonly ErrorCode[] = [
  'not_found',
  'too_large',
  'unsupported_image',
  'too_many_pixels',
  'too_complex',
  'corrupt_image',
  'source_failed',
  'source_broke_off',
  'source_changed',
  'source_unavailable',
];

interface Shown {
  readonly body: Buffer;
  readonly format: OutputFormat;
}

export function createFallback({ picture, status, render, planPolicy }: FallbackOptions): SendFallback {
  const { facts, record } = picture;
  const { head } = record;
  const itself: Shown = { body: picture.bytes, format: facts.format as OutputFormat };

  async function draw(request: FastifyRequest, asked: Asked, deadline: RequestDeadline): Promise<Shown> {
    // A watermark may be what could not be read.
    const { wm: _, ...options } = asked.options;
    const accepted = acceptedFor(options, request.headers.accept);
    const plan = asked.isVariant ? planVariant(options, facts, accepted, planPolicy) : undefined;
    if (!plan) return itself;
    const variant = identifyVariant({ sourceId: 'fallback', objectKey: '-/fallback', originalEtag: head.etag, plan });
    return (await render(variant, picture, deadline)).entry;
  }

  return async (error, request, reply, asked, deadline) => {
    if (!(error instanceof ServiceError && SHOWN.includes(error.code))) return false;
    const shown = await draw(request, asked, deadline).catch(() => undefined);
    if (!shown) return false;
    noteFailure(error, request, reply);
    reply.code(status ?? error.row.status).headers(failureLifetime(error.row));
    reply.headers(pictureHeaders(FORMATS[shown.format].mime, shown.body.byteLength)).send(shown.body);
    return true;
  };
}
