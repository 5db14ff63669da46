import { hasCode } from '../errors.ts';
import type { Source } from './source.ts';

/**
 * A missing key that contains `+` is tried once more with spaces: S3's own REST address reads a plus in a path as a space,
 * and URLs written for it are still in pages.
 */
export function withPlusAsSpace(source: Source): Source {
  return {
    ...source,
    async open(key, conditions, signal) {
      try {
        return await source.open(key, conditions, signal);
      } catch (error) {
        if (!hasCode(error, 'not_found') || !key.includes('+')) throw error;
        return await source.open(key.replaceAll('+', ' '), conditions, signal);
      }
    },
  };
}
