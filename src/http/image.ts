import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.ts';
import type { OriginalHold, Originals } from '../render/originals.ts';
import type { OriginalRecord, UntouchedContent } from '../render/record.ts';
import type { Render } from '../render/renderer.ts';
import { identifyVariant, type Variant } from '../render/variant.ts';
import { createVariantMemo } from '../render/variant-memo.ts';
import type { Watermarks } from '../render/watermarks.ts';
import { acceptedFor, type NegotiatedFormat } from '../request/accept.ts';
import type { Options } from '../request/options.ts';
import { type Plan, type PlanPolicy, planVariant } from '../transform/plan.ts';
import type { Watermark } from '../transform/watermark.ts';
import { type Asked, createTargetReader, type TargetReading } from './asked.ts';
import { appendVary, cacheStatus } from './cache-headers.ts';
import { hasNothingNew } from './conditional.ts';
import type { SendFallback } from './fallback.ts';
import {
  animationNote,
  downloadHeaders,
  serverTiming,
  unlessPurged,
  variantHeaders,
  variantValidators,
} from './headers.ts';
import { endLifetime, unexpired } from './lifetime.ts';
import type { SendOriginal } from './original.ts';
import { type RequestDeadline, startDeadline } from './request-deadline.ts';
import type { RequestSummary } from './request-log.ts';

export interface ImageOptions {
  readonly sourceId: string;
  readonly originals: Originals;
  readonly watermarks: Watermarks;
  readonly render: Render;
  readonly sendOriginal: SendOriginal;
  /** Undefined where errors are told. */
  readonly sendFallback: SendFallback | undefined;
  readonly reading: TargetReading;
  /** The header of cache tags. */
  readonly tagHeader: string;
  readonly planPolicy: PlanPolicy;
  /** For objects that have none of their own. */
  readonly cacheControl: string;
  readonly deadlineMs: number;
}

/** `GET|HEAD /<object key>?<options>`. The URL is the internal one that every path outside `/-/` is rewritten to. */
export function imageRoutes(app: FastifyInstance, options: ImageOptions, done: () => void): void {
  const { sourceId, originals, watermarks, render, sendOriginal, sendFallback } = options;
  const { reading, tagHeader, planPolicy, cacheControl, deadlineMs } = options;

  const read = createTargetReader(reading);
  const memo = createVariantMemo();

  if (reading.signing) {
    app.decorateRequest('expires', null);
    // Whatever is answered, and whoever answers it: of all that is said of a signed URL, nothing outlives it.
    app.addHook('onSend', (request, reply, _payload, next) => {
      if (request.expires !== null) endLifetime(reply, request.expires);
      next();
    });
  }
  app.route({ method: ['GET', 'HEAD'], url: '/', handler });
  done();

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = read(request.originalUrl);
    if (asked.expires !== undefined) request.expires = unexpired(asked.expires);
    const deadline = startDeadline(reply, deadlineMs);
    // On errors as well: that there is no such object is what an upload has to purge.
    reply.header(tagHeader, asked.tags);
    if (asked.options.f === 'auto') appendVary(reply, 'Accept');
    try {
      if (asked.isVariant) await sendVariant(request, reply, asked, deadline).catch(onceMore);
      else await original(request, reply, asked, deadline);
    } catch (error) {
      if (!(await sendFallback?.(error, request, reply, asked, deadline))) throw error;
    }
    return reply;

    // Overwritten between its record and its bytes: again with the new one, as if it had always been that.
    async function onceMore(error: unknown): Promise<void> {
      if (!(error instanceof ServiceError && error.code === 'source_changed')) throw error;
      await sendVariant(request, reply, asked, deadline);
    }
  }

  async function sendVariant(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    deadline: RequestDeadline,
  ): Promise<void> {
    const asking = performance.now();
    const hold = originals.holdKnown(asked.key) ?? (await originals.hold(asked.key, deadline.signal));
    const recordMs = performance.now() - asking;
    try {
      const { record } = hold;
      const { head } = record;
      const { wm } = asked.options;
      const watermark = wm === undefined ? undefined : await watermarks.read(wm, deadline.signal);
      const variant = variantOf(record, request, asked, watermark);
      noteAnimation(reply, record, variant);
      if (!variant) return await original(request, reply, asked, deadline);
      const validators = variantValidators(variant, head, cacheControl, hold.stale);
      if (hasNothingNew(request.headers, { etag: variant.etag, lastModified: head.lastModified })) {
        note(request, reply.code(304).headers(validators), asked, { outcome: 'not-modified' }, hold.stale);
        reply.send();
        return;
      }
      const { entry, outcome, timings } = await render(variant, hold, deadline);
      reply.headers(unlessPurged(hold, validators)).headers(variantHeaders(entry));
      reply.headers(downloadHeaders(asked.options.dl));
      // Bytes that were read to make the record are read by the time the renderer asks for them.
      const spent = timings && { ...timings, source: timings.source + recordMs };
      note(request, reply, asked, { outcome, timings: spent }, hold.stale);
      reply.send(entry.body);
    } finally {
      hold.release();
    }
  }

  async function original(request: FastifyRequest, reply: FastifyReply, asked: Asked, deadline: RequestDeadline) {
    note(request, reply, asked, { outcome: 'original' });
    await sendOriginal(request, reply, asked, deadline);
  }

  /** Says what the cache did, to whoever asks by header and to the log. */
  function note(
    request: FastifyRequest,
    reply: FastifyReply,
    { key, query }: Asked,
    { outcome, timings }: Pick<RequestSummary, 'outcome' | 'timings'>,
    stale?: OriginalHold['stale'],
  ): void {
    request.summary = { key, options: query, outcome, timings, stale: stale?.why };
    reply.header('cache-status', cacheStatus(outcome, stale)).header('server-timing', serverTiming(outcome, timings));
  }

  function variantOf(
    record: OriginalRecord,
    request: FastifyRequest,
    { key, options, query }: Asked,
    watermark: Watermark | undefined,
  ): Variant | undefined {
    const accepted = acceptedFor(options, request.headers.accept);
    return memo(record, `${query} ${accepted} ${watermark?.id ?? ''}`, () => {
      const plan = planFor(record, options, accepted, watermark);
      const { etag: originalEtag } = record.head;
      return plan && identifyVariant({ sourceId, objectKey: key, originalEtag, plan });
    });
  }

  /** Decided before a pixel is decoded; undefined when the original itself is the answer. */
  function planFor(
    { content }: OriginalRecord,
    options: Options,
    accepted: readonly NegotiatedFormat[],
    watermark: Watermark | undefined,
  ): Plan | undefined {
    if (content.kind === 'untouched' && isAnswer(content, options)) return undefined;
    const pixels = content.kind === 'untouched' ? content.drawn : content;
    // Turned into pixels, a drawing would run a renderer on a stranger's markup.
    if (!pixels)
      throw new ServiceError('unsupported_image', 'An SVG is not turned into pixels; ask for it without "f" and "wm".');
    if (pixels.kind === 'refused') throw pixels.error;
    return planVariant(options, pixels.facts, accepted, planPolicy, watermark);
  }
}

/** Only where there is something to say: nearly all requests have no animation. */
function noteAnimation(reply: FastifyReply, record: OriginalRecord, variant: Variant | undefined): void {
  const animation = animationNote(record, variant);
  if (animation !== undefined) reply.header('lambent-animation', animation);
}

/** Whether what may be passed through is; the best format for a drawing is always its own. */
function isAnswer({ format }: UntouchedContent, { f, wm }: Options): boolean {
  return wm === undefined && (f === undefined || (f === 'auto' && format === 'svg'));
}
