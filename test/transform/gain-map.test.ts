import sharp from 'sharp';
import t from 'tap';
import { gainMapPixels } from '../../src/transform/gain-map.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';
import { jpegBomb, jpegClaim, jpegScans } from '../support/bombs.ts';
import { withGainMap } from '../support/gain-map.ts';
import { jpegSegment } from '../support/jpeg-blocks.ts';
import { gradient } from '../support/pictures.ts';
import { factsOf, planFor, variant } from '../support/variants.ts';

setUpSharp({ svg: 'pass', keepsGainMap: true });

const photo = await gradient(160, 120).jpeg().toBuffer();
const small = await gradient(80, 60).greyscale().toColourspace('b-w').jpeg().toBuffer();

t.test('pixels of a gain map, by its first frame header', (t) => {
  const start = Buffer.of(0xff, 0xd8);
  const scan = jpegSegment(0xda, Buffer.of(1, 1, 0, 0, 63, 0));
  const frame = (marker: number, width = 80) => jpegSegment(marker, Buffer.of(8, 0, 60, 0, width, 1, 1, 0x11, 0));
  const rows: readonly (readonly [what: string, map: Buffer, pixels: number])[] = [
    ['as it is written', small, 4800],
    ['in many scans', jpegScans(100, { width: 80, height: 60 }), 4800],
    ['in too many', jpegScans(101, { width: 80, height: 60 }), 0],
    ['as large as the picture', jpegBomb({ width: 160, height: 120 }), 19_200],
    ['larger', jpegBomb({ width: 160, height: 121 }), 0],
    ['nothing', Buffer.alloc(0), 0],
    ['no frame', Buffer.concat([start, scan]), 0],
    ['none ahead of the scans', Buffer.concat([start, scan, frame(0xc0)]), 0],
    ['one that breaks off', Buffer.concat([start, Buffer.of(0xff, 0xc0, 0, 11, 8)]), 0],
    [
      'tables first',
      Buffer.concat([start, ...[0xc4, 0xc8, 0xcc, 0xdb].map((table) => frame(table, 9)), frame(0xcf)]),
      4800,
    ],
  ];
  for (const [what, map, pixels] of rows) t.equal(gainMapPixels(map, 160 * 120), pixels, what);
  t.end();
});

t.test('a gain map is kept within the limits of its picture, and counts', async (t) => {
  const asked = { w: 80 };
  const isKept = async (map: Buffer) => {
    const original = withGainMap(photo, map);
    const { keepsGainMap } = await planFor(original, asked, { keepsGainMap: true });
    const made = await sharp(await variant(original, asked, { keepsGainMap: true })).metadata();
    t.equal(made.gainMap !== undefined, keepsGainMap);
    return keepsGainMap;
  };
  t.ok(await isKept(small));
  t.notOk(await isKept(jpegClaim(small, { width: 20_000, height: 20_000 })), 'larger than its picture');
  t.notOk(await isKept(jpegScans(101, { width: 80, height: 60 })), 'in too many scans');
  t.equal((await factsOf(withGainMap(photo, small))).gainMapPixels, 4800);
});

t.test('its memory is a part of the cost', async (t) => {
  const large = jpegClaim(photo, { width: 5000, height: 4000 });
  const original = withGainMap(large, jpegClaim(small, { width: 5000, height: 4000 }));
  t.equal((await planFor(original, { w: 80 }, { keepsGainMap: true })).cost, 2);
  t.equal((await planFor(original, { w: 80 })).cost, 1);
  t.equal((await planFor(original, { w: 80, f: 'webp' }, { keepsGainMap: true })).cost, 1, 'where it is kept');
  t.equal((await planFor(withGainMap(large, small), { w: 80 }, { keepsGainMap: true })).cost, 1);
});
