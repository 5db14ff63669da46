import { LRUCache } from 'lru-cache';
import { type ErrorCode, ServiceError } from '../errors.ts';

/** What a picture was refused for after it was read, so that the same bytes are not decoded again to no purpose. */
export interface Refusals {
  /** Does the work, unless it was refused a moment ago. `id` names the version of the original, too. */
  of<T>(id: string, work: () => Promise<T>): Promise<T>;
}

/** What the bytes are at fault for, and not the time it takes to get them. */
const LASTING: readonly ErrorCode[] = ['corrupt_image', 'too_complex'];
const MAX_REFUSALS = 10_000;
/** Not for ever: a drawing that took too long may be drawn on a machine that is less busy. */
const REFUSED_MS = 60_000;

export function createRefusals(now: () => number): Refusals {
  const refused = new LRUCache<string, { readonly error: ServiceError; readonly at: number }>({ max: MAX_REFUSALS });
  return {
    async of(id, work) {
      const known = refused.get(id);
      if (known && now() - known.at < REFUSED_MS) throw known.error;
      try {
        return await work();
      } catch (error) {
        if (error instanceof ServiceError && LASTING.includes(error.code)) refused.set(id, { error, at: now() });
        throw error;
      }
    },
  };
}
