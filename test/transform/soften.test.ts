import sharp, { type Sharp } from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { animation, colourAt, distance, noise, paint } from '../support/pictures.ts';
import { planFor, variant } from '../support/variants.ts';

const reference = (original: Buffer, change: (image: Sharp) => Sharp) => change(sharp(original)).png().toBuffer();

/** Mean of the absolute differences between neighbours in a row: how much there is to see. */
async function detail(encoded: Buffer): Promise<number> {
  const { data, info } = await sharp(encoded).greyscale().raw().toBuffer({ resolveWithObject: true });
  let sum = 0;
  for (let at = 1; at < data.length; at++) if (at % info.width) sum += Math.abs((data[at] ?? 0) - (data[at - 1] ?? 0));
  return sum / data.length;
}

t.test('blurs and sharpens as sharp does to a picture of that size', async (t) => {
  const original = await noise(120, 80).png().toBuffer();
  const scaled = (image: Sharp) => image.resize(60, 40, { fit: 'fill', fastShrinkOnLoad: false });
  for (const [options, change] of [
    [{ blur: 2 }, (image: Sharp) => scaled(image).blur(2)],
    [{ sharpen: 1.5 }, (image: Sharp) => scaled(image).sharpen({ sigma: 1.5 })],
    [{ blur: 0.6, sharpen: 2 }, (image: Sharp) => scaled(image).blur(0.6).sharpen({ sigma: 2 })],
  ] as const) {
    const made = await variant(original, { w: 60, f: 'png', ...options });
    t.ok((await distance(made, await reference(original, change))) <= 1, JSON.stringify(options));
  }
});

t.test('a larger sigma leaves less to see, sharpening more', async (t) => {
  const original = await noise(100, 100).png().toBuffer();
  const details = await Promise.all(
    [{ blur: 100 }, { blur: 5 }, { blur: 0.5 }, {}, { sharpen: 2 }].map(async (options) =>
      detail(await variant(original, { w: 50, f: 'png', ...options })),
    ),
  );
  t.same(
    details,
    [...details].sort((a, b) => a - b),
  );
  t.ok((details[0] ?? 9) < 1);
});

t.test('a border stays as it is, around a picture that is blurred up to its edge', async (t) => {
  const original = await paint(40, 40, () => [250, 250, 250])
    .png()
    .toBuffer();
  for (const f of ['png', 'jpeg'] as const) {
    const made = await variant(original, { pad: '10,10,10,10', bg: '000000', blur: 5, f });
    const colours = await Promise.all([9, 11, 30, 48, 50].map((x) => colourAt(made, x, 30)));
    const levels = colours.map(([red = -1]) => Math.round(red / 25));
    t.same(levels, [0, 10, 10, 10, 0], f);
  }
});

t.test('what contain adds is not blurred either, and can be transparent', async (t) => {
  const original = await paint(40, 20, () => [0, 200, 0])
    .png()
    .toBuffer();
  const made = await variant(original, { w: 40, h: 40, fit: 'contain', sharpen: 3, f: 'webp', q: 100 });
  t.equal((await colourAt(made, 20, 9))[3], 0);
  t.same((await colourAt(made, 20, 11))[3], 255);
});

t.test('what is held meanwhile is part of the cost', async (t) => {
  const original = await animation('gif', 50, 60, 40);
  const cost = async (options: Options) => (await planFor(original, { w: 1000, h: 800, f: 'webp', ...options })).cost;
  t.equal(await cost({}), 1);
  t.equal(await cost({ blur: 1 }), 2, '22 million pixels, twice, and what is decoded');
});

t.test('frames of an animation are blurred each by itself, and keep their time', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    const original = await animation(format, 4, 60, 40);
    const plan = await planFor(original, { w: 30, blur: 20, pad: '0,0,4,0', bg: 'ff0000', f: format });
    t.ok(plan.animated);
    const made = await variant(original, { w: 30, blur: 20, pad: '0,0,4,0', bg: 'ff0000', f: format });
    const { pages, delay, loop, width, pageHeight } = await sharp(made, { animated: true }).metadata();
    t.match(
      { pages, delay, loop, width, pageHeight },
      { pages: 4, delay: [100, 100, 100, 100], loop: 0, width: 30, pageHeight: 24 },
    );
    for (const page of [0, 1, 2, 3]) {
      const frame = await sharp(made, { page }).png().toBuffer();
      const level = Math.round((255 * (page + 1)) / 4);
      // Blurred into each other, the first and the last row of each would be half way to their neighbours.
      for (const y of [0, 10, 17])
        t.ok(Math.abs(((await colourAt(frame, 15, y))[0] ?? 0) - level) <= 12, `${format} ${page} ${y}`);
      t.ok(((await colourAt(frame, 15, 22))[1] ?? 255) < 40, 'the border');
    }
  }
});
