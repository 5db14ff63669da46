export interface TiffSamples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bits: 8 | 16 | 32 | 64;
  /** Whether samples are numbers with a point (TIFF 6.0, SampleFormat 3), as 32 and 64 bits are here unless said otherwise. */
  readonly floats?: boolean;
  /** Bytes of pixels that are there, whatever the sides come to. */
  readonly pixels?: Buffer;
}

const SHORT = 3;
const LONG = 4;

type Entry = readonly [tag: number, type: typeof SHORT | typeof LONG, values: readonly number[]];

/** A TIFF of one strip, put together by hand: it says what no encoder would write. */
export function tiffOf({ width, height, channels, bits, floats = bits > 16, pixels }: TiffSamples): Buffer {
  const content = pixels ?? Buffer.alloc((width * height * channels * bits) / 8);
  const each = (value: number) => Array<number>(channels).fill(value);
  const entries: readonly Entry[] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, each(bits)],
    [259, SHORT, [1]],
    [262, SHORT, [channels < 3 ? 1 : 2]],
    [273, LONG, [8]],
    [277, SHORT, [channels]],
    [278, LONG, [height]],
    [279, LONG, [content.length]],
    ...(channels > 3 ? [[338, SHORT, Array<number>(channels - 3).fill(0)] as const] : []),
    [339, SHORT, each(floats ? 3 : 1)],
  ];
  const at = 8 + content.length + (content.length % 2);
  const head = Buffer.concat([Buffer.from('II*\0', 'latin1'), little(4, at)]);
  const padding = Buffer.alloc(content.length % 2);
  return Buffer.concat([head, content, padding, directory(entries, at)]);
}

/** Entries of 12 bytes, behind them the values that are longer than the four bytes an entry has for them. */
function directory(entries: readonly Entry[], at: number): Buffer {
  const apart: Buffer[] = [];
  let next = at + 2 + entries.length * 12 + 4;
  const rows = entries.map(([tag, type, values]) => {
    const bytes = Buffer.concat(values.map((value) => little(type === SHORT ? 2 : 4, value)));
    const row = Buffer.concat([little(2, tag), little(2, type), little(4, values.length)]);
    if (bytes.length <= 4) return Buffer.concat([row, bytes, Buffer.alloc(4 - bytes.length)]);
    const where = little(4, next);
    apart.push(bytes);
    next += bytes.length;
    return Buffer.concat([row, where]);
  });
  return Buffer.concat([little(2, entries.length), ...rows, little(4, 0), ...apart]);
}

function little(length: 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(value, 0, length);
  return bytes;
}
