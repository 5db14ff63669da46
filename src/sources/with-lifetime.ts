import type { Source } from './source.ts';

/** The same source, whose objects all have one `Cache-Control`, whatever is stored beside them. */
export function withLifetime(source: Source, cacheControl: string): Source {
  return {
    ...source,
    async open(key, conditions, signal) {
      const answer = await source.open(key, conditions, signal);
      if (answer.status !== 'opened') return answer;
      return { ...answer, head: { ...answer.head, cacheControl, expires: undefined } };
    },
  };
}
