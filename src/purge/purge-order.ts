/** What is to be dropped wherever it is kept. Any of the three may be empty. */
export interface PurgeOrder {
  /** Objects, by their keys as in a request's path, decoded and without the first slash. */
  readonly keys: readonly string[];
  /** Everything in these folders: each ends in a slash; `/` alone is everything there is. */
  readonly prefixes: readonly string[];
  /** Everything that carries one of these tags (`cache/tags.ts`). */
  readonly tags: readonly string[];
}
