import { ServiceError } from '../errors.ts';
import type { Source } from './source.ts';

/** Told of each request to a source: how it ended, and the seconds until its head was there. */
export type SourceObserver = (result: string, seconds: number) => void;

/** The same source, told of to an observer. Results are `opened`, `not-modified`, an error's code, or `aborted`. */
export function observeSource(source: Source, observer: SourceObserver): Source {
  return {
    ...source,
    async open(key, conditions, signal) {
      const asked = performance.now();
      const tell = (result: string) => observer(result, (performance.now() - asked) / 1000);
      try {
        const answer = await source.open(key, conditions, signal);
        tell(answer.status);
        return answer;
      } catch (error) {
        tell(error instanceof ServiceError && error !== signal.reason ? error.code : 'aborted');
        throw error;
      }
    },
  };
}
