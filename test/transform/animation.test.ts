import sharp from 'sharp';
import t, { type Test } from 'tap';
import { DRAWING_RULES } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { type GifFrame, gifOf } from '../support/gif-blocks.ts';
import { COLOURS, type Corners, cornersOf } from '../support/oriented.ts';
import { factsOf, variant } from '../support/variants.ts';

setUpSharp(DRAWING_RULES.native);

const { red, green, blue, white } = COLOURS;
const MOVING = ['gif', 'webp'] as const;

/** A frame without anything special about it. */
const PLAIN = { width: 64, height: 64, delay: 10, disposal: 1, pixel: () => 1 } as const satisfies GifFrame;

/** 64 x 64 pixels; index 0, green, is what the file names as its background. */
function picture(frames: readonly GifFrame[], repeats?: number): Buffer {
  const palette = [green, red, blue, white];
  return gifOf({ width: 64, height: 64, palette, frames, ...(repeats !== undefined && { repeats }) });
}

/** That each frame shows these colours in its quarters, whatever it is written as. */
async function shows(t: Test, original: Buffer, frames: readonly Corners[]): Promise<void> {
  t.match(await factsOf(original), { width: 64, height: 64, frames: frames.length });
  for (const f of MOVING) {
    for (const w of [64, 32]) {
      const encoded = await variant(original, { f, w, ...(f === 'webp' && { q: 95 }) });
      const { pages, width, pageHeight } = await sharp(encoded, { animated: true }).metadata();
      t.strictSame({ pages, width, pageHeight }, { pages: frames.length, width: w, pageHeight: w }, f);
      const found = await Promise.all(frames.map((_, page) => cornersOf(encoded, page)));
      t.strictSame(found, frames, `${f} ${w}`);
    }
  }
}

const ALL_RED = ['red', 'red', 'red', 'red'] as const;

/** Over the upper half, in colours of its own: blue to the left, and to the right what was there. */
function upper(disposal: 1 | 2 | 3): GifFrame {
  const pixel = (x: number) => (x < 32 ? 3 : 0);
  return { ...PLAIN, height: 32, delay: 20, disposal, palette: [red, white, green, blue], transparent: 0, pixel };
}

/** A white quarter at the bottom right, in a third palette. */
const LAST: GifFrame = {
  ...PLAIN,
  left: 32,
  top: 32,
  width: 32,
  height: 32,
  delay: 30,
  palette: [blue, white, green, red],
};

const DISPOSED: readonly (readonly [disposal: 1 | 2 | 3, what: string, last: Corners])[] = [
  [1, 'stays', ['blue', 'red', 'red', 'white']],
  [2, 'is cleared', ['clear', 'clear', 'red', 'white']],
  [3, 'gives way to what was there', ['red', 'red', 'red', 'white']],
];

for (const [disposal, what, last] of DISPOSED) {
  t.test(`a frame of a GIF ${what}, and each has its own colours`, async (t) => {
    const original = picture([PLAIN, upper(disposal), LAST], 0);
    await shows(t, original, [ALL_RED, ['blue', 'red', 'red', 'red'], last]);
  });
}

t.test('what no frame has drawn is clear', async (t) => {
  const left: GifFrame = { ...PLAIN, width: 32, transparent: 0 };
  await shows(t, picture([left, LAST], 0), [
    ['red', 'clear', 'red', 'clear'],
    ['red', 'clear', 'red', 'white'],
  ]);
});

/** How often it is shown in all, 0 for ever: GIF counts what comes after the first time, WebP all (RFC 9649). */
function roundsOf(encoded: Buffer): number {
  const [gif, webp] = [encoded.indexOf('NETSCAPE2.0'), encoded.indexOf('ANIM')];
  if (encoded.toString('latin1', 0, 4) === 'RIFF') return encoded.readUInt16LE(webp + 12);
  if (gif < 0) return 1;
  const repeats = encoded.readUInt16LE(gif + 13);
  return repeats === 0 ? 0 : repeats + 1;
}

const DELAYS = [50, 120, 2000];

async function originalOf(format: 'gif' | 'webp', rounds: number): Promise<Buffer> {
  const frames = DELAYS.map((delay, index) => ({ ...PLAIN, delay: delay / 10, pixel: () => index }));
  if (format === 'gif') return rounds === 1 ? picture(frames) : picture(frames, Math.max(0, rounds - 1));
  const strip = Buffer.concat([green, red, blue].map((colour) => Buffer.alloc(64 * 64 * 3, Buffer.from(colour))));
  const raw = { width: 64, height: 192, channels: 3, pageHeight: 64 } as const;
  return await sharp(strip, { raw }).webp({ delay: DELAYS, loop: rounds }).toBuffer();
}

t.test('an animation is shown as often as it was, and each frame as long', async (t) => {
  for (const from of MOVING) {
    for (const rounds of [0, 1, 2, 3, 4]) {
      const original = await originalOf(from, rounds);
      t.equal(roundsOf(original), rounds, `${from}, ${rounds}`);
      for (const f of MOVING) {
        const encoded = await variant(original, { f, w: 32 });
        t.equal(roundsOf(encoded), rounds, `${from} to ${f}, ${rounds}`);
        t.strictSame((await sharp(encoded, { animated: true }).metadata()).delay, DELAYS, `${from} to ${f}`);
      }
    }
  }
});

t.test('a frame too short for browsers is as long in WebP as they show it in GIF', async (t) => {
  const original = picture(
    [0, 1, 2].map((delay) => ({ ...PLAIN, delay, pixel: () => delay })),
    0,
  );
  const delays = async (f: 'gif' | 'webp') =>
    (await sharp(await variant(original, { f }), { animated: true }).metadata()).delay;
  t.strictSame(await delays('gif'), [0, 10, 20]);
  t.strictSame(await delays('webp'), [100, 100, 20]);
});

t.test('the first frame is what a still picture shows', async (t) => {
  const stills = [{ f: 'gif', anim: 0 }, { f: 'webp', anim: 0 }, { f: 'jpeg' }, { f: 'png' }, { f: 'avif' }] as const;
  for (const from of MOVING) {
    const original = await originalOf(from, 0);
    for (const options of stills) {
      const encoded = await variant(original, { ...options, w: 32 });
      const { pages = 1, width, height } = await sharp(encoded, { animated: true }).metadata();
      t.strictSame({ pages, width, height }, { pages: 1, width: 32, height: 32 }, `${from} to ${options.f}`);
      t.strictSame(await cornersOf(encoded), ['green', 'green', 'green', 'green'], `${from} to ${options.f}`);
    }
  }
});
