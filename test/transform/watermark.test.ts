import sharp from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { planVariant } from '../../src/transform/plan.ts';
import { transform } from '../../src/transform/transform.ts';
import { placeWatermark, type Watermark, type WatermarkSpec } from '../../src/transform/watermark.ts';
import { animation, colourAt, gradient, orientedJpeg, paint } from '../support/pictures.ts';
import { factsOf, POLICY } from '../support/variants.ts';

const SPEC: WatermarkSpec = { key: 'logo.png', pos: 'right bottom', scale: 0.5, opacity: 1, margin: 0.1 };

async function watermark(spec: Partial<WatermarkSpec> = {}, picture?: Buffer): Promise<Watermark> {
  const green =
    picture ??
    (await paint(20, 10, () => [0, 255, 0])
      .png()
      .toBuffer());
  const { autoOrient: size } = await sharp(green).metadata();
  return { id: 'green', spec: { ...SPEC, ...spec }, picture: green, size };
}

async function draw(original: Buffer, options: Options, over: Watermark): Promise<Buffer> {
  const plan = planVariant(options, await factsOf(original), [], POLICY, over);
  if (!plan) throw new Error('The original itself was the answer.');
  return await transform(original, plan);
}

t.test('where it lies, and how large it is', (t) => {
  const size = { width: 20, height: 10 };
  const output = { width: 200, height: 200 };
  const rows: readonly (readonly [Partial<WatermarkSpec>, readonly number[]])[] = [
    [{}, [80, 130, 100, 50]],
    [{ margin: 0 }, [100, 150, 100, 50]],
    [{ pos: 'left top' }, [20, 20, 100, 50]],
    [{ pos: 'centre' }, [50, 75, 100, 50]],
    [{ pos: 'top' }, [50, 20, 100, 50]],
    [{ pos: '0.5,0.25' }, [50, 25, 100, 50]],
    [{ pos: '1,1' }, [100, 150, 100, 50]],
    [{ scale: 1 }, [0, 80, 200, 100]],
    [{ scale: 0.001 }, [179, 179, 1, 1]],
  ];
  for (const [spec, [left, top, width, height]] of rows)
    t.same(
      placeWatermark({ spec: { ...SPEC, ...spec }, size }, output),
      { left, top, width, height },
      JSON.stringify(spec),
    );
  const wide = placeWatermark({ spec: { ...SPEC, scale: 1, margin: 0 }, size }, { width: 1000, height: 10 });
  t.same(wide, { left: 980, top: 0, width: 20, height: 10 }, 'of both sides no more than its part');
  t.same(placeWatermark({ spec: SPEC, size }, { width: 1, height: 1 }), { left: 0, top: 0, width: 1, height: 1 });
  t.end();
});

t.test('lies over the picture and its border, in every format', async (t) => {
  const original = await paint(80, 60, () => [200, 0, 0])
    .png()
    .toBuffer();
  for (const f of ['jpeg', 'png', 'webp', 'avif', 'gif'] as const) {
    const made = await draw(
      original,
      { w: 80, pad: '0,20,20,0', bg: '0000ff', f, blur: 1 },
      await watermark({ margin: 0 }),
    );
    t.match(await sharp(made).metadata(), { width: 100, height: 80, hasAlpha: f === 'gif' });
    const [inside, over, beside] = await Promise.all(
      [
        [20, 20],
        [75, 70],
        [20, 75],
      ].map(([x = 0, y = 0]) => colourAt(made, x, y)),
    );
    t.ok((inside?.[0] ?? 0) > 180 && (inside?.[1] ?? 255) < 40, `${f}: the picture`);
    t.ok((over?.[1] ?? 0) > 220 && (over?.[0] ?? 255) < 40, `${f}: the watermark`);
    t.ok((beside?.[2] ?? 0) > 220, `${f}: the border`);
  }
});

t.test('lets through what it should, and its own transparency too', async (t) => {
  const original = await paint(80, 60, () => [200, 0, 0])
    .png()
    .toBuffer();
  const half = await draw(original, { f: 'png' }, await watermark({ opacity: 0.5, pos: 'centre', scale: 1 }));
  const [red = 0, green = 0] = await colourAt(half, 40, 30);
  t.ok(Math.abs(red - 100) <= 2 && Math.abs(green - 128) <= 2, `${red} ${green}`);
  const clear = await sharp({ create: { width: 9, height: 9, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer();
  t.same(await colourAt(await draw(original, { f: 'png' }, await watermark({ scale: 1 }, clear)), 40, 30), [200, 0, 0]);
  const grey = await paint(20, 10, () => [50, 50, 50])
    .toColourspace('b-w')
    .png()
    .toBuffer();
  const over = await draw(original, { f: 'png' }, await watermark({ pos: 'centre', scale: 1 }, grey));
  t.same(await colourAt(over, 40, 30), [50, 50, 50], 'of one channel');
});

t.test('on what is transparent, nothing becomes opaque that it does not cover', async (t) => {
  const clear = await sharp({ create: { width: 80, height: 60, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer();
  const made = await draw(clear, { f: 'webp', q: 100 }, await watermark({ margin: 0 }));
  t.equal((await colourAt(made, 5, 5))[3], 0);
  t.equal((await colourAt(made, 75, 55))[3], 255);
});

t.test('upright itself, on a picture that had to be turned and trimmed', async (t) => {
  const lying = await orientedJpeg(6, 20, 10);
  const over = await watermark({ scale: 1, margin: 0, pos: 'left top' }, lying);
  t.same([over.size.width, over.size.height], [20, 10]);
  const white = await paint(100, 80, (x, y) => (x > 10 && y > 10 ? [255, 255, 255] : [0, 0, 0]))
    .jpeg({ quality: 100 })
    .toBuffer();
  const made = await draw(white, { trim: 60, rot: 180, f: 'png' }, over);
  // The gradient is red to the right and green downwards; it covers the whole width of what was left.
  const [left, right] = [await colourAt(made, 2, 2), await colourAt(made, 80, 2)];
  t.ok((left[0] ?? 255) < 60 && (right[0] ?? 0) > 180, `${left} ${right}`);
});

t.test('on every frame of an animation', async (t) => {
  for (const format of ['gif', 'webp'] as const) {
    for (const options of [{ f: format }, { f: format, w: 30, blur: 0.5 }] as const) {
      const made = await draw(await animation(format, 3, 60, 40), options, await watermark({ margin: 0 }));
      t.equal((await sharp(made).metadata()).pages, 3);
      for (const page of [0, 1, 2]) {
        const frame = await sharp(made, { page }).png().toBuffer();
        const { width = 0, height = 0 } = await sharp(frame).metadata();
        const [red = 255, green = 0] = await colourAt(frame, width - 3, height - 3);
        t.ok(green > 220 && red < 60, `${format} ${page}: ${red} ${green}`);
        const level = Math.round((255 * (page + 1)) / 3);
        t.ok(Math.abs(((await colourAt(frame, 3, 3))[0] ?? 0) - level) <= 10);
      }
    }
  }
});

t.test('an animation that is too long is not passed through without it', async (t) => {
  const original = await animation('gif', 4);
  const facts = await factsOf(original);
  const policy = { ...POLICY, maxFrames: 2 };
  t.equal(planVariant({ w: 30 }, facts, [], policy), undefined);
  t.match(planVariant({ w: 30 }, facts, [], policy, await watermark()), { animated: false, firstOf: 4, format: 'gif' });
});

t.test('what cannot be decoded is no watermark', async (t) => {
  const broken = await watermark({}, await gradient(40, 40).png().toBuffer());
  const cut = { ...broken, picture: broken.picture.slice(0, 60) };
  await t.rejects(draw(await gradient(40, 40).png().toBuffer(), { f: 'png' }, cut), { name: 'ServiceError' });
});
