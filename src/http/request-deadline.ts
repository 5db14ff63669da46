import type { FastifyReply } from 'fastify';
import { ClientLeft, ServiceError } from '../errors.ts';

export interface RequestDeadline {
  /**
   * What everything done for the request listens to. Aborts with `deadline_exceeded` when the time is over and with
   * `ClientLeft` when the connection closes before the answer is complete; Fastify's own signal also aborts after one. Made
   * when it is first asked for: an answer from memory waits for nothing.
   */
  readonly signal: AbortSignal;
  /** Lifts the time limit, for an answer that has begun and may be of any length; idle limits go on. */
  lift(): void;
}

/** The time counts from now on. */
export function startDeadline(reply: FastifyReply, deadlineMs: number): RequestDeadline {
  const started = performance.now();
  let signal: AbortSignal | undefined;
  let timer: NodeJS.Timeout | undefined;

  function listen(): AbortSignal {
    const controller = new AbortController();
    // While it was asked who that is: that a client has left is told once.
    if (reply.raw.destroyed) {
      controller.abort(new ClientLeft());
      return controller.signal;
    }
    const remaining = deadlineMs - (performance.now() - started);
    timer = setTimeout(() => controller.abort(new ServiceError('deadline_exceeded')), remaining);
    reply.raw.once('close', () => {
      clearTimeout(timer);
      if (!reply.raw.writableFinished) controller.abort(new ClientLeft());
    });
    return controller.signal;
  }

  return {
    get signal() {
      signal ??= listen();
      return signal;
    },
    lift: () => clearTimeout(timer),
  };
}
