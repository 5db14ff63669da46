import { encodeKey } from '../request/encode.ts';
import { offeredWidths, USUAL_WIDTHS } from '../request/offered-widths.ts';
import type { Options } from '../request/options.ts';
import { readSigned } from '../request/signature.ts';

/** Signs what has to be signed. */
export interface UrlSigner {
  /** Of the key that signs. */
  readonly kid: string;
  readonly sign: (text: string) => string;
}

export interface UploadUrlsOptions {
  /** Origin; empty for URLs that begin with the path. */
  readonly base: string;
  /** Widths that pictures are made in; empty for any. */
  readonly ladder: readonly number[];
  readonly maxWidth: number;
  /** Whether sizes can be asked for, rather than presets alone. */
  readonly hasSizes: boolean;
  /** Whether the format is said by default. */
  readonly hasFormat: boolean;
  /** Undefined where URLs need not be signed. */
  readonly signer: UrlSigner | undefined;
}

/** One width of a picture. */
export interface Candidate {
  readonly url: string;
  /** Pixels that come. */
  readonly width: number;
}

/** URLs of confirmed and of pending uploads, by the keys of URLs. */
export interface UploadUrls {
  urlOf(key: string, options?: Options): string;
  /** For a picture of this width in pixels. */
  candidates(key: string, width: number, options?: Options): readonly Candidate[];
}

export function createUploadUrls(settings: UploadUrlsOptions): UploadUrls {
  const { base, ladder, maxWidth, hasSizes, hasFormat, signer } = settings;

  function urlOf(key: string, options: Options = {}): string {
    return `${base}${signer ? signedTarget(key, options, signer) : targetOf(key, options)}`;
  }

  return {
    urlOf,
    candidates(key, width, options = {}) {
      if (!hasSizes) return [];
      const widths = ladder.length > 0 ? ladder : [...USUAL_WIDTHS.filter((usual) => usual < maxWidth), maxWidth];
      return offeredWidths(widths, width, ladder).map(({ asked, actual }) => ({
        url: urlOf(key, { w: asked, enlarge: 0, ...(!hasFormat && { f: 'auto' }), ...options }),
        width: actual,
      }));
    },
  };
}

/** `srcset` of an `img` element (HTML, 4.8.2). */
export function srcsetOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ url, width }) => `${url} ${width}w`).join(', ');
}

export function signedTarget(key: string, options: Options, { kid, sign }: UrlSigner): string {
  const target = targetOf(key, { ...options, kid });
  return `${target}&sig=${sign(readSigned(target).value?.text ?? '')}`;
}

function targetOf(key: string, options: Options): string {
  const pairs = Object.entries(options).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `/${encodeKey(key)}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}
