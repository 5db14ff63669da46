import sharp from 'sharp';
import t from 'tap';
import type { ServiceError } from '../../src/errors.ts';
import { refuseAvifWork } from '../../src/transform/avif-work.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { type AvifItem, av1Frame, avifOf, fullBox, gridOf, isoBox } from '../support/avif-items.ts';
import { uint16, uint32 } from '../support/big-endian.ts';
import { avifBomb } from '../support/bombs.ts';
import { noise } from '../support/pictures.ts';
import { factsOf } from '../support/variants.ts';

setUpSharp({ svg: 'pass' });

const SIDES = [2000, 1000] as const;
const frame = await av1Frame(16);
/** Units of AV1 that are nothing: frames in parts, the same header again, padding with an extension. */
const [HEADER, AGAIN, PADDING] = [Buffer.of(0x1a, 0), Buffer.of(0x3a, 0), Buffer.of(0x7e, 8, 0)] as const;

function outcomeOf(avif: Buffer): string {
  try {
    refuseAvifWork(avif);
    return 'passes';
  } catch (error) {
    return (error as ServiceError).code ?? error;
  }
}

function still(data: readonly Buffer[], more: Partial<AvifItem> = {}): AvifItem {
  return { data: Buffer.concat(data), sides: SIDES, ...more };
}

function times(count: number, part: Buffer): readonly Buffer[] {
  return Array<Buffer>(count).fill(part);
}

/** `count` times one tile. */
function grid(count: number, tile: readonly [number, number], sides: readonly [number, number] = SIDES) {
  const parts = Array<number>(count).fill(1);
  return [still([frame], { sides: tile }), { type: 'grid', data: gridOf(1, 1, sides), sides, parts }];
}

t.test('an AVIF is decoded as often as four times, whatever that is made of', (t) => {
  const rows: readonly (readonly [what: string, items: readonly AvifItem[], isRefused: boolean])[] = [
    ['a frame', [still([frame])], false],
    ['four', [still(times(4, frame))], false],
    ['five', [still(times(5, frame))], true],
    ['headers alone', [still([frame, ...times(4, HEADER)])], true],
    ['what is no frame', [still([frame, ...times(4, AGAIN), ...times(4, PADDING)])], false],
    ['behind what is no frame', [still([PADDING, ...times(5, frame)])], true],
    ['between zeros', [still(times(5, Buffer.concat([frame, Buffer.alloc(9)])))], true],
    ['where libaom gives up: no length', [still([frame, Buffer.of(0x78), ...times(9, frame)])], false],
    [
      'a length that is too long',
      [
        still([
          frame,
          Buffer.of(0x7a, ...times(8, Buffer.of(0xff)).map(([byte]) => byte as number)),
          ...times(9, frame),
        ]),
      ],
      false,
    ],
    ['one that breaks off', [still([frame, Buffer.of(0x7a, 0xff)])], false],
    ['in pieces', [still(times(5, frame), { pieces: 7 })], true],
    ['few in pieces', [still(times(4, frame), { pieces: 7 })], false],
    ['in a box of its own', [still(times(5, frame), { method: 1 })], true],
    ['few in a box of its own', [still([frame], { method: 1 })], false],
    ['with alpha', [still(times(2, frame), { alphaOf: 2 }), still(times(2, frame))], false],
    ['with more of it', [still(times(2, frame), { alphaOf: 2 }), still(times(3, frame))], true],
    [
      'with two that may be alpha',
      [still(times(2, frame), { alphaOf: 3 }), still(times(2, frame), { alphaOf: 3 }), still(times(2, frame))],
      false,
    ],
    ['tiles', grid(8, [500, 500]), false],
    ['tiles that stand out', grid(4, SIDES, [2000, 1000]), false],
    ['one more', grid(5, SIDES, [2000, 1000]), true],
    ['a tile that stands out', grid(1, [1024, 1024], [1, 1]), false],
    ['and is larger', grid(1, [1024, 1025], [1, 1]), true],
    ['as many tiles as may be', grid(512, [16, 16]), false],
    ['one more tile', grid(513, [16, 16]), true],
    [
      'tiles of frames',
      [still(times(5, frame), { sides: [1000, 1000] }), { type: 'grid', sides: SIDES, parts: [1, 1] }],
      true,
    ],
    ['a grid of grids', [...grid(4, SIDES), { type: 'grid', sides: SIDES, parts: [2, 2] }], true],
    ['what shows another', [still([frame]), { type: 'iden', sides: SIDES, parts: [1] }], false],
    ['a part that is not there', [still([frame]), { type: 'grid', sides: SIDES, parts: [1, 9] }], false],
    ['of no size', [{ data: Buffer.concat(times(9, frame)) }], false],
    ['what is no picture', [still([frame]), { type: 'Exif', data: Buffer.alloc(9) }], false],
    ['nothing in it', [{ sides: SIDES }], false],
  ];
  for (const [what, items, isRefused] of rows)
    for (const isWide of [false, true])
      t.equal(outcomeOf(avifOf(items, { isWide })), isRefused ? 'too_complex' : 'passes', what);
  t.end();
});

t.test('what cannot be walked over is not decoded', (t) => {
  const items = [still([frame])];
  const again = (box: Buffer) => Buffer.concat([box, box]);
  const none = () => Buffer.alloc(0);
  const set =
    (at: number, ...bytes: readonly number[]) =>
    (box: Buffer) => {
      Buffer.from(bytes).copy(box, at);
      return box;
    };
  const good = avifOf(items);
  const rows: readonly (readonly [what: string, avif: Buffer, outcome?: string])[] = [
    ['nothing at all', Buffer.alloc(0)],
    ['no meta', isoBox('ftyp')],
    ['two of it', Buffer.concat([good, fullBox('meta', 0)])],
    ['no places', avifOf(items, { change: { iloc: none } })],
    ['no items', avifOf(items, { change: { iinf: none } })],
    ['no properties', avifOf(items, { change: { iprp: none } })],
    ['two boxes of places', avifOf(items, { change: { iloc: again } })],
    ['a box that is too short for itself', avifOf(items, { more: [uint32(4), uint32(0)] })],
    ['and too long for the other', avifOf(items, { more: [uint32(9), uint32(0)] })],
    ['half a box', avifOf(items, { more: [uint16(9)] })],
    // Behind a head of 12 bytes are sizes of numbers, how many items there are, and the first with its construction.
    ['numbers of another size', avifOf(items, { change: { iloc: () => shortPlaces() } })],
    ['another construction', avifOf(items, { change: { iloc: set(19, 2) } })],
    ['a box that is not there', avifOf(items, { change: { iloc: set(19, 1), idat: none } })],
    ['no bytes', avifOf(items, { change: { iloc: (box) => set(box.length - 4, 0, 0, 0, 0)(box) } })],
    ['bytes that are not there', avifOf(items, { change: { iloc: (box) => set(box.length - 8, 1)(box) } })],
    [
      'an item twice',
      avifOf(items, {
        more: [],
        change: { iinf: (box) => fullBox('iinf', 0, uint16(2), box.subarray(14), box.subarray(14)) },
      }),
    ],
    ['a part of itself', avifOf([still([frame]), { type: 'grid', sides: SIDES, parts: [1, 2] }])],
    [
      'a way without end',
      avifOf(Array.from({ length: 10 }, (_, index) => ({ type: 'iden', sides: SIDES, parts: [index + 2] }))),
    ],
    ['alpha of itself', avifOf([still([frame], { alphaOf: 1 })])],
    [
      'what is nowhere',
      avifOf(items, { change: { iloc: () => fullBox('iloc', 1, Buffer.of(0x44, 0), uint16(0)) } }),
      'passes',
    ],
    ['what libheif passes: no references', avifOf(items, { change: { iref: none } }), 'passes'],
    ['a box to the end', avifOf(items, { change: { idat: set(0, 0, 0, 0, 0) } }), 'passes'],
    ['a box with a long length', avifOf(items, { more: [uint32(1), Buffer.from('free'), uint32(0, 16)] }), 'passes'],
    ['places with long numbers', avifOf(items, { change: { iloc: () => longPlaces() } }), 'corrupt_image'],
    [
      'an entry of no type',
      avifOf(items, {
        change: {
          iinf: (box) =>
            fullBox('iinf', 0, uint16(2), box.subarray(14), fullBox('infe', 0, uint16(7, 0)), isoBox('free')),
        },
      }),
      'passes',
    ],
    ['something behind it all', Buffer.concat([good, Buffer.from('the end')]), 'passes'],
    ['the same', Buffer.concat([good, Buffer.alloc(4, 1), Buffer.alloc(9)]), 'passes'],
  ];
  for (const [what, avif, outcome = 'corrupt_image'] of rows) t.equal(outcomeOf(avif), outcome, what);
  t.end();
});

/** Of two bytes a length. */
function shortPlaces(): Buffer {
  return fullBox('iloc', 1, Buffer.of(0x42, 0), uint16(1, 1, 0, 0, 1), uint32(8), uint16(4));
}

/** Of eight bytes each: beyond every file. */
function longPlaces(): Buffer {
  const numbers = Buffer.alloc(24, 0xff);
  return fullBox('iloc', 1, Buffer.of(0x88, 0x88), uint16(1, 1, 0, 0), numbers.subarray(0, 8), uint16(1), numbers);
}

t.test('to walk over it takes no time, whatever is in it', (t) => {
  const MANY = 3_000_000;
  const items = [still([frame])];
  const entries = (count: number) => Buffer.concat(times(count, Buffer.concat([uint16(1, 0, 0), uint16(0xffff)])));
  const rows: readonly (readonly [what: string, avif: Buffer])[] = [
    ['boxes', Buffer.concat([avifOf(items), Buffer.alloc(MANY * 8, isoBox('free'))])],
    ['boxes within', avifOf(items, { more: [Buffer.alloc(MANY * 8, isoBox('free'))] })],
    [
      'pieces of no bytes',
      avifOf(items, { change: { iloc: () => fullBox('iloc', 1, Buffer.of(0, 0), uint16(0xffff), entries(9)) } }),
    ],
    ['zeros', avifOf([still([frame, Buffer.alloc(MANY * 8)])])],
    ['units', avifOf([still([frame, Buffer.alloc(MANY * 8, Buffer.of(0x7a, 0))])])],
    ['pieces that overlap', avifOf([still([frame, Buffer.alloc(MANY * 8, 1)])], { change: { iloc: overlapping } })],
  ];
  for (const [what, avif] of rows) {
    const started = performance.now();
    t.equal(outcomeOf(avif), 'too_complex', what);
    t.comment(`${what}: ${(performance.now() - started).toFixed(1)} ms`);
  }
  t.end();
});

/** The same piece again and again. */
function overlapping(box: Buffer): Buffer {
  const extent = box.subarray(-8);
  return fullBox('iloc', 1, Buffer.of(0x44, 0), uint16(1, 1, 0, 0, 100), ...times(100, extent));
}

const ENCODINGS = [0, 4, 9].flatMap((effort) =>
  ['4:2:0', '4:4:4'].flatMap((chromaSubsampling) =>
    ([8, 10, 12] as const).flatMap((bitdepth) =>
      [false, true].map((lossless) => ({ effort, chromaSubsampling, bitdepth, lossless })),
    ),
  ),
);

t.test('what an encoder writes passes', async (t) => {
  const pictures = { opaque: noise(40, 30), clear: noise(40, 30).ensureAlpha(0.5) };
  for (const encoding of ENCODINGS) {
    for (const [name, picture] of Object.entries(pictures)) {
      const { width, height } = await factsOf(await picture.clone().avif(encoding).toBuffer());
      t.strictSame([width, height], [40, 30], `${name}, ${JSON.stringify(encoding)}`);
    }
  }
  t.equal(outcomeOf(await avifBomb({ width: 1, height: 1 })), 'passes');
});

t.test('tiles come out as a picture, one of each', async (t) => {
  const tile = still([frame], { sides: [16, 16] });
  const sides = [30, 32] as const;
  const avif = avifOf([
    tile,
    tile,
    tile,
    tile,
    { type: 'grid', method: 1, data: gridOf(2, 2, sides), sides, parts: [1, 2, 3, 4] },
  ]);
  t.equal(outcomeOf(avif), 'passes');
  const { info } = await sharp(avif, { page: 4 }).png().toBuffer({ resolveWithObject: true });
  t.strictSame([info.width, info.height], sides);
});

t.test('what is remembered of a refusal leads to no file', (t) => {
  const error = t.throws(() => refuseAvifWork(Buffer.alloc(100)), { code: 'corrupt_image' }) as Error;
  const { stack, message } = error.cause as Error;
  t.equal(stack, message);
  t.end();
});
