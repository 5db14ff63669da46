import fc from 'fast-check';

/** One change of a file; positions are fractions of its length. */
type Mutation = (bytes: Uint8Array) => Uint8Array;

const place = fc.double({ min: 0, max: 0.999999, noNaN: true });
/** Most of what a decoder decides by stands at the beginning. */
const near = fc.oneof(
  place,
  place.map((at) => at * 0.05),
);

function at(bytes: Uint8Array, where: number): number {
  return Math.floor(where * bytes.length);
}

const flip = fc.tuple(near, fc.nat(7)).map(
  ([where, bit]): Mutation =>
    (bytes) => {
      const changed = Uint8Array.from(bytes);
      const index = at(bytes, where);
      changed[index] = (bytes[index] ?? 0) ^ (1 << bit);
      return changed;
    },
);

const EXTREMES = [
  [0],
  [0xff],
  [0x7f, 0xff],
  [0xff, 0xff],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0, 1, 0, 0],
  [1, 0, 0, 0],
];

const overwrite = fc.tuple(near, fc.constantFrom(...EXTREMES)).map(
  ([where, value]): Mutation =>
    (bytes) => {
      const changed = Uint8Array.from(bytes);
      changed.set(value.slice(0, bytes.length - at(bytes, where)), at(bytes, where));
      return changed;
    },
);

const truncate = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(bytes, where)),
);

const remove = fc.tuple(near, fc.integer({ min: 1, max: 64 })).map(
  ([where, length]): Mutation =>
    (bytes) => {
      const start = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]);
    },
);

const repeat = fc.tuple(near, fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 40 })).map(
  ([where, length, times]): Mutation =>
    (bytes) => {
      const start = at(bytes, where);
      const piece = bytes.subarray(start, start + length);
      return Buffer.concat([bytes.subarray(0, start), ...Array<Uint8Array>(times).fill(piece), bytes.subarray(start)]);
    },
);

const insert = fc.tuple(near, fc.uint8Array({ maxLength: 32 })).map(
  ([where, junk]): Mutation =>
    (bytes) => {
      const start = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, start), junk, bytes.subarray(start)]);
    },
);

const mutation = fc.oneof(
  { weight: 4, arbitrary: flip },
  { weight: 4, arbitrary: overwrite },
  truncate,
  remove,
  repeat,
  insert,
);

/** One of the files, changed in a few places; in most of them not where its type is told. */
export function mutated(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(mutation, { minLength: 1, maxLength: 4 });
  return fc.tuple(fc.constantFrom(...files), changes, fc.nat(4)).map(([file, list, wholly]) => {
    const kept = wholly > 0 ? 16 : 0;
    const changed = list.reduce<Uint8Array>((bytes, change) => change(bytes), file.subarray(kept));
    return Buffer.concat([file.subarray(0, kept), changed]);
  });
}
