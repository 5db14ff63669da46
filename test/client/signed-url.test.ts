import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { imageUrl, type SignedOptions, signedUrl } from '../../src/client.ts';
import { signedUrl as signedByCommand } from '../../src/commands/sign.ts';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { jpeg } from '../support/pictures.ts';
import { ROOT } from '../support/process.ts';
import { startService } from '../support/service.ts';
import { inSeconds, KEYS, SIGNING_KEYS } from '../support/signing.ts';

const KEY = { kid: 'new', secret: KEYS.new };
const VECTOR_KEY = { kid: 'k1', secret: KEYS.new };

t.test('the vectors of the documents', async (t) => {
  const vectors: readonly (readonly [string, SignedOptions, string])[] = [
    ['harbour.jpg', { w: 400 }, '/harbour.jpg?w=400&kid=k1&sig=gom2c8nvBlYrsiKtfjFXHa9VuBy-7LMXbc3QGXtefH4'],
    [
      'photos/café (1).jpg',
      { w: 200, h: 150, f: 'webp', exp: 4102444800 },
      '/photos/caf%C3%A9%20%281%29.jpg?w=200&h=150&f=webp&exp=4102444800&kid=k1&sig=3fp2Awe36zIOYkx16uuANxiW5qFwH4zhZ6enq8l6CtI',
    ],
    ['/harbour.jpg', {}, '/harbour.jpg?kid=k1&sig=dNGSq4nRu6H63BOBRk_WjzwtjLwjjo3fIlwe1mZKYjs'],
  ];
  const documentation = await readFile(path.join(ROOT, 'docs/signing.md'), 'utf8');
  for (const [key, options, url] of vectors) {
    t.equal(await signedUrl(key, options, VECTOR_KEY), url);
    t.match(documentation, `\`${url.slice(url.indexOf('sig=') + 4)}\``);
  }
});

/** Every option once, and what is hard to write. */
const OPTIONS: readonly SignedOptions[] = [
  {},
  { exp: inSeconds(3_600) },
  { w: 40, h: 30, fit: 'contain', bg: 'teal', exp: inSeconds(60) },
  { w: 40.4, h: 30, pos: 'top right' },
  { w: 40, h: 30, pos: '0.3,0.5' },
  { crop: '0.1,0.2,0.5,0.5', f: 'png' },
  { crop: '1,2,30,20', rot: 90, flip: 'hv', f: 'auto' },
  { trim: 5, w: 20, pad: '1,2,3,4', bg: '#fa08', dpr: 2 },
  { w: 40, enlarge: 0, blur: 1.5, sharpen: 0.5 },
  { w: 40, f: 'gif', colors: 16, anim: 0 },
  { w: 40, f: 'jpeg', q: 1 },
  { w: 40, wm: 'logo' },
  { preset: 'thumb' },
  { preset: 'thumb', w: 20, pos: 'center' },
  { dl: 'Grüße "1+1", 50%.jpg' },
  { w: 9_999, dl: "it's (new)*!.jpg" },
];

t.test('the service takes what is signed, whatever it says, and nothing else', async (t) => {
  const folder = t.testdir({
    source: { "Grüße +1, 'neu'": { 'a (1).jpg': await jpeg(80, 60) }, 'logo.jpg': await jpeg(10, 10) },
    'presets.json': '{ "thumb": "w=10&h=10&fit=contain" }',
    'watermarks.json': '{ "logo": { "key": "logo.jpg" } }',
  });
  const env = {
    PRESETS_FILE: path.join(folder, 'presets.json'),
    WATERMARKS_FILE: path.join(folder, 'watermarks.json'),
  };
  const service = await startService(t, { env: { ...env, SIGNING_KEYS, SOURCE: `file://${folder}/source` } });
  const key = "Grüße +1, 'neu'/a (1).jpg";
  for (const options of OPTIONS) {
    const url = await signedUrl(key, options, KEY);
    const name = JSON.stringify(options);
    t.equal((await service.get(url)).status, 200, name);
    const at = url.indexOf('sig=') + 4 + 20;
    const other = url.slice(0, at) + (url[at] === 'A' ? 'B' : 'A') + url.slice(at + 1);
    t.equal((await service.get(other)).status, 403, 'a character of the signature is another');
    t.equal((await service.get(url.replace('a%20', 'b%20'))).status, 403, 'the key is another');
    t.equal((await service.get(`${url}&q=3`)).status, options.q === undefined ? 403 : 400, 'more is asked for');
    t.equal((await service.get(imageUrl(key, withoutEnd(options)))).status, 403, 'nothing is signed');
  }
  const old = await signedUrl(key, { w: 9 }, { kid: 'old', secret: KEYS.old });
  t.equal((await service.get(old)).status, 200, 'by the older key');
  t.equal((await service.get(old.replace('kid=old', 'kid=new'))).status, 403);
  const ended = await signedUrl(key, { w: 9, exp: inSeconds(-1) }, KEY);
  t.equal((await service.get(ended)).status, 403, 'its time is over');
});

function withoutEnd({ exp: _, ...options }: SignedOptions): SignedOptions {
  return options;
}

t.test('the command signs the same URL in the same way', async (t) => {
  const sign = (text: string) => createHmac('sha256', Buffer.from(KEYS.new, 'hex')).update(text).digest('base64url');
  const policy = { ...readEdgePolicy({}), presets: { thumb: {} }, watermarks: ['logo'] };
  for (const options of OPTIONS) {
    const plain = withoutEnd(options);
    const url = imageUrl('Grüße/a.jpg', plain, { base: 'https://h.example' });
    const signatureOf = (text: string) => new URL(text).searchParams.get('sig');
    const ours = await signedUrl('Grüße/a.jpg', options, KEY, { base: 'https://h.example' });
    t.equal(signatureOf(ours), signatureOf(signedByCommand(url, options.exp, { kid: 'new', sign }, policy)), ours);
  }
});

t.test('what is canonical at a site is what is signed', async (t) => {
  const policy = { ladders: { mode: 'snap', w: [320, 640], h: [], q: [] } } as const;
  t.match(
    await signedUrl('a.jpg', { w: 400 }, KEY, { policy, base: 'https://h.example' }),
    /^https:..h\.example\/a\.jpg\?w=640&kid=new&sig=/,
  );
  await t.rejects(signedUrl('a.jpg', { w: 400 }, { kid: 'new', secret: '' }), 'without a secret nothing is signed');
  const bad = [
    // @ts-expect-error a key has an id
    () => signedUrl('a', {}, { secret: 'ff' }),
    // @ts-expect-error seconds since 1970
    () => signedUrl('a', { exp: new Date() }, KEY),
  ];
  t.equal(bad.length, 2);
});
