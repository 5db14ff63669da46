import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { readConfig } from '../src/config.ts';
import { KEYS, SIGNING_KEYS } from './support/signing.ts';

const SAMPLES = 'file:///samples';

function read(env: NodeJS.ProcessEnv) {
  return readConfig(env, SAMPLES);
}

t.test('nothing is signed, locked or on a ladder unless it is said', (t) => {
  t.match(read({}), {
    signing: { isRequired: false, keys: [], exemptions: [] },
    ladders: { mode: 'snap', w: [], h: [], q: [] },
    originSecrets: undefined,
  });
  t.end();
});

t.test('keys are required to be used where there are some, unless it is said', (t) => {
  const { signing } = read({ SIGNING_KEYS, SIGNING_EXEMPT: 'ladder,presets' });
  t.equal(signing.isRequired, true);
  t.same(signing.exemptions, ['ladder', 'presets']);
  t.same(
    signing.keys.map(({ id, secret }) => [id, secret.toString('hex')]),
    Object.entries(KEYS),
  );
  t.equal(read({ SIGNING_KEYS, SIGNING: 'required' }).signing.isRequired, true);
  t.equal(read({ SIGNING_KEYS, SIGNING: 'off' }).signing.isRequired, false);
  t.end();
});

t.test('ladders are sorted, each rung once', (t) => {
  const env = { WIDTHS: '640, 320,320', HEIGHTS: '4096', QUALITIES: '80,1,100', LADDER_MODE: 'allow' };
  t.same(read(env).ladders, { mode: 'allow', w: [320, 640], h: [4096], q: [1, 80, 100] });
  t.end();
});

t.test('one secret, or two while it is being changed', (t) => {
  const [one, two] = ['x'.repeat(16), '-~!#"%&/0123456789'];
  t.same(read({ ORIGIN_SECRETS: one }).originSecrets, [one]);
  t.same(read({ ORIGIN_SECRETS: `${one},${two}` }).originSecrets, [one, two]);
  t.end();
});

const KEY = 'a'.repeat(32);
const SECRET = 'secret-secret-secret';

const BAD: readonly (readonly [env: NodeJS.ProcessEnv, message: RegExp])[] = [
  [{ SIGNING: 'on' }, /^SIGNING is "on"; expected off or required\.$/],
  [{ SIGNING: 'required' }, /^SIGNING is "required"; expected it beside SIGNING_KEYS\.$/],
  [{ SIGNING_KEYS: KEY }, /^SIGNING_KEYS is something of 32 characters; expected up to 16 keys as id:hex,id:hex/],
  [{ SIGNING_KEYS: `k:${KEY.slice(2)}` }, /^SIGNING_KEYS is something of 32 characters; /],
  [{ SIGNING_KEYS: `k:${KEY}a` }, /^SIGNING_KEYS /],
  [{ SIGNING_KEYS: `k:${KEY},k:${KEY}` }, /^SIGNING_KEYS is something of 69 characters; expected each id once\.$/],
  [{ SIGNING_KEYS: Array.from({ length: 17 }, (_, index) => `k${index}:${KEY}`).join() }, /^SIGNING_KEYS /],
  [{ SIGNING_EXEMPT: 'originals' }, /^SIGNING_EXEMPT is "originals"; expected presets, ladder or both/],
  [{ ORIGIN_SECRETS: 'short' }, /^ORIGIN_SECRETS is something of 5 characters; expected one or two secrets/],
  [{ ORIGIN_SECRETS: `${SECRET},${SECRET},${SECRET}` }, /^ORIGIN_SECRETS is something of 62 characters; /],
  [{ ORIGIN_SECRETS: `${SECRET} x` }, /^ORIGIN_SECRETS /],
  [{ WIDTHS: '320;640' }, /^WIDTHS is "320;640"; expected widths from 1 to MAX_WIDTH such as 320,640,1280\.$/],
  [{ WIDTHS: '320,4097' }, /^WIDTHS is "320,4097"; /],
  [{ HEIGHTS: '0' }, /^HEIGHTS is "0"; expected heights from 1 to MAX_HEIGHT/],
  [{ HEIGHTS: '500', MAX_HEIGHT: '499' }, /^HEIGHTS is "500"; /],
  [{ QUALITIES: '101' }, /^QUALITIES is "101"; expected qualities from 1 to 100/],
  [{ LADDER_MODE: 'round' }, /^LADDER_MODE is "round"; expected snap or allow\.$/],
  [{ WIDTHS: '320', DEFAULT_OPTIONS: 'w=300' }, /^DEFAULT_OPTIONS is "w=300"; expected a rung of WIDTHS in them\.$/],
  [{ QUALITIES: '60', DEFAULT_OPTIONS: 'q=70' }, /^DEFAULT_OPTIONS is "q=70"; expected a rung of QUALITIES in them\.$/],
];

t.test('a bad value says so, and no secret is said', (t) => {
  for (const [env, message] of BAD) t.throws(() => read(env), { name: 'ConfigError', message });
  t.end();
});

t.test('no ladder turns a preset into another size', async (t) => {
  const PRESETS_FILE = path.join(t.testdir(), 'presets.json');
  await writeFile(PRESETS_FILE, '{ "thumb": "w=200&h=120&dpr=2", "tile": "h=100" }');
  for (const mode of ['snap', 'allow']) {
    const env = { PRESETS_FILE, LADDER_MODE: mode };
    t.match(read({ ...env, WIDTHS: '400,800', HEIGHTS: '100,240' }), { ladders: { w: [400, 800] } });
    t.throws(() => read({ ...env, WIDTHS: '320' }), {
      message: 'PRESETS_FILE is "w=400"; expected a rung of WIDTHS in "thumb".',
    });
    t.throws(() => read({ ...env, WIDTHS: '400', HEIGHTS: '240' }), {
      message: 'PRESETS_FILE is "h=100"; expected a rung of HEIGHTS in "tile".',
    });
  }
});
