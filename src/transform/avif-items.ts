import { type Box, boxesIn, Fields, type Steps } from './iso-boxes.ts';

/** The type of what has pixels of its own. */
export const CODED = 'av01';
/** Bytes of the numbers that say where something is. */
const PLACE_BYTES = [0, 4, 8];

/** One of the pictures, or of the other things, that an AVIF is made of (ISO/IEC 23008-12). */
export interface Item {
  readonly type: string;
  /** Pixels, as its properties say; none where they do not. */
  readonly pixels: number;
  /** Where its bytes are, if it has pixels of its own; they may be anywhere, also where those of others are. */
  readonly data: readonly Buffer[];
  /** By their numbers: what it is put together from, each as often as it is there. */
  readonly parts: readonly number[];
  /** What may be its transparency. */
  readonly auxiliaries: readonly number[];
}

/** Throws `RangeError` where a part of it cannot be read, or is there twice: then others may read something else. */
export function itemsOf(file: Buffer, steps: Steps): ReadonlyMap<number, Item> {
  const meta = boxesOf(only(topBoxes(file, steps), 'meta').subarray(4), steps);
  const pixels = pixelsOf(meta, steps);
  const places = placesOf(meta, file, steps);
  const { parts, auxiliaries } = referencesOf(meta, steps);
  const items = new Map<number, Item>();
  for (const [id, type] of typesOf(meta, steps)) {
    items.set(id, {
      type,
      pixels: pixels.get(id) ?? 0,
      data: type === CODED ? (places.get(id)?.() ?? []) : [],
      parts: parts.get(id) ?? [],
      auxiliaries: auxiliaries.get(id) ?? [],
    });
  }
  return items;
}

/** Up to what is none, with which a file may end. */
function topBoxes(file: Buffer, steps: Steps): readonly Box[] {
  const boxes: Box[] = [];
  try {
    for (const box of boxesIn(file, steps)) boxes.push(box);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return boxes;
}

function boxesOf(outer: Buffer, steps: Steps): readonly Box[] {
  return [...boxesIn(outer, steps)];
}

/** What is in the box of this type, or nothing. */
function optional(boxes: readonly Box[], type: string): Buffer | undefined {
  const [first, second] = boxes.filter((box) => box.type === type);
  if (second) throw new RangeError(`There are two of ${type}.`);
  return first?.content;
}

function only(boxes: readonly Box[], type: string): Buffer {
  const content = optional(boxes, type);
  if (!content) throw new RangeError(`There is no ${type}.`);
  return content;
}

/** Sets what must not be set twice. */
function setOnce<T>(map: Map<number, T>, id: number, value: T): void {
  if (map.has(id)) throw new RangeError(`It is said twice of ${id}.`);
  map.set(id, value);
}

/** Of what has a type, which nothing has in the first two versions. */
function typesOf(meta: readonly Box[], steps: Steps): ReadonlyMap<number, string> {
  const content = only(meta, 'iinf');
  const { version } = new Fields(content);
  const types = new Map<number, string>();
  for (const box of boxesIn(content.subarray(version === 0 ? 6 : 8), steps)) {
    const entry = new Fields(box.content);
    if (box.type !== 'infe' || entry.version < 2) continue;
    const id = entry.next(entry.version === 2 ? 2 : 4);
    entry.next(2);
    setOnce(types, id, entry.text(4));
  }
  return types;
}

/** As a property says of each that has it; properties are called by where they stand. */
function pixelsOf(meta: readonly Box[], steps: Steps): ReadonlyMap<number, number> {
  const boxes = boxesOf(only(meta, 'iprp'), steps);
  const properties = boxesOf(only(boxes, 'ipco'), steps);
  const pixels = new Map<number, number>();
  for (const { content } of boxes.filter(({ type }) => type === 'ipma')) {
    const fields = new Fields(content);
    const indexBytes = fields.flags & 1 ? 2 : 1;
    steps.times(fields.next(4), () => {
      const id = fields.next(fields.version === 0 ? 2 : 4);
      for (const index of steps.times(fields.next(1), () => fields.next(indexBytes) & (indexBytes === 2 ? 32767 : 127)))
        if (properties[index - 1]?.type === 'ispe') setOnce(pixels, id, areaOf(properties[index - 1] as Box));
    });
  }
  return pixels;
}

function areaOf({ content }: Box): number {
  const sides = new Fields(content);
  return sides.next(4) * sides.next(4);
}

interface Extent {
  readonly from: number;
  readonly length: number;
}

/** Functions, since only what pixels are made of has to be where it should. */
function placesOf(meta: readonly Box[], file: Buffer, steps: Steps): ReadonlyMap<number, () => readonly Buffer[]> {
  const fields = new Fields(only(meta, 'iloc'));
  // By their way of construction, of which libheif knows no more: in the file, or in a box of its own.
  const sources = [file, optional(meta, 'idat')];
  const bytes = placeBytes(fields);
  const idBytes = fields.version < 2 ? 2 : 4;
  const places = new Map<number, () => readonly Buffer[]>();
  steps.times(fields.next(idBytes), () => {
    const id = fields.next(idBytes);
    const method = fields.version > 0 ? fields.next(2) & 15 : 0;
    fields.next(2);
    const base = fields.next(bytes.base);
    const extents = steps.times(fields.next(2), () => {
      fields.next(bytes.index);
      return { from: base + fields.next(bytes.offset), length: fields.next(bytes.length) };
    });
    setOnce(places, id, () => extents.map((extent) => cut(sources[method], extent)));
  });
  return places;
}

function placeBytes(fields: Fields) {
  const [first, second] = [fields.next(1), fields.next(1)];
  const bytes = {
    offset: first >> 4,
    length: first & 15,
    base: second >> 4,
    index: fields.version > 0 ? second & 15 : 0,
  };
  if (!Object.values(bytes).every((count) => PLACE_BYTES.includes(count))) throw new RangeError('Unknown numbers.');
  return bytes;
}

function cut(source: Buffer | undefined, { from, length }: Extent): Buffer {
  if (!source || length === 0 || from + length > source.length) throw new RangeError('Bytes are where there are none.');
  return source.subarray(from, from + length);
}

type References = ReadonlyMap<number, readonly number[]>;

/** What each is put together from, and what says of itself that it belongs to it. */
function referencesOf(meta: readonly Box[], steps: Steps): Record<'parts' | 'auxiliaries', References> {
  const parts = new Map<number, number[]>();
  const auxiliaries = new Map<number, number[]>();
  const content = optional(meta, 'iref');
  if (!content) return { parts, auxiliaries };
  const idBytes = new Fields(content).version === 0 ? 2 : 4;
  for (const { type, content: reference } of boxesIn(content.subarray(4), steps)) {
    const fields = new Fields(reference, 0);
    const from = fields.next(idBytes);
    const to = steps.times(fields.next(2), () => fields.next(idBytes));
    if (type === 'dimg') add(parts, from, to);
    if (type === 'auxl') for (const id of to) add(auxiliaries, id, [from]);
  }
  return { parts, auxiliaries };
}

function add(map: Map<number, number[]>, id: number, more: readonly number[]): void {
  const all = map.get(id);
  if (all) all.push(...more);
  else map.set(id, [...more]);
}
