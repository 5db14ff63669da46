import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import { FORMATS, type OutputFormat } from '../../src/formats.ts';
import type { Options } from '../../src/request/options.ts';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { knownProfile } from '../support/icc-profile.ts';
import { colourAt, distance } from '../support/pictures.ts';
import { pngOf, pngProfile } from '../support/png-chunks.ts';
import { type Colour, over, WHITE } from '../support/swatches.ts';
import { variant } from '../support/variants.ts';

setUpSharp(DRAWING_RULES.native);

const SIDE = 96;
const RED = [255, 0, 0, 255] as const;
const BLUE = [0, 0, 255] as const;

/** A red disk on what `around` is; on clear black, a mean that forgets alpha would darken its edge. */
function disk(around: Colour): Sharp {
  const isInside = (at: number) => Math.hypot((at % SIDE) - 47.5, Math.floor(at / SIDE) - 47.5) < 36;
  const pixels = Array.from({ length: SIDE * SIDE }, (_, at) => (isInside(at) ? RED.slice(0, around.length) : around));
  const channels = around.length === 4 ? 4 : 3;
  return sharp(Buffer.from(pixels.flat()), { raw: { width: SIDE, height: SIDE, channels } });
}

/** In each format that holds alpha, with the black of its clear pixels as it is. */
async function clearDisks(): Promise<readonly (readonly [string, Buffer])[]> {
  const image = disk([0, 0, 0, 0]);
  return [
    ['PNG', await image.clone().png().toBuffer()],
    ['WebP', await image.clone().webp({ lossless: true, exact: true }).toBuffer()],
    ['TIFF', await image.clone().tiff({ compression: 'lzw' }).toBuffer()],
    ['GIF', await image.clone().gif().toBuffer()],
  ];
}

/** The colours of the pixels that are to be seen at all. */
async function visibleColours(encoded: Uint8Array): Promise<readonly Colour[]> {
  const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
  const colours: Colour[] = [];
  for (let at = 0; at < data.length; at += info.channels) {
    if ((data[at + 3] ?? 0) > 24) colours.push([...data.subarray(at, at + info.channels)]);
  }
  return colours;
}

/** Encoders that lose something lose more at an edge; mixed with black, its half would be no more than 128. */
function isRed([red = 0, green = 255, blue = 255]: Colour, lost: number): boolean {
  return red >= 255 - lost && green <= lost && blue <= lost;
}

/** What is not red of what can be seen. */
async function darkened(original: Buffer, f: 'png' | 'webp' | 'avif' | 'gif'): Promise<readonly Colour[]> {
  const encoded = await variant(original, { f, w: 33, ...((f === 'webp' || f === 'avif') && { q: 95 }) });
  const colours = await visibleColours(encoded);
  if (colours.length < 300) throw new Error('There is no disk to be seen.');
  return colours.filter((colour) => !isRed(colour, f === 'webp' || f === 'avif' ? 48 : 8)).slice(0, 5);
}

t.test('the edge of a scaled disk is as red as the disk', async (t) => {
  for (const [what, original] of await clearDisks()) {
    for (const f of ['png', 'webp', 'gif'] as const) t.strictSame(await darkened(original, f), [], `${what} to ${f}`);
  }
});

t.test('the edge of a scaled disk is as red as the disk in AVIF too', async (t) => {
  for (const [what, original] of await clearDisks()) t.strictSame(await darkened(original, 'avif'), [], what);
});

t.test('the edge of a scaled disk is half clear where the format can say so', async (t) => {
  for (const [what, original] of await clearDisks()) {
    for (const f of ['png', 'webp', 'avif'] as const) {
      const colours = await visibleColours(await variant(original, { f, w: 33 }));
      t.ok(
        colours.some(([, , , alpha = 0]) => alpha > 80 && alpha < 176),
        `${what} to ${f}`,
      );
    }
  }
});

t.test('JPEG shows on white what had been clear, or on another colour', async (t) => {
  for (const [bg, around] of [
    [undefined, WHITE],
    ['0000ff', BLUE],
  ] as const) {
    const reference = await disk(around).png().toBuffer();
    const expected = await sharp(reference)
      .resize(33, 33, { fit: 'fill' })
      .jpeg({ quality: 95, quantisationTable: 3 })
      .toBuffer();
    for (const [what, original] of await clearDisks()) {
      const found = await variant(original, { f: 'jpeg', w: 33, q: 95, ...(bg && { bg }) });
      t.ok((await distance(found, expected)) <= 12, `${what} on ${bg ?? 'white'}`);
    }
  }
});

function isNear(found: Colour, expected: Colour): boolean {
  return expected.every((level, channel) => Math.abs(level - (found[channel] ?? -1000)) <= 8);
}

t.test('what is half clear is mixed with what is behind it', async (t) => {
  const half = [200, 100, 0, 128] as const;
  const original = await sharp({ create: { width: 32, height: 32, channels: 4, background: '#c8640080' } })
    .png()
    .toBuffer();
  for (const [bg, behind] of [
    [undefined, WHITE],
    ['0000ff', BLUE],
    ['ff0000', [255, 0, 0]],
  ] as const) {
    const found = await colourAt(await variant(original, { f: 'jpeg', w: 16, q: 95, ...(bg && { bg }) }), 8, 8);
    const expected = over(half, behind);
    t.ok(isNear(found, expected), `${found.join()}, not ${expected.join()}`);
  }
});

t.test('a format that holds alpha keeps it, whatever colour is asked for', async (t) => {
  for (const [what, original] of await clearDisks()) {
    for (const f of ['png', 'webp', 'avif', 'gif'] as const) {
      for (const bg of [undefined, '0000ff'] as const) {
        const encoded = await variant(original, { f, w: 48, ...(bg && { bg }) });
        const [corner, middle] = [await colourAt(encoded, 1, 1), await colourAt(encoded, 24, 24)];
        t.ok((corner[3] ?? 255) < 4, `${what} to ${f}: nothing at the corner`);
        t.ok(middle[3] === undefined || middle[3] > 250, `${what} to ${f}: all of the middle`);
        t.ok((middle[0] ?? 0) > 240, `${what} to ${f}: red`);
      }
    }
  }
});

t.test('formats say what they hold', async (t) => {
  for (const format of ['png', 'webp', 'avif', 'gif', 'jpeg'] as const satisfies readonly OutputFormat[]) {
    for (const [what, original] of await clearDisks()) {
      const { hasAlpha } = await sharp(await variant(original, { f: format, w: 33 })).metadata();
      t.equal(hasAlpha, FORMATS[format].alpha, `${what} to ${format}`);
    }
  }
});

t.test('around and behind grey pictures a colour is that colour', async (t) => {
  const samples = { width: 32, height: 32, depth: 8 } as const;
  const opaque = pngOf({ ...samples, colour: 'grey', row: () => Array<number>(32).fill(100) });
  const half = pngOf({
    ...samples,
    colour: 'greyAlpha',
    row: () => Array.from({ length: 32 }, () => [100, 128]).flat(),
  });
  const around: readonly Options[] = [
    { w: 64, h: 32, fit: 'contain', bg: '0000ff' },
    { pad: '8,8,8,8', bg: '0000ff' },
  ];
  for (const options of around) {
    for (const f of ['png', 'jpeg', 'webp'] as const) {
      const edge = await colourAt(await variant(opaque, { ...options, f }), 2, 16);
      t.ok(isNear(edge, BLUE), `${edge} in ${f}, ${JSON.stringify(options)}`);
    }
  }
  const behind = await colourAt(await variant(half, { f: 'jpeg', q: 95, bg: '0000ff' }), 16, 16);
  t.ok(isNear(behind, over([100, 100, 100, 128], BLUE)), `${behind} behind`);
});

t.test('around and behind deep pictures with a profile a colour is that colour', async (t) => {
  const samples = { width: 32, height: 32, depth: 16, colour: 'rgba' } as const;
  const clear = pngOf({ ...samples, row: () => Array<number>(128).fill(0) }, [pngProfile(await knownProfile('srgb'))]);
  const rows: readonly Options[] = [{ w: 64, h: 32, fit: 'contain' }, { pad: '8,8,8,8' }, { w: 16 }];
  for (const options of rows) {
    const edge = await colourAt(await variant(clear, { ...options, f: 'jpeg', q: 95, bg: '40c040' }), 2, 8);
    t.ok(isNear(edge, [64, 192, 64]), `${edge}, ${JSON.stringify(options)}`);
  }
});

t.test('the edge of an opaque picture in a clear border is not darker in AVIF', async (t) => {
  const red = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#fe0000' } })
    .jpeg()
    .toBuffer();
  const made = await variant(red, { f: 'avif', pad: '5,5,5,5' });
  for (const x of [5, 64]) t.ok(isNear(await colourAt(made, x, 25), [254, 0, 0, 255]), String(x));
});
