import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { orAborted, orTimedOut } from '../abort.ts';
import { EVERYTHING } from '../cache/tags.ts';
import type { SharedNote, VersionedText } from '../cache/tier.ts';
import { createBackoff } from './backoff.ts';
import { NO_PURGES, parseJournal, withLasting, withPurges } from './journal-text.ts';
import { createKnownPurges, type KnownPurges } from './known-purges.ts';
import { createOutage } from './outage.ts';
import type { JournalOutcome } from './outcomes.ts';
import { createOwnPurges, type OwnPurge } from './own-purges.ts';

export interface JournalOptions {
  readonly note: SharedNote;
  /** Milliseconds from one look at the note to the next. */
  readonly everyMs: number;
  /** Drops from memory what has any of these tags: another replica has purged them. */
  readonly hear: (tags: readonly string[]) => void;
  readonly observe: (outcome: JournalOutcome) => void;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** What replicas tell each other of purges, through one note beside the entries of their store. */
export interface Journal extends Pick<KnownPurges, 'isPurged'> {
  /** Looks at once, and from then on from time to time. Resolves after the first look, in vain or not. */
  start(): Promise<void>;
  /**
   * Resolves when every replica can read of the purge, and rejects with the signal. Then it is told all the same, as soon as the
   * store answers; the process must live until then. `lasting` are those of the tags whose entries in the store stay.
   */
  tell(tags: readonly string[], lasting: readonly string[], signal: AbortSignal): Promise<void>;
  close(): void;
}

// One read and one write of a small object: a look that hangs has to be followed by another in time.
const [MIN_EXCHANGE_MS, MAX_EXCHANGE_MS] = [1_000, 5_000];
const FIRST_RETRY_MS = 200;
const CONFLICT_PAUSE_MS = 100;

export function createJournal({ note, everyMs, hear, observe, logger }: JournalOptions): Journal {
  const closing = new AbortController();
  const known = createKnownPurges();
  const own = createOwnPurges();
  const backoff = createBackoff({ firstMs: Math.min(FIRST_RETRY_MS, everyMs), maxMs: everyMs });
  const outage = createOutage({
    logger,
    began: 'purges cannot be read or told',
    ended: 'purges can be read and told again',
  });
  const limitMs = Math.max(MIN_EXCHANGE_MS, Math.min(everyMs / 2, MAX_EXCHANGE_MS));
  let version: string | undefined;
  let wake = () => {};

  function takeIn(found: VersionedText | undefined): void {
    const read = found ? parseJournal(found.text) : NO_PURGES;
    version = found?.version;
    observe(read ? 'read' : 'corrupt');
    const added = known.takeIn(read ?? NO_PURGES);
    // It may have said anything. The next purge replaces it.
    const tags = read ? added : [EVERYTHING];
    if (tags.length > 0) hear(tags);
  }

  async function look(signal: AbortSignal): Promise<void> {
    const found = await note.read(version, signal);
    // None as before: nobody has purged anything yet.
    if (found === 'unchanged' || (!found && !version && known.hasLooked)) observe('unchanged');
    else takeIn(found);
    own.check(known.ids);
  }

  async function write(untold: readonly OwnPurge[], signal: AbortSignal): Promise<void> {
    const lasting = untold.flatMap(({ lasting, at }) => lasting.map((tag) => [tag, at] as const));
    const purges = untold.map(({ id, tags }) => ({ id, tags }));
    const next = withLasting(withPurges(known.journal, purges), lasting);
    const written = await note.write(JSON.stringify(next), version, signal);
    observe(written === 'conflict' ? 'conflict' : 'written');
    if (written === 'conflict') return;
    version = written;
    known.keep(next);
    own.told(untold);
  }

  /** Looks at the note, and adds what is not in it, unless another adds something first. */
  async function exchange(signal: AbortSignal): Promise<void> {
    await look(signal);
    const untold = own.untold();
    if (untold.length > 0) await write(untold, signal);
  }

  /** Gives a function for the milliseconds until the next attempt. */
  async function attempt(): Promise<() => number> {
    try {
      await orTimedOut(limitMs, closing.signal, exchange);
      outage.succeeded();
      backoff.reset();
      // Where replicas write at the same time, one of them succeeds; the others do not come back together.
      return () => (own.untold().length > 0 ? Math.random() * CONFLICT_PAUSE_MS : everyMs);
    } catch (error) {
      if (closing.signal.aborted) return () => 0;
      observe('failed');
      outage.failed(error);
      return backoff.next;
    }
  }

  async function goOn(pauseMs: () => number): Promise<void> {
    let pause = pauseMs;
    while (!closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        // Asked here and not before: what is told meanwhile would find nothing to wake.
        const timer = setTimeout(resolve, pause());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      pause = await attempt();
    }
  }

  return {
    async start() {
      const pause = await attempt();
      void goOn(pause);
    },
    async tell(tags, lasting, signal) {
      const at = Date.now();
      known.outdate(lasting.map((tag) => [tag, at]));
      const told = own.add({ id: randomUUID(), tags, lasting, at });
      wake();
      await orAborted(told, signal);
    },
    isPurged: known.isPurged,
    close() {
      closing.abort(new Error('The journal is closed.'));
      wake();
    },
  };
}
