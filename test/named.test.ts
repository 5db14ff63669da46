import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { optionPolicy, readConfig } from '../src/config.ts';
import { ConfigError } from '../src/config-error.ts';

const SAMPLES = 'file:///samples';

function read(t: { testdir(files: Record<string, string>): string }, files: Record<string, unknown>, env = {}) {
  const folder = t.testdir({});
  const variables = Object.entries(files).map(([name, content]) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return [name, file];
  });
  return readConfig({ ...Object.fromEntries(variables), ...env }, SAMPLES);
}

const LOGO = { key: 'brand/logo \u00e4.png' };

t.test('presets and watermarks by name', (t) => {
  const config = read(t, {
    WATERMARKS_FILE: { logo: LOGO, big: { key: 'b.png', pos: 'centre', scale: 1, opacity: 0.5, margin: 0 } },
    PRESETS_FILE: { thumb: 'w=160&h=160&f=webp', 'hero-2_x': 'w=1600&wm=logo' },
  });
  t.same(config.presets, { thumb: { w: 160, h: 160, f: 'webp' }, 'hero-2_x': { w: 1600, wm: 'logo' } });
  t.same(config.watermarks, {
    logo: { key: 'brand/logo \u00e4.png', pos: 'right bottom', scale: 0.25, opacity: 1, margin: 0.02 },
    big: { key: 'b.png', pos: 'centre', scale: 1, opacity: 0.5, margin: 0 },
  });
  t.match(optionPolicy(config), { watermarks: ['logo', 'big'], presetsOnly: false });
  t.same(read(t, { WATERMARKS_FILE: { logo: LOGO } }, { DEFAULT_OPTIONS: 'wm=logo' }).defaultOptions, { wm: 'logo' });
  t.end();
});

t.test('what is wrong with a file ends the start, and is said', (t) => {
  const rows: readonly (readonly [files: Record<string, unknown>, message: RegExp])[] = [
    [{ PRESETS_FILE: '{' }, /^PRESETS_FILE is ".*"; expected a JSON file of options by name \(.*JSON/],
    [{ PRESETS_FILE: [] }, /One object, by name/],
    [{ PRESETS_FILE: null }, /One object, by name/],
    [{ PRESETS_FILE: { 'a b': 'w=1' } }, /"a b" is no name: letters, digits/],
    [{ PRESETS_FILE: { a: 7 } }, /a: Options as in a URL/],
    [{ PRESETS_FILE: { a: '' } }, /a: Options as in a URL/],
    [{ PRESETS_FILE: { a: 'w=abc' } }, /a: Bad option "w": expected a decimal number of at least 1, got "abc"/],
    [{ PRESETS_FILE: { a: 'width=5' } }, /a: Known options with values only/],
    [{ PRESETS_FILE: { a: 'wm=logo' } }, /a: Known options with values only/],
    [{ PRESETS_FILE: { a: 'w=1', b: 'preset=a' } }, /b: Known options with values only/],
    [{ WATERMARKS_FILE: { a: {} } }, /^WATERMARKS_FILE is ".*"; expected a JSON file of watermarks by name \(a: .*key/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, scale: 0 } } }, /a: scale must be/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, opacity: 2 } } }, /a: opacity must be/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, margin: 0.5 } } }, /a: margin must be/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, size: 1 } } }, /a: size is unknown/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, pos: 'middle' } } }, /a: pos must be a side, a corner or a point/],
    [{ WATERMARKS_FILE: { a: { ...LOGO, pos: 'entropy' } } }, /a: pos must be a side, a corner or a point/],
    [{ WATERMARKS_FILE: { a: { key: '../x' } } }, /a: Bad path: expected no "\." or "\.\." segment/],
    [{ WATERMARKS_FILE: { a: 'logo.png' } }, /a: It must be object/],
  ];
  for (const [files, message] of rows)
    t.throws(() => read(t, files), { name: ConfigError.name, message }, JSON.stringify(files));
  t.throws(() => readConfig({ PRESETS_FILE: '/nowhere.json' }, SAMPLES), {
    message: /^PRESETS_FILE is "\/nowhere.json".*ENOENT/,
  });
  t.end();
});

t.test('presets alone need presets, and URLs in which they can be named', (t) => {
  const presets = { PRESETS_FILE: { thumb: 'w=160' } };
  t.equal(read(t, presets, { PRESETS_ONLY: 'true' }).presetsOnly, true);
  const message = /^PRESETS_ONLY is "true"; expected it beside PRESETS_FILE, and without COMPAT\.$/;
  t.throws(() => read(t, {}, { PRESETS_ONLY: 'true' }), { message });
  t.throws(() => read(t, presets, { PRESETS_ONLY: 'true', COMPAT: 'lambda-edge' }), { message });
  t.end();
});
