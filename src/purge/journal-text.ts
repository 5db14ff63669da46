import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { EVERYTHING } from '../cache/tags.ts';

/** One purge, for whoever keeps something in memory. */
export interface Purge {
  /** No other purge has it. */
  readonly id: string;
  readonly tags: readonly string[];
}

/** What all replicas know of purges. Of bounded size. */
export interface JournalText {
  /** How many purges were ever added to this note: whoever knows of fewer finds out whether any is not listed any more. */
  readonly count: number;
  /** The last of them, oldest first. */
  readonly purges: readonly Purge[];
  /**
   * When a tag was purged whose entries in the store cannot be found by it, in milliseconds since the epoch; oldest first. What
   * was stored before that is not used any more.
   */
  readonly lasting: readonly (readonly [tag: string, at: number])[];
  /** The same for all tags. */
  readonly everythingAt: number;
}

// Of tags and purges together: 150 KB where each purge has one tag.
const MAX_SIZE = 4_000;

// Purges of folders, by hand. Of more than these, the oldest ones purge everything that is older than they are.
const MAX_LASTING = 1_000;

// Clocks of machines differ: what was stored so soon after a purge may have been made before it. It is made again.
const SKEW_MS = 5_000;

const SCHEMA = Type.Object({
  count: Type.Number(),
  purges: Type.Array(Type.Object({ id: Type.String(), tags: Type.Array(Type.String()) })),
  lasting: Type.Array(Type.Tuple([Type.String(), Type.Number()])),
  everythingAt: Type.Number(),
});

export const NO_PURGES: JournalText = { count: 0, purges: [], lasting: [], everythingAt: 0 };

/** Undefined for what is none. */
export function parseJournal(text: string): JournalText | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(SCHEMA, value) ? (value as Static<typeof SCHEMA>) : undefined;
  } catch {
    return undefined;
  }
}

/** With these purges behind those that are there. */
export function withPurges(journal: JournalText, added: readonly Purge[]): JournalText {
  return { ...journal, count: journal.count + added.length, purges: lastOf([...journal.purges, ...added]) };
}

/** With tags that last, each from the later of the two times on that are known of it. */
export function withLasting(journal: JournalText, added: JournalText['lasting']): JournalText {
  const latest = new Map(journal.lasting);
  let { everythingAt } = journal;
  for (const [tag, at] of added) {
    if (tag === EVERYTHING) everythingAt = Math.max(everythingAt, at);
    else latest.set(tag, Math.max(at, latest.get(tag) ?? 0));
  }
  const sorted = [...latest].filter(([, at]) => at > everythingAt).sort(([, one], [, other]) => one - other);
  const [folded, kept] = [sorted.slice(0, -MAX_LASTING), sorted.slice(-MAX_LASTING)];
  return { ...journal, lasting: kept, everythingAt: folded.at(-1)?.[1] ?? everythingAt };
}

/** The last ones, as many as there is room for; one is always kept. */
function lastOf(purges: readonly Purge[]): readonly Purge[] {
  let room = MAX_SIZE;
  const tooOld = purges.findLastIndex(({ tags }) => {
    room -= tags.length + 1;
    return room < 0;
  });
  return purges.slice(Math.min(tooOld + 1, purges.length - 1));
}

/** Whether what was stored then, with these tags, is older than a purge of one of them. */
export function createOutdated({ lasting, everythingAt }: JournalText) {
  const purgedAt = new Map(lasting);
  return ({ tags, storedAt }: { readonly tags: readonly string[]; readonly storedAt: number }): boolean =>
    [everythingAt, ...tags.map((tag) => purgedAt.get(tag) ?? 0)].some((at) => storedAt <= at + SKEW_MS && at > 0);
}
