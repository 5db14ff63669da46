import type { CacheEntry } from '../cache/tier.ts';
import { ERROR_CACHING } from '../errors.ts';
import { FORMATS } from '../formats.ts';
import type { OriginalHold } from '../render/originals.ts';
import type { OriginalRecord } from '../render/record.ts';
import type { RenderTimings } from '../render/renderer.ts';
import type { Variant } from '../render/variant.ts';
import type { ObjectHead } from '../sources/source.ts';

export type Headers = Readonly<Record<string, string | number>>;

/** On every answer, errors included: never sniffed into another type, usable in any page, timings readable there. */
export const COMMON_HEADERS: Headers = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'timing-allow-origin': '*',
};

export const EXPOSED_HEADERS = ['Accept-Ranges', 'Content-Range', 'Content-Length', 'ETag'];

// A picture runs nothing and loads nothing; the inline style is what browsers centre a picture with that is opened alone.
const VARIANT_CSP = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'";
// Markup from a bucket runs no scripts, sends no forms and has an origin of its own.
const MARKUP_CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox";
const MARKUP_TYPE = /[/+](html|xml|xsl)\b/i;

/** Headers that a 304 repeats from the 200 (RFC 9110, 15.4.5), with what else tells a cache how long to keep it. */
export function variantValidators(
  variant: { readonly etag: string },
  head: ObjectHead,
  defaultCacheControl: string,
  stale?: OriginalHold['stale'],
): Headers {
  // Nobody knows whether it is still true: it is not to outlive the trouble by a day.
  const isUnsure = stale?.why === 'unreachable' && !isShortLived(head.cacheControl);
  const lifetime = isUnsure ? { 'cache-control': ERROR_CACHING.short } : lifetimeHeaders(head, defaultCacheControl);
  return { etag: variant.etag, 'last-modified': lastModifiedOf(head), ...lifetime };
}

/**
 * What it is about was purged while the answer was made: whoever waited gets it, and nobody keeps it. A CDN that was told of the purge
 * before it has this answer would keep it for a day.
 */
export function unlessPurged(hold: Pick<OriginalHold, 'isPurged'>, validators: Headers): Headers {
  if (!hold.isPurged()) return validators;
  const { expires: _, ...others } = validators;
  return { ...others, 'cache-control': ERROR_CACHING.never };
}

/** A date to come is a mistake of whoever stored it, and not to be passed on (RFC 9110, 8.8.2.1). */
function lastModifiedOf({ lastModified }: ObjectHead): string {
  return new Date(Math.min(lastModified.getTime(), Date.now())).toUTCString();
}

export function variantHeaders({ body, format }: CacheEntry): Headers {
  return pictureHeaders(FORMATS[format].mime, body.byteLength);
}

/** Of a picture that was made here. */
export function pictureHeaders(type: string, length: number): Headers {
  return { 'content-type': type, 'content-length': length, 'content-security-policy': VARIANT_CSP };
}

/** Says so where an animation has more frames than allowed, and is answered by its first one, or as it is stored. */
export function animationNote({ content }: OriginalRecord, variant: Variant | undefined): string | undefined {
  if (variant) return variant.plan.firstOf > 1 ? 'first-frame' : undefined;
  return content.kind === 'image' ? 'original' : undefined;
}

/** As `variantValidators`, with what is stored beside an original and lets a cache keep it. */
export function originalValidators(head: ObjectHead, defaultCacheControl: string): Headers {
  return {
    etag: head.etag,
    'last-modified': lastModifiedOf(head),
    ...lifetimeHeaders(head, defaultCacheControl),
    'accept-ranges': 'bytes',
  };
}

/** What an original says of itself; of the rest, metadata included, nothing leaves the source. */
export function originalHeaders(head: ObjectHead): Headers {
  const contentType = storedValue(head.contentType) ?? 'application/octet-stream';
  return present({
    'content-type': contentType,
    'content-encoding': storedValue(head.contentEncoding),
    'content-disposition': storedValue(head.contentDisposition),
    'content-language': storedValue(head.contentLanguage),
    'content-security-policy': MARKUP_TYPE.test(contentType) ? MARKUP_CSP : undefined,
  });
}

/** A download under this name (RFC 6266): in ASCII for old clients, in UTF-8 for the others (RFC 8187). */
export function downloadHeaders(name: string | undefined): Headers {
  if (name === undefined) return {};
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return { 'content-disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}` };
}

/** `Server-Timing`: what the cache did and how long each step took, for the network panel of a browser. */
export function serverTiming(outcome: string, timings: RenderTimings | undefined): string {
  const steps = Object.entries(timings ?? {}).map(([step, ms]) => `${step};dur=${(ms as number).toFixed(1)}`);
  return [`cache;desc=${outcome}`, ...steps].join(', ');
}

/** The object's own lifetime, or the default. One that cannot be repeated may have said `private`: then nobody keeps the answer. */
function lifetimeHeaders({ cacheControl, expires }: ObjectHead, fallback: string): Headers {
  const until = storedValue(expires);
  if (cacheControl) {
    const own = { 'cache-control': storedValue(cacheControl) ?? 'no-store' };
    return until === undefined ? own : { ...own, expires: until };
  }
  return until === undefined ? { 'cache-control': fallback } : { expires: until };
}

const SHORT_SECONDS = 60;

/** Whether an object's own lifetime is no longer than that of what nobody is sure of. */
function isShortLived(cacheControl = ''): boolean {
  if (/(^|[\s,])no-cache\s*($|[,=])/i.test(cacheControl)) return true;
  const seconds =
    /(?:^|[\s,])s-maxage\s*=\s*"?(\d+)/i.exec(cacheControl) ?? /max-age\s*=\s*"?(\d+)/i.exec(cacheControl);
  return seconds !== null && Number(seconds[1]) <= SHORT_SECONDS;
}

// Who may write objects chooses these texts: visible ASCII and spaces only, so that no line can be broken.
const PLAIN = /^[\x20-\x7e]{1,1024}$/;

function storedValue(value: string | undefined): string | undefined {
  return value !== undefined && PLAIN.test(value) ? value : undefined;
}

function present(headers: Readonly<Record<string, string | undefined>>): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Headers;
}
