import { errorWithoutStack, ServiceError } from '../errors.ts';
import { CODED, type Item, itemsOf } from './avif-items.ts';
import { Steps } from './iso-boxes.ts';
import { countFrames } from './obus.ts';

/**
 * How often the pixels of a picture may be decoded. A still is one frame, and one more of alpha; libavif writes up to four layers; tiles
 * stand out by less than a row and a column, which is four times where there is one of each. libaom decodes every frame there is, and
 * libheif every tile anew: 200 frames of 20 MP in 95 KB took 28 s, and 30 tiles in 871 bytes 10 s.
 */
const MAX_TIMES = 4;
/** A small picture may be a single tile that is larger: 1024 x 1024. */
const SMALL = 2 ** 20;
/** Frames of all tiles, each of which takes a decoder of its own: twice as many as libheif allows tiles, for those of alpha. */
const MAX_DECODED = 512;
/** Parts of parts: of a picture put together from others, each with alpha, both in tiles, there are four. */
const MAX_DEPTH = 8;

/**
 * Throws `too_complex` for an AVIF of which more is decoded than it shows, and `corrupt_image` where that cannot be said. Every item has to
 * keep within it, as if it were the one that is shown: which one that is, libvips decides.
 */
export function refuseAvifWork(avif: Uint8Array): void {
  const file = Buffer.from(avif.buffer, avif.byteOffset, avif.byteLength);
  try {
    const steps = new Steps();
    const works = new Works(itemsOf(file, steps), file.length, steps);
    works.refuse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ServiceError('corrupt_image', undefined, { cause: errorWithoutStack(error.message) });
  }
}

/** What is decoded, all in all. */
interface Work {
  readonly pixels: number;
  readonly frames: number;
}

const NONE: Work = { pixels: 0, frames: 0 };

class Works {
  readonly #items: ReadonlyMap<number, Item>;
  readonly #steps: Steps;
  readonly #known = new Map<number, Work>();
  /** Bytes that may be put together; more are there only where pieces overlap. */
  #joinable: number;

  constructor(items: ReadonlyMap<number, Item>, joinable: number, steps: Steps) {
    this.#items = items;
    this.#joinable = joinable;
    this.#steps = steps;
  }

  refuse(): void {
    for (const [id, item] of this.#items) {
      const { pixels, frames } = this.#of(id);
      if (frames > MAX_DECODED) throw tooComplex(`more than ${MAX_DECODED} frames and tiles`);
      if (pixels > Math.max(item.pixels * MAX_TIMES, SMALL)) throw tooComplex('too many frames or tiles for its size');
    }
  }

  /** An item may be said to be a part of itself, which has no end. */
  #of(id: number, depth = 0): Work {
    if (depth > MAX_DEPTH) throw new RangeError(`More than ${MAX_DEPTH} parts within each other.`);
    const item = this.#items.get(id);
    const work = this.#known.get(id) ?? (item ? this.#sum(item, depth + 1) : NONE);
    this.#known.set(id, work);
    return work;
  }

  /** With the dearest of what may be its alpha: no more than one is. */
  #sum(item: Item, depth: number): Work {
    const own = item.type === CODED ? [this.#decoding(item)] : item.parts.map((id) => this.#of(id, depth));
    const alphas = item.auxiliaries.map((id) => this.#of(id, depth));
    return {
      pixels: sum(own.map(({ pixels }) => pixels)) + Math.max(0, ...alphas.map(({ pixels }) => pixels)),
      frames: sum(own.map(({ frames }) => frames)) + Math.max(0, ...alphas.map(({ frames }) => frames)),
    };
  }

  /** libheif lets no frame be larger than the item says it is. */
  #decoding({ pixels, data }: Item): Work {
    const frames = countFrames(this.#join(data), this.#steps);
    return { pixels: pixels * frames, frames };
  }

  #join(pieces: readonly Buffer[]): Buffer {
    const [first, ...others] = pieces;
    if (first && others.length === 0) return first;
    this.#joinable -= sum(pieces.map(({ length }) => length));
    if (this.#joinable < 0) throw tooComplex('pieces that overlap');
    return Buffer.concat(pieces);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function tooComplex(what: string): ServiceError {
  return new ServiceError('too_complex', `The original has ${what}.`);
}
