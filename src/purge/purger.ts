import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { orAborted, withinTime } from '../abort.ts';
import { EVERYTHING, folderTag, objectTag } from '../cache/tags.ts';
import type { Store } from '../cache/tier.ts';
import { createBackoff } from './backoff.ts';
import type { Invalidator } from './cloudfront.ts';
import type { Journal } from './journal.ts';
import { pause, realWait } from './patience.ts';
import type { PurgeOrder } from './purge-order.ts';

export interface PurgerOptions {
  /** Drops what has any of these tags from memory, and says how many variants that were. */
  readonly forget: (tags: readonly string[]) => number;
  /** Where there is a store. */
  readonly shared?: { readonly store: Pick<Store, 'drop'>; readonly journal: Pick<Journal, 'tell'> } | undefined;
  readonly cdn?: Pick<Invalidator, 'invalidate'> | undefined;
  readonly observe: (step: PurgeStep, outcome: 'done' | 'failed') => void;
  readonly logger: Pick<Logger, 'warn'>;
  /** How long a purge is tried, in milliseconds. */
  readonly limitMs: number;
  /** Aborts when the process ends. */
  readonly ending: AbortSignal;
}

/** What a purge is made of here; `heard` is one of another replica. The CDN's client counts for itself. */
export const PURGE_STEPS = ['memory', 'store', 'replicas', 'heard'] as const;

export type PurgeStep = (typeof PURGE_STEPS)[number];

/** `none`: there is none, or none to be told now. */
export type StepOutcome = 'done' | 'failed' | 'none';

export interface Purged {
  /** Variants that were in memory here. */
  readonly variants: number;
  readonly store: StepOutcome;
  readonly replicas: StepOutcome;
  /** Never rejects; may take minutes. */
  readonly cdn: Promise<StepOutcome>;
}

export interface Purger {
  /** Resolves within the limit, and says what was done. Purging twice is harmless. */
  purge(order: PurgeOrder, signal: AbortSignal): Promise<Purged>;
  /** Drops what another replica has purged. */
  hear(tags: readonly string[]): void;
}

const BACKOFF = { firstMs: 100, maxMs: 2_000 };
// What a store answers to an object it has nothing of, in milliseconds, times a thousand objects, is too long one by one.
const DROPS_AT_ONCE = 24;

export function createPurger(options: PurgerOptions): Purger {
  const { forget, shared, cdn, observe, logger, limitMs, ending } = options;

  function failed(step: PurgeStep, error: unknown): void {
    observe(step, 'failed');
    logger.warn({ step, reason: (error as Error).message }, 'a step of a purge has failed');
  }

  async function drop(store: Pick<Store, 'drop'>, tags: readonly string[], signal: AbortSignal): Promise<void> {
    const lanes = Array.from({ length: DROPS_AT_ONCE }, (_, lane) =>
      tags.filter((_tag, index) => index % DROPS_AT_ONCE === lane),
    );
    // Each request of the SDK listens to it: Node.js would warn of more than ten.
    setMaxListeners(0, signal);
    await orAborted(Promise.all(lanes.map((lane) => store.drop(lane, signal))), signal);
  }

  /** Again and again until it succeeds or time is over. */
  async function dropInStore(
    step: 'store' | 'heard',
    tags: readonly string[],
    signal: AbortSignal,
  ): Promise<StepOutcome> {
    if (!shared) return 'none';
    const backoff = createBackoff(BACKOFF);
    while (!signal.aborted) {
      try {
        await drop(shared.store, tags, signal);
        observe(step, 'done');
        return 'done';
      } catch (error) {
        failed(step, error);
        await pause(realWait, backoff.next(), signal);
      }
    }
    return 'failed';
  }

  /** The journal tries again by itself. */
  async function tellReplicas(named: NamedTags, signal: AbortSignal): Promise<StepOutcome> {
    const tags = allOf(named);
    if (!shared || tags.length === 0) return 'none';
    try {
      await orAborted(shared.journal.tell(tags, [...named.folders, ...named.given], signal), signal);
      observe('replicas', 'done');
      return 'done';
    } catch (error) {
      failed('replicas', error);
      return 'failed';
    }
  }

  /** So does the CDN's client, which counts for itself. */
  async function invalidate(order: PurgeOrder): Promise<StepOutcome> {
    if (!cdn) return 'none';
    return await cdn.invalidate(order).then(
      () => 'done' as const,
      () => 'failed' as const,
    );
  }

  return {
    async purge(order, signal) {
      const named = nameTags(order);
      const variants = forget(allOf(named));
      observe('memory', 'done');
      // Of objects, that is: what is in a folder cannot be found in a store, which the journal knows.
      const objects = [...named.objects, ...named.given];
      const [store, replicas] = await withinTime(limitMs, signal, (limit) =>
        Promise.all([dropInStore('store', objects, limit), tellReplicas(named, limit)]),
      );
      // What has come back from the store meanwhile.
      forget(allOf(named));
      const isDone = store !== 'failed' && replicas !== 'failed';
      // A CDN would fetch the old one again from where it still is. Whoever ordered it orders it again.
      return { variants, store, replicas, cdn: isDone ? invalidate(order) : Promise.resolve('none') };
    },
    hear(tags) {
      const dropped = forget(tags);
      // Whoever had variants may have stored some since they were deleted there.
      const objects = dropped === 0 || tags.includes(EVERYTHING) ? [] : tags;
      withinTime(limitMs, ending, (limit) => dropInStore('heard', objects, limit)).catch((error) =>
        failed('heard', error),
      );
    },
  };
}

/** Tags by what they may name. */
interface NamedTags {
  readonly objects: readonly string[];
  readonly folders: readonly string[];
  readonly given: readonly string[];
}

function nameTags({ keys, prefixes, tags }: PurgeOrder): NamedTags {
  // A key that ends in a slash is a folder's mark, and no request names it: its tag would be that of the whole folder.
  const objects = keys.filter((key) => !key.endsWith('/')).map(objectTag);
  return { objects, folders: prefixes.map(folderTag), given: tags };
}

function allOf({ objects, folders, given }: NamedTags): readonly string[] {
  return [...new Set([...objects, ...folders, ...given])];
}
