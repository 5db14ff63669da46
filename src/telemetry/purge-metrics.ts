import { Counter, type Registry } from 'prom-client';

/** What is counted of purging, by the outcomes that `purge/outcomes.ts` explains. */
export interface PurgeMetrics {
  /** A step of a purge. */
  purged(step: string, outcome: string): void;
  /** A look at what replicas tell each other, or a write. */
  journalAsked(outcome: string): void;
  /** A message of the queue, or a failure to ask for some. */
  queueAsked(outcome: string): void;
  /** A request to the CDN. */
  invalidated(outcome: string): void;
}

export function createPurgeMetrics(registry: Registry, prefix: string): PurgeMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames: ['outcome'], registers });
  const steps = new Counter({
    name: `${prefix}purges_total`,
    help: 'Steps of purges, by what came of them.',
    labelNames: ['step', 'outcome'],
    registers,
  });
  const journal = counter('purge_journal_total', 'Reads and writes of what replicas tell each other of purges.');
  const messages = counter('purge_messages_total', 'Messages of the queue, by what became of them.');
  const invalidations = counter('purge_invalidations_total', 'Requests to the CDN, by what became of them.');
  return {
    purged: (step, outcome) => steps.inc({ step, outcome }),
    journalAsked: (outcome) => journal.inc({ outcome }),
    queueAsked: (outcome) => messages.inc({ outcome }),
    invalidated: (outcome) => invalidations.inc({ outcome }),
  };
}
