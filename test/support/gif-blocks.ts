type Rgb = readonly [number, number, number];

/** What becomes of a frame before the next one is drawn (GIF89a, 23): 1 it stays, 2 it is cleared, 3 what was there comes back. */
type Disposal = 1 | 2 | 3;

export interface GifFrame {
  readonly left?: number;
  readonly top?: number;
  readonly width: number;
  readonly height: number;
  /** Hundredths of a second. */
  readonly delay: number;
  readonly disposal: Disposal;
  /** A palette of its own. */
  readonly palette?: readonly Rgb[];
  readonly transparent?: number;
  /** An index into the palette. */
  readonly pixel: (x: number, y: number) => number;
}

export interface GifBlocks {
  readonly width: number;
  readonly height: number;
  /** For frames without a palette of their own. */
  readonly palette: readonly Rgb[];
  /** What the NETSCAPE extension says: 0 for ever, else how often the frames are repeated; absent, they are shown once. */
  readonly repeats?: number;
  readonly comment?: string;
  readonly frames: readonly GifFrame[];
}

/** A GIF put together by hand: an encoder chooses palettes and disposal methods itself. */
export function gifOf({ width, height, palette, repeats, comment, frames }: GifBlocks): Buffer {
  const loop = [...Buffer.from('NETSCAPE2.0', 'latin1'), 3, 1, ...little(repeats ?? 0), 0];
  return Buffer.from([
    ...Buffer.from('GIF89a', 'latin1'),
    ...little(width, height),
    ...[0x80 | sizeBits(palette), 0, 0],
    ...colourTable(palette),
    ...(repeats === undefined ? [] : [0x21, 0xff, 11, ...loop]),
    ...(comment === undefined ? [] : [0x21, 0xfe, comment.length, ...Buffer.from(comment, 'latin1'), 0]),
    ...frames.flatMap(frameBytes),
    0x3b,
  ]);
}

function frameBytes(frame: GifFrame): readonly number[] {
  const { left = 0, top = 0, width, height, delay, disposal, palette, transparent, pixel } = frame;
  const flags = (disposal << 2) | (transparent === undefined ? 0 : 1);
  const indices = Array.from({ length: width * height }, (_, at) => pixel(at % width, Math.floor(at / width)));
  return [
    ...[0x21, 0xf9, 4, flags, ...little(delay), transparent ?? 0, 0],
    ...[0x2c, ...little(left, top, width, height), palette ? 0x80 | sizeBits(palette) : 0],
    ...(palette ? colourTable(palette) : []),
    ...imageData(indices),
  ];
}

const CODE_BITS = 3;
const CLEAR = 4;
const END = 5;

/** Indices up to 3, cleared so often that codes never grow: not compressed, and what every decoder reads. */
function imageData(indices: readonly number[]): readonly number[] {
  const codes = indices.flatMap((index, at) => (at % 2 === 0 ? [CLEAR, index] : [index]));
  const bytes: number[] = [];
  for (const [at, code] of [...codes, END].entries()) {
    for (let bit = 0; bit < CODE_BITS; bit++) {
      const position = at * CODE_BITS + bit;
      bytes[position >> 3] = (bytes[position >> 3] ?? 0) | (((code >> bit) & 1) << (position & 7));
    }
  }
  return [2, ...subBlocks(bytes), 0];
}

function subBlocks(bytes: readonly number[]): readonly number[] {
  const blocks: number[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  return blocks;
}

/** How a table of four colours, the only length in use, says so. */
function sizeBits({ length }: readonly Rgb[]): number {
  return Math.log2(length) - 1;
}

function colourTable(palette: readonly Rgb[]): readonly number[] {
  return palette.flat();
}

function little(...values: readonly number[]): readonly number[] {
  return values.flatMap((value) => [value & 0xff, value >> 8]);
}
