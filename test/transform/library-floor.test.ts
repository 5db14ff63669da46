import t from 'tap';
import type { LibraryVersions } from '../../src/transform/library-floor.ts';
import type { SvgRule } from '../../src/transform/rules.ts';
import { setUpSharp } from '../../src/transform/sharp-setup.ts';

/** Of 2026-11, each at its floor or above. */
const GOOD = { sharp: '0.35.0', vips: '8.18.3', heif: '1.22.0', webp: '1.3.2', rsvg: '2.63.2', png: '0.0.1' };

function complaint(changed: LibraryVersions, svg: SvgRule = 'rasterize'): string | undefined {
  try {
    setUpSharp({ svg }, { ...GOOD, ...changed });
    return undefined;
  } catch (error) {
    return (error as Error).stack;
  }
}

t.test('what is bundled now is new enough, wherever it is used', (t) => {
  for (const svg of ['pass', 'rasterize', 'refuse'] as const) t.doesNotThrow(() => setUpSharp({ svg }), svg);
  t.equal(complaint({}), undefined, 'and so are the floors themselves');
  t.end();
});

t.test('an older library keeps the service from starting: one line names it, its version and its floor', (t) => {
  const rows: readonly (readonly [name: string, version: string, message: RegExp])[] = [
    ['sharp', '0.34.9', /^sharp is 0\.34\.9; expected 0\.35\.0 or newer, without GHSA-f88m-g3jw-g9cj\.$/],
    ['vips', '8.18.2', /^libvips is 8\.18\.2; expected 8\.18\.3 or newer, without CVE-2026-69242\.$/],
    ['vips', '8.9.99', /^libvips is 8\.9\.99; /],
    ['vips', '7.42.3', /^libvips is 7\.42\.3; /],
    ['heif', '1.21.9', /^libheif is 1\.21\.9; expected 1\.22\.0 or newer, without CVE-2026-32882\.$/],
    ['webp', '1.3.1', /^libwebp is 1\.3\.1; expected 1\.3\.2 or newer, without CVE-2023-4863\.$/],
    ['rsvg', '2.63.1', /^librsvg is 2\.63\.1; expected 2\.57\.5, or 2\.60\.3, .+, or 2\.63\.2 or newer, without CVE-/],
    ['vips', 'unknown', /^libvips is unknown; /],
  ];
  for (const [name, version, message] of rows) t.match(complaint({ [name]: version }), message, `${name} ${version}`);
  t.end();
});

t.test('newer ones are good', (t) => {
  const rows: readonly (readonly [name: string, version: string])[] = [
    ['vips', '8.18.10'],
    ['vips', '8.19.0-rc1'],
    ['vips', '8.19'],
    ['vips', '9.0.0'],
    ['sharp', '1.0.0'],
    ['rsvg', '2.64.0'],
  ];
  for (const [name, version] of rows) t.equal(complaint({ [name]: version }), undefined, `${name} ${version}`);
  t.end();
});

t.test('a series of librsvg that was mended is good from there on; one that was not, never', (t) => {
  for (const version of ['2.57.5', '2.57.9', '2.60.3', '2.61.5', '2.62.4'])
    t.equal(complaint({ rsvg: version }), undefined, version);
  for (const version of ['2.57.4', '2.58.9', '2.59.2', '2.60.2', '2.61.4', '2.62.3', '2.40.21'])
    t.match(complaint({ rsvg: version }), /^librsvg is 2\./, version);
  t.end();
});

t.test('librsvg matters only where SVG is drawn', (t) => {
  t.equal(complaint({ rsvg: '2.40.0' }, 'pass'), undefined);
  t.equal(complaint({ rsvg: '2.40.0' }, 'refuse'), undefined);
  t.end();
});

t.test('of a libvips of the system no more is known than its own version, which counts', (t) => {
  t.doesNotThrow(() => setUpSharp({ svg: 'rasterize' }, { vips: '8.18.3', sharp: '0.35.5' }));
  t.throws(() => setUpSharp({ svg: 'rasterize' }, { vips: '8.17.0', sharp: '0.35.5' }), /libvips is 8\.17\.0/);
  t.end();
});
