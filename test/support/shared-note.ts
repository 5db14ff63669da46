import type { SharedNote } from '../../src/cache/tier.ts';

export interface MemoryNote extends SharedNote {
  /** The text there is; may be set. */
  text: string | undefined;
  /** What each call rejects with. */
  error: Error | undefined;
  /** Called before each write compares, so that another may write first. */
  beforeWrite: (() => void) | undefined;
  /** Calls so far. */
  readonly reads: number;
  readonly writes: number;
}

/** A note in memory that replicas of one test share. `checks`: as S3 does; otherwise the later of two wins, as with files. */
export function createMemoryNote(checks = true): MemoryNote {
  let text: string | undefined;
  let version = 0;
  let [reads, writes] = [0, 0];
  const note: MemoryNote = {
    get text() {
      return text;
    },
    set text(next) {
      text = next;
      version++;
    },
    error: undefined,
    beforeWrite: undefined,
    get reads() {
      return reads;
    },
    get writes() {
      return writes;
    },
    async read(known) {
      reads++;
      await undefined;
      if (note.error) throw note.error;
      if (text === undefined) return undefined;
      return known === `${version}` ? 'unchanged' : { text, version: `${version}` };
    },
    async write(next, replaced) {
      writes++;
      await undefined;
      if (note.error) throw note.error;
      note.beforeWrite?.();
      const current = text === undefined ? undefined : `${version}`;
      if (checks && current !== replaced) return 'conflict';
      note.text = next;
      return `${version}`;
    },
  };
  return note;
}
