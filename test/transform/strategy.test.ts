import sharp from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { animation, noise, paint } from '../support/pictures.ts';
import { planFor, variant } from '../support/variants.ts';

/** Grey, with a busy red and white square at a place. */
function busyAt(width: number, height: number, left: number, top: number, side = 40) {
  return paint(width, height, (x, y) => {
    const isBusy = x >= left && x < left + side && y >= top && y < top + side;
    if (!isBusy) return [120, 120, 120];
    return (x + y) % 4 < 2 ? [255, 0, 0] : [255, 255, 255];
  });
}

/** The part of a picture that is not grey. */
async function busyPart(encoded: Buffer): Promise<number> {
  const { data, info } = await sharp(encoded).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let busy = 0;
  for (let at = 0; at < data.length; at += info.channels) if ((data[at] ?? 0) - (data[at + 1] ?? 0) > 20) busy++;
  return busy / (info.width * info.height);
}

t.test('cover keeps what there is to see, wherever it lies', async (t) => {
  for (const pos of ['entropy', 'attention'] as const) {
    for (const [left, top] of [
      [0, 30],
      [340, 30],
      [170, 30],
    ] as const) {
      const original = await busyAt(400, 100, left, top).png().toBuffer();
      const made = await variant(original, { w: 100, h: 100, pos, f: 'png' });
      t.match(await sharp(made).metadata(), { width: 100, height: 100 });
      // All of it: 40 x 40 of 100 x 100, of which about half is red.
      t.ok((await busyPart(made)) > 0.07, `${pos} at ${left}`);
    }
    const centre = await variant(await busyAt(400, 100, 0, 30).png().toBuffer(), { w: 100, h: 100, f: 'png' });
    t.equal(await busyPart(centre), 0, 'which the centre is not');
  }
});

t.test('after the picture is upright, cut and turned', async (t) => {
  const upright = await busyAt(400, 100, 340, 30).png().toBuffer();
  const stored = await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
  for (const [name, original] of [
    ['as it is', upright],
    ['on its side', stored],
  ] as const) {
    for (const options of [
      { w: 100, h: 100 },
      { w: 100, h: 50, rot: 180 },
      { w: 60, h: 90, rot: 90 },
      { w: 60, h: 90, rot: 270, flip: 'h' },
      { w: 80, h: 100, flip: 'h' },
      { w: 50, h: 50, crop: '200,0,200,100' },
      { w: 50, h: 50, crop: '200,0,200,100', rot: 90 },
      { w: 40, h: 70, crop: '200,0,200,100', rot: 270, flip: 'h' },
    ] satisfies Options[]) {
      const made = await variant(original, { ...options, pos: 'attention', f: 'png' });
      t.match(await sharp(made).metadata(), { width: options.w, height: options.h });
      t.ok((await busyPart(made)) > 0.03, `${name} ${JSON.stringify(options)}`);
    }
  }
});

t.test('turned, a JPEG is decoded whole, and counted so', async (t) => {
  const original = await noise(800, 600).jpeg().toBuffer();
  t.equal((await planFor(original, { w: 40, h: 40, pos: 'attention', rot: 90 })).sourcePixels, 800 * 600);
  t.equal((await planFor(original, { w: 40, h: 40, pos: 'attention' })).sourcePixels, 200 * 150);
  await t.rejects(planFor(original, { w: 40, h: 40, pos: 'entropy', rot: 180 }, { maxSourcePixels: 400_000 }), {
    code: 'too_many_pixels',
  });
});

t.test('sides are exact', async (t) => {
  const pick = (most: number) => 1 + Math.floor(Math.random() * most);
  for (let round = 0; round < 60; round++) {
    const [width, height, w, h] = [pick(300), pick(300), pick(200), pick(200)];
    const original = await noise(width, height).jpeg().toBuffer();
    const options: Options = { w, h, pos: round % 2 ? 'entropy' : 'attention', f: 'png', pad: '1,2,3,4' };
    const { width: across, height: down } = await sharp(await variant(original, options)).metadata();
    t.same([across, down], [w + 6, h + 4], `${width}x${height} to ${w}x${h}`);
  }
});

t.test('what would be enlarged beyond all measure is cut in the middle first', async (t) => {
  const plan = await planFor(await noise(1, 2000).png().toBuffer(), { w: 4096, h: 4096, pos: 'entropy' });
  t.match(plan, { crop: undefined, region: { width: 1, height: 1, left: 0, top: 1000 } });
});

t.test('looks at the first frame, which is all that is kept', async (t) => {
  const original = await animation('webp', 4, 60, 40);
  t.notOk((await planFor(original, { w: 20, h: 20, pos: 'entropy' })).animated);
  t.ok((await planFor(original, { w: 20, h: 20 })).animated);
  const { pages = 1 } = await sharp(await variant(original, { w: 20, h: 20, pos: 'attention' })).metadata();
  t.equal(pages, 1);
});
