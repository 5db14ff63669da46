import sharp from 'sharp';
import { uint16, uint32 } from './big-endian.ts';

/** AVIF put together by hand from items (ISO/IEC 23008-12), as no encoder does. */

export interface AvifItem {
  readonly type?: string;
  readonly data?: Buffer;
  /** Without them nothing is said of its size. */
  readonly sides?: readonly [width: number, height: number];
  /** Where its data is: 0 in the file, 1 in a box of its own. */
  readonly method?: number;
  /** In so many pieces. */
  readonly pieces?: number;
  /** What it is put together from; items are counted from 1. */
  readonly parts?: readonly number[];
  /** What it is the alpha of. */
  readonly alphaOf?: number;
}

export interface AvifWriting {
  /** Whether numbers of items have four bytes, in the newer versions of all boxes. */
  readonly isWide?: boolean;
  /** In the meta box, behind the others. */
  readonly more?: readonly Buffer[];
  /** What is made of a box of this type. */
  readonly change?: Readonly<Record<string, (box: Buffer) => Buffer>>;
}

/** Of which the last item is the one to be shown. */
export function avifOf(
  items: readonly AvifItem[],
  { isWide = false, more = [], change = {} }: AvifWriting = {},
): Buffer {
  const brands = isoBox('ftyp', text('avif'), uint32(0), text('mif1avif'));
  const id = (number: number) => (isWide ? uint32(number) : uint16(number));

  const made = (offset: number) => {
    const boxes: readonly (readonly [type: string, box: Buffer])[] = [
      ['hdlr', fullBox('hdlr', 0, uint32(0), text('pict'), Buffer.alloc(13))],
      ['pitm', fullBox('pitm', isWide ? 1 : 0, id(items.length))],
      ['iinf', itemInfo(items, isWide, id)],
      ['iloc', itemPlaces(items, { isWide, id, offset })],
      ['iref', itemReferences(items, isWide, id)],
      ['iprp', itemProperties(items, isWide, id)],
      ['idat', isoBox('idat', ...dataOf(items, 1))],
    ];
    return fullBox('meta', 0, ...boxes.map(([type, box]) => change[type]?.(box) ?? box), ...more);
  };
  const before = brands.length + made(0).length + 8;
  return Buffer.concat([brands, made(before), isoBox('mdat', ...dataOf(items, 0))]);
}

/** A stream of one frame, as an encoder writes it. */
export async function av1Frame(side: number): Promise<Buffer> {
  const image = sharp({ create: { width: side, height: side, channels: 3, background: '#808080' } });
  const bytes = await image.avif({ effort: 0 }).toBuffer();
  return bytes.subarray(bytes.indexOf('mdat') + 4);
}

/** What a grid says of itself: rows, columns and sides of what comes out (6.6.2.3). */
export function gridOf(rows: number, columns: number, [width, height]: readonly [number, number]): Buffer {
  return Buffer.concat([Buffer.of(0, 0, rows - 1, columns - 1), uint16(width, height)]);
}

export function isoBox(type: string, ...content: readonly Buffer[]): Buffer {
  const all = Buffer.concat(content);
  return Buffer.concat([uint32(8 + all.length), text(type), all]);
}

export function fullBox(type: string, version: number, ...content: readonly Buffer[]): Buffer {
  return isoBox(type, uint32(version * 2 ** 24), ...content);
}

type Id = (number: number) => Buffer;

function dataOf(items: readonly AvifItem[], wanted: number): readonly Buffer[] {
  return items.filter(({ method = 0 }) => method === wanted).map(({ data = Buffer.alloc(0) }) => data);
}

function itemInfo(items: readonly AvifItem[], isWide: boolean, id: Id): Buffer {
  const entries = items.map(({ type = 'av01' }, index) =>
    fullBox('infe', isWide ? 3 : 2, id(index + 1), uint16(0), text(type), Buffer.of(0)),
  );
  return fullBox('iinf', isWide ? 1 : 0, id(items.length), ...entries);
}

function itemPlaces(
  items: readonly AvifItem[],
  { isWide, id, offset }: { readonly isWide: boolean; readonly id: Id; readonly offset: number },
): Buffer {
  const at = [offset, 0];
  const entries = items.map(({ data = Buffer.alloc(0), method = 0, pieces = 1 }, index) => {
    const step = Math.ceil(data.length / pieces);
    const starts = data.length === 0 ? [] : Array.from({ length: pieces }, (_, piece) => piece * step);
    const from = at[method] ?? 0;
    at[method] = from + data.length;
    const extents = starts.map((start) => uint32(from + start, Math.min(step, data.length - start)));
    return Buffer.concat([id(index + 1), uint16(method, 0, extents.length), ...extents]);
  });
  return fullBox('iloc', isWide ? 2 : 1, Buffer.of(0x44, 0), id(items.length), ...entries);
}

function itemReferences(items: readonly AvifItem[], isWide: boolean, id: Id): Buffer {
  const references = items.flatMap(({ parts, alphaOf }, index) => [
    ...(parts ? [isoBox('dimg', id(index + 1), uint16(parts.length), ...parts.map(id))] : []),
    ...(alphaOf === undefined ? [] : [isoBox('auxl', id(index + 1), uint16(1), id(alphaOf))]),
  ]);
  return fullBox('iref', isWide ? 1 : 0, ...references);
}

/** Each item's sides are a property of their own, behind two that all have. */
function itemProperties(items: readonly AvifItem[], isWide: boolean, id: Id): Buffer {
  const decoder = isoBox('av1C', Buffer.of(0x81, 0, 0x0c, 0));
  const channels = fullBox('pixi', 0, Buffer.of(3, 8, 8, 8));
  const sides = items.map(({ sides: [width, height] = [0, 0] }) => fullBox('ispe', 0, uint32(width, height)));
  const entries = items.map((item, index) => {
    const indices = [1, 2, ...(item.sides ? [index + 3] : [])];
    const written = indices.map((one) => (isWide ? uint16(one) : Buffer.of(one)));
    return Buffer.concat([id(index + 1), Buffer.of(indices.length), ...written]);
  });
  const head = uint32((isWide ? 2 ** 24 : 0) + (isWide ? 1 : 0));
  const ipma = isoBox('ipma', head, uint32(items.length), ...entries);
  return isoBox('iprp', isoBox('ipco', decoder, channels, ...sides), ipma);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
