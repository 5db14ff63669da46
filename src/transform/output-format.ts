import { FORMATS, type OutputFormat } from '../formats.ts';
import type { NegotiatedFormat } from '../request/accept.ts';
import type { FormatOption } from '../request/options.ts';
import type { ImageFacts } from './facts.ts';

export interface FormatChoice {
  readonly asked: FormatOption | undefined;
  /** What the client's `Accept` names, best first. */
  readonly accepted: readonly NegotiatedFormat[];
  /** Width times height of the variant. */
  readonly pixels: number;
  /** Above so many pixels `auto` does not mean AVIF, whose encoder is the slowest. */
  readonly avifMaxPixels: number;
  readonly keepsTiff: boolean;
}

/** The format a variant is written in. */
export function chooseFormat(facts: ImageFacts, choice: FormatChoice): OutputFormat {
  if (choice.asked === undefined) return ownFormat(facts, choice);
  if (choice.asked !== 'auto') return choice.asked;
  const offered = choice.accepted.find((format) => suits(format, facts, choice));
  return offered ?? withoutNegotiation(facts);
}

function suits(format: NegotiatedFormat, facts: ImageFacts, choice: FormatChoice): boolean {
  if (facts.frames > 1) return FORMATS[format].animated;
  return format !== 'avif' || choice.pixels <= choice.avifMaxPixels;
}

/** The original's own format, where it is one that variants are written in. */
function ownFormat(facts: ImageFacts, { keepsTiff }: FormatChoice): OutputFormat {
  const { format } = facts;
  if (format === 'svg' || (format === 'tiff' && !keepsTiff)) return withoutNegotiation(facts);
  return format;
}

/** What every client can show. */
function withoutNegotiation({ format, alpha, frames }: ImageFacts): OutputFormat {
  if (frames > 1) return 'gif';
  if (format === 'jpeg' || format === 'png' || format === 'gif') return format;
  return alpha ? 'png' : 'jpeg';
}
