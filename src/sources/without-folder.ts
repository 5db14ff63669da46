import { ServiceError } from '../errors.ts';
import type { Source } from './source.ts';

/** The same source, but for one folder, in which nothing is: `folder` is a key's beginning with its slash. */
export function withoutFolder(source: Source, folder: string): Source {
  return {
    ...source,
    async open(key, conditions, signal) {
      if (key.startsWith(folder)) throw new ServiceError('not_found');
      return await source.open(key, conditions, signal);
    },
  };
}
