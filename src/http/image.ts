import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasCode } from '../errors.ts';
import type { OriginalHold, Originals } from '../render/originals.ts';
import type { OriginalRecord } from '../render/record.ts';
import type { Render } from '../render/renderer.ts';
import type { Variant } from '../render/variant.ts';
import type { Watermarks } from '../render/watermarks.ts';
import type { PlanPolicy } from '../transform/plan.ts';
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
import type { SendPending } from './pending.ts';
import { type RequestDeadline, startDeadline } from './request-deadline.ts';
import type { RequestSummary } from './request-log.ts';
import { createVariantChoice } from './variant-choice.ts';

/** Where an object is looked for. */
export interface Origin {
  readonly sourceId: string;
  readonly originals: Originals;
  readonly sendOriginal: SendOriginal;
}

export interface ImageOptions {
  readonly origin: Origin;
  /** Undefined where there are no uploads. */
  readonly sendPending: SendPending | undefined;
  readonly watermarks: Watermarks;
  readonly render: Render;
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
  const { origin, sendPending, watermarks, render, sendFallback } = options;
  const { reading, tagHeader, planPolicy, cacheControl, deadlineMs } = options;

  const read = createTargetReader(reading);
  const choose = createVariantChoice(planPolicy);

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
      await answer(request, reply, asked, deadline);
    } catch (error) {
      if (!(await sendFallback?.(error, request, reply, asked, deadline))) throw error;
    }
    return reply;
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, asked: Asked, deadline: RequestDeadline) {
    const sendFrom = (from: Origin, wanted: Asked) => send(from, request, reply, wanted, deadline);
    if (!(await sendPending?.(asked, sendFrom))) await sendFrom(origin, asked);
  }

  async function send(
    origin: Origin,
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    deadline: RequestDeadline,
  ): Promise<void> {
    if (!asked.isVariant) return await original(origin, request, reply, asked, deadline);
    try {
      await sendVariant(origin, request, reply, asked, deadline);
    } catch (error) {
      // Overwritten between its record and its bytes: again with the new one, as if it had always been that.
      if (!hasCode(error, 'source_changed')) throw error;
      await sendVariant(origin, request, reply, asked, deadline);
    }
  }

  async function sendVariant(
    origin: Origin,
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    deadline: RequestDeadline,
  ): Promise<void> {
    const asking = performance.now();
    const { originals } = origin;
    const hold = originals.holdKnown(asked.key) ?? (await originals.hold(asked.key, deadline.signal));
    const recordMs = performance.now() - asking;
    try {
      const { record } = hold;
      const { head } = record;
      const { wm } = asked.options;
      const watermark = wm === undefined ? undefined : await watermarks.read(wm, deadline.signal);
      const variant = choose(record, { sourceId: origin.sourceId, accept: request.headers.accept, asked, watermark });
      noteAnimation(reply, record, variant);
      if (!variant) return await original(origin, request, reply, asked, deadline);
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

  async function original(
    origin: Origin,
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Asked,
    deadline: RequestDeadline,
  ): Promise<void> {
    note(request, reply, asked, { outcome: 'original' });
    await origin.sendOriginal(request, reply, asked, deadline);
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
}

/** Only where there is something to say: nearly all requests have no animation. */
function noteAnimation(reply: FastifyReply, record: OriginalRecord, variant: Variant | undefined): void {
  const animation = animationNote(record, variant);
  if (animation !== undefined) reply.header('lambent-animation', animation);
}
