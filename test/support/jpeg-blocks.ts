import { uint16 } from './big-endian.ts';

export interface JpegBlocks {
  /** Blocks of 8 x 8 pixels. */
  readonly across: number;
  readonly down: number;
  /** One level for each component of a block, exactly as it is stored. */
  readonly block: (x: number, y: number) => readonly number[];
  /** Segments between the start of the image and its tables. */
  readonly segments?: readonly Buffer[];
}

/**
 * A baseline JPEG of plain blocks, put together by hand: what is stored is what is said, whatever an encoder would think
 * of the colours. Each block has one coefficient, which is its level, as the table of quantisation has only eights.
 */
export function jpegOf({ across, down, block, segments = [] }: JpegBlocks): Buffer {
  const components = block(0, 0).length;
  const ids = Array.from({ length: components }, (_, index) => index + 1);
  const frame = [8, ...uint16(down * 8, across * 8), components, ...ids.flatMap((id) => [id, 0x11, 0])];
  const scan = [components, ...ids.flatMap((id) => [id, 0]), 0, 63, 0];
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    ...segments,
    jpegSegment(0xdb, Buffer.from([0, ...Array<number>(64).fill(8)])),
    jpegSegment(0xc0, Buffer.from(frame)),
    jpegSegment(0xc4, huffmanTable(0x00, 4, [0, 1, 2, 3, 4, 5, 6, 7, 8])),
    jpegSegment(0xc4, huffmanTable(0x10, 1, [0])),
    jpegSegment(0xda, Buffer.from(scan)),
    entropyCoded({ across, down, block }),
    Buffer.of(0xff, 0xd9),
  ]);
}

/** A marker with what it holds, whose length counts itself. */
export function jpegSegment(marker: number, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0xff, marker), uint16(data.length + 2), data]);
}

/** Adobe's APP14: how components are to be understood; 0 as they are, 1 YCbCr, 2 YCCK (Adobe technical note 5116). */
export function adobeSegment(transform: 0 | 1 | 2): Buffer {
  const version = uint16(100, 0, 0);
  return jpegSegment(0xee, Buffer.concat([Buffer.from('Adobe', 'latin1'), version, Buffer.of(transform)]));
}

/** An embedded profile in pieces, as a segment holds 64 KB at most (ICC.1:2010, B.4). */
export function profileSegments(icc: Buffer): readonly Buffer[] {
  const pieces = Array.from({ length: Math.ceil(icc.length / 60_000) }, (_, index) =>
    icc.subarray(index * 60_000, (index + 1) * 60_000),
  );
  return pieces.map((piece, index) =>
    jpegSegment(
      0xe2,
      Buffer.concat([Buffer.from('ICC_PROFILE\0', 'latin1'), Buffer.of(index + 1, pieces.length), piece]),
    ),
  );
}

/** A JPEG with more segments right after its start. */
export function withJpegSegments(encoded: Buffer, segments: readonly Buffer[]): Buffer {
  return Buffer.concat([encoded.subarray(0, 2), ...segments, encoded.subarray(2)]);
}

/** A table whose symbols all have codes of the same length, in their order. */
function huffmanTable(id: number, length: number, symbols: readonly number[]): Buffer {
  const counts = Array.from({ length: 16 }, (_, index) => (index + 1 === length ? symbols.length : 0));
  return Buffer.from([id, ...counts, ...symbols]);
}

function entropyCoded({ across, down, block }: JpegBlocks): Buffer {
  const last: number[] = [];
  let bits = '';
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      for (const [component, level] of block(x, y).entries()) {
        bits += blockBits(level - (last[component] ?? 128));
        last[component] = level;
      }
    }
  }
  return stuffed(bits);
}

/** The difference to the block before, and no other coefficient (ITU-T T.81, F.1.2.1). */
function blockBits(difference: number): string {
  const size = difference === 0 ? 0 : Math.abs(difference).toString(2).length;
  const value = difference < 0 ? difference + 2 ** size - 1 : difference;
  const magnitude = size === 0 ? '' : value.toString(2).padStart(size, '0');
  return `${size.toString(2).padStart(4, '0')}${magnitude}0`;
}

function stuffed(bits: string): Buffer {
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.flatMap((byte) => (byte === '11111111' ? [0xff, 0] : [Number.parseInt(byte, 2)])));
}
