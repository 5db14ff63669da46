import { canonicalise, type OptionPolicy } from '../request/canonical.ts';
import { parseRequest } from '../request/parse.ts';
import type { Parsed } from '../request/problem.ts';
import { misread, readSigned } from '../request/signature.ts';

export interface Signer {
  /** Of the key that signs. */
  readonly kid: string;
  readonly sign: (text: string) => string;
}

/**
 * A URL, or a path with its query, with a signature at its end. `expires` is in seconds since 1970. Throws an error with what the service
 * would say against the URL.
 */
export function signedUrl(
  url: string,
  expires: number | undefined,
  { kid, sign }: Signer,
  policy: OptionPolicy,
): string {
  const { origin, target } = partsOf(url);
  const { options } = orThrow(readSigned(target));
  if (options.sig !== undefined) throw new Error(`It is signed already: ${url}`);
  const served = orThrow(parseRequest(target, policy)).options;
  orThrow(canonicalise(served, policy));
  const name = misread(options, served, policy.dialect);
  if (name !== undefined) throw new Error(`"${name}" is not configured here, or means something else: ${url}`);
  const added = [`kid=${kid}`, ...(expires === undefined ? [] : [`exp=${expires}`])].join('&');
  const unsigned = `${target}${target.includes('?') ? '&' : '?'}${added}`;
  return `${origin}${unsigned}&sig=${sign(orThrow(readSigned(unsigned)).text)}`;
}

/** What a browser sends of a URL, as it sends it, and where to. */
function partsOf(url: string): { readonly origin: string; readonly target: string } {
  const [origin = ''] = /^https?:\/\/[^/?#]+/i.exec(url) ?? [];
  const [target = ''] = url.slice(origin.length).split('#');
  return { origin, target };
}

function orThrow<T>(parsed: Parsed<T>): T {
  if (parsed.problem) throw new Error(parsed.problem.message);
  return parsed.value;
}
