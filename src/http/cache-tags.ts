import { objectTag, tagsOf } from '../cache/tags.ts';

/** The header that a CDN purges answers by. */
export interface CacheTags {
  readonly header: string;
  /** Of an answer about this object; with a watermark's, it is purged with that, too. */
  valueOf(key: string, watermarkKey?: string): string;
}

/** Tags in one header: with spaces between them where Fastly wants them so, else with commas as all others do. */
export function createCacheTags(header: string): CacheTags {
  const separator = header.toLowerCase() === 'surrogate-key' ? ' ' : ',';
  return {
    header: header.toLowerCase(),
    valueOf(key, watermarkKey) {
      const tags = tagsOf(key);
      return [...tags, ...(watermarkKey === undefined ? [] : [objectTag(watermarkKey)])].join(separator);
    },
  };
}
