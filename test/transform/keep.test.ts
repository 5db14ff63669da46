import sharp from 'sharp';
import t from 'tap';
import type { Options } from '../../src/request/options.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { withGainMap } from '../support/gain-map.ts';
import { knownProfile } from '../support/icc-profile.ts';
import { profileSegments, withJpegSegments } from '../support/jpeg-blocks.ts';
import { animation, gradient, paint } from '../support/pictures.ts';
import { factsOf, planFor, variant } from '../support/variants.ts';

setUpSharp({ svg: 'pass', keepsGainMap: true });

const wide = await paint(60, 40, () => [200, 60, 60])
  .withIccProfile('p3')
  .png()
  .toBuffer();

/** What is stored, whatever the profile says of it. */
async function stored(encoded: Buffer): Promise<readonly number[]> {
  const { data } = await sharp(encoded, { ignoreIcc: true }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray(0, 3)];
}

const inP3 = await stored(wide);

const isNear = (found: readonly number[], expected: readonly number[], tolerance = 4) =>
  expected.every((level, channel) => Math.abs(level - (found[channel] ?? -99)) <= tolerance);

t.test('colours of a wide profile are kept with it, where the format can say so', async (t) => {
  for (const f of ['jpeg', 'png', 'webp', 'avif'] as const) {
    const made = await variant(wide, { w: 30, f, q: 95 }, { keepsProfile: true });
    t.match((await sharp(made).metadata()).icc?.toString('latin1'), /acspAPPL|RGB XYZ/, f);
    t.ok(isNear(await stored(made), inP3, 6), f);
  }
  const gif = await variant(wide, { w: 30, f: 'gif' }, { keepsProfile: true });
  t.equal((await sharp(gif).metadata()).icc, undefined);
  const inSrgb = await stored(await variant(wide, { w: 30, f: 'png' }));
  t.notOk(isNear(inSrgb, inP3), 'which is another colour');
  t.ok(isNear(await stored(gif), inSrgb), 'in sRGB where not');
});

t.test('a profile that says nothing new is not kept', async (t) => {
  const srgb = await gradient(60, 40).withIccProfile('srgb').jpeg().toBuffer();
  t.ok((await sharp(srgb).metadata()).icc);
  t.equal((await sharp(await variant(srgb, { w: 30 }, { keepsProfile: true })).metadata()).icc, undefined);
  const cmyk = await gradient(60, 40).withIccProfile('cmyk').jpeg().toBuffer();
  t.match(await sharp(cmyk).metadata(), { space: 'cmyk', hasProfile: true });
  const made = await variant(cmyk, { w: 30 }, { keepsProfile: true });
  t.match(await sharp(made).metadata(), { space: 'srgb', icc: undefined });
  t.notOk((await factsOf(cmyk)).wideGamut);
});

t.test('a profile is known by its name, in one byte a letter or two, in its first megabyte', async (t) => {
  const picture = await gradient(8, 8).jpeg().toBuffer();
  const p3 = await knownProfile('p3');
  const named = (name: string, at: number) => {
    const profile = Buffer.concat([p3, Buffer.alloc(Math.max(0, at + 10 - p3.length), 's')]);
    profile.write(name, at, 'latin1');
    profile.writeUInt32BE(profile.length);
    return withJpegSegments(picture, profileSegments(profile));
  };
  const rows: readonly (readonly [what: string, original: Buffer, isWide: boolean])[] = [
    ['another name', named('sRGA', p3.length), true],
    ['in one byte', named('sRGB', p3.length), false],
    ['in two', named('\0s\0R\0G\0B', p3.length), false],
    ['at the end of what is looked at', named('sRGB', 1e6 - 4), false],
    ['behind it', named('sRGB', 1e6 - 3), true],
  ];
  for (const [what, original, isWide] of rows) t.equal((await factsOf(original)).wideGamut, isWide, what);
});

t.test('what is blurred with a border comes out in sRGB, in the right colours', async (t) => {
  const made = await variant(wide, { blur: 2, pad: '0,0,9,0', f: 'png' }, { keepsProfile: true });
  t.equal((await sharp(made).metadata()).icc, undefined);
  t.ok(isNear(await stored(made), await stored(await variant(wide, { w: 30, f: 'png' }))));
  t.ok(
    (await sharp(await variant(wide, { blur: 2, f: 'png' }, { keepsProfile: true })).metadata()).icc,
    'not so without one',
  );
});

const photo = await gradient(160, 120).jpeg({ quality: 90 }).toBuffer();
const map = await gradient(80, 60).greyscale().toColourspace('b-w').jpeg().toBuffer();
const bright = withGainMap(photo, map);

async function gainMapOf(encoded: Buffer): Promise<string> {
  const { gainMap } = await sharp(encoded).metadata();
  if (!gainMap) return 'none';
  const { width, height } = await sharp(gainMap.image).metadata();
  return `${width}x${height}`;
}

t.test('a gain map is scaled, cut and mirrored with its picture', async (t) => {
  t.equal(await gainMapOf(bright), '80x60');
  const rows: readonly (readonly [Options, picture: string, map: string])[] = [
    [{ w: 80 }, '80x60', '40x30'],
    [{ w: 80, q: 30 }, '80x60', '40x30'],
    [{ w: 60, h: 60 }, '60x60', '30x30'],
    [{ w: 80, flip: 'h', pad: '10,10,10,10' }, '100x80', '50x40'],
    [{ crop: '0,0,80,60', w: 40 }, '40x30', '20x15'],
    [{ w: 80, sharpen: 1 }, '80x60', '40x30'],
    [{ w: 80, h: 80, fit: 'contain' }, '80x80', '40x40'],
    [{ crop: '0.25,0.0,0.5,1.0', w: 60, h: 60 }, '60x60', '30x30'],
  ];
  for (const [options, picture, wanted] of rows) {
    const made = await variant(bright, options, { keepsGainMap: true });
    const { width, height, format } = await sharp(made).metadata();
    t.same([format, `${width}x${height}`, await gainMapOf(made)], ['jpeg', picture, wanted], JSON.stringify(options));
  }
  const small = await variant(bright, { w: 80, q: 20 }, { keepsGainMap: true });
  t.ok(
    small.length < (await variant(bright, { w: 80, q: 95 }, { keepsGainMap: true })).length,
    'at the quality asked for',
  );
});

t.test('it is left out where it was not asked for, and where sharp could not keep it', async (t) => {
  t.equal(await gainMapOf(await variant(bright, { w: 80 })), 'none');
  for (const options of [
    { w: 80, f: 'webp' },
    { w: 80, f: 'png' },
    { trim: 10 },
    { w: 60, rot: 90 },
    { w: 60, rot: 180 },
    { w: 60, blur: 1 },
    { w: 60, h: 60, pos: 'attention' },
    { w: 60, blur: 1, pad: '1,1,1,1' },
  ] satisfies Options[]) {
    const made = await variant(bright, options, { keepsGainMap: true });
    t.equal(await gainMapOf(made), 'none', JSON.stringify(options));
    t.notOk(made.includes('hdrgm'));
  }
  t.equal(await gainMapOf(await variant(photo, { w: 80 }, { keepsGainMap: true })), 'none', 'nor is one invented');
  t.equal((await planFor(bright, { w: 20 }, { keepsGainMap: true })).sourcePixels, 160 * 120, 'decoded whole');
  t.equal((await planFor(bright, { w: 20 })).sourcePixels, 40 * 30);
});

t.test('nor is that of a picture which has to be turned upright', async (t) => {
  for (const orientation of [1, 2, 3, 6, 8]) {
    const lying = withGainMap(await gradient(160, 120).withMetadata({ orientation }).jpeg().toBuffer(), map);
    const kept = await gainMapOf(await variant(lying, { w: 40 }, { keepsGainMap: true }));
    t.equal(kept, orientation <= 2 ? '20x15' : 'none', String(orientation));
  }
});

t.test('metadata is gone there too', async (t) => {
  const telling = await gradient(160, 120)
    .withExif({ IFD0: { Artist: 'Somebody', Make: 'Secretcam' }, IFD3: { GPSLatitudeRef: 'N' } })
    .jpeg()
    .toBuffer();
  const made = await variant(withGainMap(telling, map), { w: 80 }, { keepsGainMap: true });
  t.not(await gainMapOf(made), 'none');
  for (const secret of ['Somebody', 'Secretcam']) t.notOk(made.includes(secret), secret);
});

t.test('an animation with a profile is one still', async (t) => {
  const moving = await animation('webp', 3);
  t.equal(
    (await sharp(await variant(moving, { w: 30 }, { keepsProfile: true, keepsGainMap: true })).metadata()).pages,
    3,
  );
});
