import { parse } from 'node:querystring';

/** An object as the oracle needs to know it. Sides as they are stored, before any orientation is applied. */
export interface Kind {
  readonly key: string;
  /** By its bytes. */
  readonly format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff' | 'svg' | 'none';
  readonly width: number;
  readonly height: number;
  /** Whether its EXIF orientation lays it on its side. */
  readonly lies?: boolean;
  readonly alpha?: boolean;
  /** Whether what is made of it has more than a megabyte. */
  readonly heavy?: boolean;
}

/** The original untouched, a picture, or a failure. Nothing else comes of a request. */
export type Outcome = 'original' | 'fails' | Picture;

export interface Picture {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Whether both sides were asked for, so that the picture is cut to their shape. */
  readonly isCut?: boolean;
}

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

/** What sharp takes for the name of a format it can write, in any case. */
const WRITABLE: ReadonlyMap<string, string> = new Map([
  ...['jpeg', 'jpg', 'jpe'].map((name) => [name, 'jpeg'] as const),
  ...['tiff', 'tif'].map((name) => [name, 'tiff'] as const),
  ...['png', 'webp', 'avif', 'gif'].map((name) => [name, name] as const),
]);

/**
 * The Lambda@Edge resize function on a current sharp, restated: `querystring.parse`; neither `w` nor `h`, nothing happens;
 * the extension of the key is the format where `f` is none; `parseInt`; `resize(w, h).toFormat(f, { quality })`; what has more
 * than a megabyte is dropped for the original.
 */
export function ofTheFunction(query: string, kind: Kind): Outcome {
  const asked: Parameters = parse(query);
  if (!asked.w && !asked.h) return 'original';
  const extension = /\/?.*\.(.*)/.exec(kind.key)?.[1];
  if (extension === undefined) return 'fails';
  if (!asked.f && (extension === 'gif' || extension === 'svg')) return 'original';
  return resizedByTheFunction(asked, asked.f || extension, kind);
}

function resizedByTheFunction(asked: Parameters, named: string | string[], kind: Kind): Outcome {
  const [width, height, quality] = [asked.w, asked.h, asked.q].map(parsed);
  const format = typeof named === 'string' ? WRITABLE.get(named.toLowerCase()) : undefined;
  const isTaken = isSide(width) && isSide(height) && isQuality(quality);
  if (format === undefined || !isTaken || kind.format === 'none') return 'fails';
  const sides = resized(kind, width, height);
  if (Math.max(sides.width, sides.height) > LONGEST_SIDE) return 'fails';
  return kind.heavy ? 'original' : { format, ...sides };
}

/** JPEG's; what other formats could hold is more than a function has memory for. */
const LONGEST_SIDE = 65_500;

/** As the function writes it: what `parseInt` makes of it, where that is not zero. Of a list it sees the text with commas. */
function parsed(value: string | string[] | undefined): number | undefined {
  return Number.parseInt(String(value), 10) || undefined;
}

/** What sharp takes. */
function isSide(side: number | undefined): boolean {
  return side === undefined || (Number.isSafeInteger(side) && side > 0);
}

function isQuality(quality: number | undefined): boolean {
  return quality === undefined || (quality >= 1 && quality <= 100);
}

function resized({ width, height }: { width: number; height: number }, w: number | undefined, h: number | undefined) {
  const side = (value: number) => Math.max(1, Math.round(value));
  if (w !== undefined && h !== undefined) return { width: w, height: h };
  if (w !== undefined) return { width: w, height: side((height * w) / width) };
  if (h !== undefined) return { width: side((width * h) / height), height: h };
  return { width, height };
}

/** One way in which the service answers otherwise, on purpose. */
export interface Difference {
  readonly name: string;
  /** Why, for the person who moves. */
  readonly reason: string;
  /** Whether it can change the answer to a request. */
  readonly concerns: (asked: Parameters, kind: Kind, largest: number) => boolean;
}

/** What the function goes by. */
function formatOfName(key: string): string {
  const extension = /\.([^.]*)$/.exec(key)?.[1]?.toLowerCase() ?? '';
  return extension === 'svg' ? extension : (WRITABLE.get(extension) ?? 'none');
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
const integers = ({ w, h, q }: Parameters) => [w, h, q].map((value) => Number.parseInt(String(value), 10));
const nameOf = ({ f }: Parameters) => first(f)?.toLowerCase() ?? '';

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'no side that is a size',
    reason: 'nothing is asked for that could be drawn; the function makes the whole picture again at its own size',
    concerns: (asked) =>
      Boolean(asked.w || asked.h) &&
      !integers(asked)
        .slice(0, 2)
        .some((value) => value > 0),
  },
  {
    name: 'a negative number',
    reason: 'taken for absent; the function fails',
    concerns: (asked) => integers(asked).some((value) => value < 0),
  },
  {
    name: 'a quality above 100',
    reason: 'taken for 100; the function fails',
    concerns: ({ q }) => Number.parseInt(String(q), 10) > 100,
  },
  {
    name: 'a side above the limit',
    reason:
      'both sides are scaled down to `MAX_WIDTH` and `MAX_HEIGHT`; the function makes it, or fails where it is too much for it',
    concerns: (asked, kind, largest) => {
      const [w = 0, h = 0] = integers(asked);
      const ratio = kind.lies ? kind.height / kind.width : kind.width / kind.height;
      return [w, h, w / ratio, h * ratio].some((side) => Math.round(side) > largest);
    },
  },
  {
    name: 'an unknown `f`',
    reason: "taken for absent, so the original's format is kept; the function fails",
    concerns: (asked) =>
      Boolean(asked.w || asked.h) && nameOf(asked) !== '' && WRITABLE.get(nameOf(asked)) === undefined,
  },
  {
    name: '`f` given twice',
    reason: 'the first counts, as for the other three; the function fails',
    concerns: ({ f }) => Array.isArray(f),
  },
  {
    name: 'a key whose extension is missing, or is not what the bytes are',
    reason: 'the format is read from the bytes; the function fails, or converts to what the name says',
    concerns: ({ w, h }, kind) => Boolean(w || h) && formatOfName(kind.key) !== kind.format,
  },
  {
    name: 'a picture that lies on its side',
    reason: 'EXIF orientation is applied; the function drops it, and the picture stays on its side',
    concerns: ({ w, h }, { lies = false }) => lies && Boolean(w || h),
  },
  {
    name: 'an answer of more than a megabyte',
    reason: 'it is sent; the function has to send the original instead, which is larger still',
    concerns: ({ w, h }, { heavy = false }) => heavy && Boolean(w || h),
  },
];

/** The names of the differences that can change the answer. */
export function differencesOf(query: string, kind: Kind, largest: number): readonly string[] {
  const asked = parse(query);
  return DIFFERENCES.filter(({ concerns }) => concerns(asked, kind, largest)).map(({ name }) => name);
}

/** What the service answers: the function's answer, with every difference applied. */
export function ofTheService(query: string, kind: Kind, largest: number): Outcome {
  const asked = parse(query);
  const [w, h] = [asked.w, asked.h].map(sizeOf);
  if (w === undefined && h === undefined) return 'original';
  if (kind.format === 'none') return 'fails';
  const named = WRITABLE.get(nameOf(asked));
  if (named === undefined && (kind.format === 'gif' || kind.format === 'svg')) return 'original';
  const upright = kind.lies ? { width: kind.height, height: kind.width } : kind;
  const isCut = w !== undefined && h !== undefined;
  return { format: named ?? kind.format, isCut, ...withinLimits(resized(upright, w, h), largest) };
}

function sizeOf(value: string | string[] | undefined): number | undefined {
  const size = Number.parseInt(String(value), 10);
  return size > 0 && size < Infinity ? size : undefined;
}

function withinLimits({ width, height }: { width: number; height: number }, largest: number) {
  const excess = Math.max(width / largest, height / largest, 1);
  return { width: Math.max(1, width / excess), height: Math.max(1, height / excess) };
}
