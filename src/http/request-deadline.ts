import type { FastifyReply } from 'fastify';
import { ClientLeft, ServiceError } from '../errors.ts';

export interface RequestDeadline {
  /**
   * What everything done for the request listens to. Aborts with `deadline_exceeded` when the time is over and with
   * `ClientLeft` when the connection closes before the answer is complete; Fastify's own signal also aborts after one.
   */
  readonly signal: AbortSignal;
  /** Lifts the time limit, for an answer that has begun and may be of any length; idle limits go on. */
  lift(): void;
}

export function startDeadline(reply: FastifyReply, deadlineMs: number): RequestDeadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ServiceError('deadline_exceeded')), deadlineMs);
  const lift = () => clearTimeout(timer);
  reply.raw.once('close', () => {
    lift();
    if (!reply.raw.writableFinished) controller.abort(new ClientLeft());
  });
  return { signal: controller.signal, lift };
}
