import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { jpeg } from '../support/pictures.ts';
import { type Service, startOverS3, startService } from '../support/service.ts';
import { inSeconds, SIGNING_KEYS, signatureOf, signed } from '../support/signing.ts';
import { until } from '../support/waiting.ts';

const REFUSED = { status: 403, headers: { 'cache-control': 'no-store', 'access-control-allow-origin': '*' } };

function codeOf({ body }: { readonly body: Buffer }): string {
  return JSON.parse(body.toString()).error.code;
}

/** Whether each target is a 403 that says so. */
async function refuse(t: Test, service: Service, targets: readonly string[], headers?: Record<string, string>) {
  for (const target of targets) {
    const answer = await service.get(target, headers);
    t.match(answer, REFUSED, target);
    t.equal(codeOf(answer), 'bad_signature', target);
  }
}

const SIG = signatureOf('a.jpg\nh=75&w=100');
const RIGHT = `/a.jpg?w=100&h=75&sig=${SIG}`;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** So many letters after the last one of a signature, whose lowest two bits say nothing. */
function after(text: string, step: number): string {
  return BASE64URL.charAt(BASE64URL.indexOf(text.slice(-1)) + step);
}

/** As spelt by others, or as somebody would have them that has no key. */
const FORGED = [
  '/a.jpg',
  '/a.jpg?w=100&h=75',
  '/a.jpg?sig=',
  RIGHT.replace('w=100', 'w=101'),
  RIGHT.replace('w=100&h=75', 'w=75&h=100'),
  RIGHT.replace('/a.jpg', '/b.jpg'),
  RIGHT.replace('/a.jpg', `/${SIG}/a.jpg`),
  RIGHT.replace('/a.jpg', `/a.jpg${SIG}`),
  RIGHT.slice(0, -1),
  `${RIGHT}=`,
  `${RIGHT}A`,
  RIGHT.replace(SIG, SIG.toLowerCase()),
  RIGHT.replace(SIG, SIG.toUpperCase()),
  RIGHT.replace(SIG, Buffer.from(SIG, 'base64url').toString('hex')),
  // The other three spellings of the same bytes.
  ...[1, 2, 3].map((step) => `${RIGHT.slice(0, -1)}${after(RIGHT, step)}`),
  `${RIGHT}&q=50`,
  `${RIGHT}&dpr=1`,
  `${RIGHT}&dl=x.html`,
  `${RIGHT}&wm=logo`,
  `${RIGHT}&exp=${inSeconds(60)}`,
  `${RIGHT}&kid=old`,
  `${RIGHT}&kid=none`,
  `${RIGHT}&kid=__proto__`,
  `/a.jpg?sig=${SIG}`,
  `/a.jpg?${'x'.repeat(43)}&sig=${'A'.repeat(43)}`,
];

t.test('T05 signature bypass: what is not signed as it has to be is a 403, and nothing is fetched', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { SIGNING_KEYS } });
  await s3.put('a.jpg', await jpeg());
  s3.requests.reset();
  await refuse(t, service, FORGED);
  const twice = await service.get(`${RIGHT}&sig=${SIG}`);
  t.match(twice, { status: 400, body: /it once/ }, 'signed twice');
  t.equal(s3.requests.length, 0);
});

t.test('T05: what is signed is served, in every spelling of it, by every key that lives', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { SIGNING_KEYS, LOG_LEVEL: 'debug' } });
  await s3.put('a b.jpg', await jpeg());
  const key = 'a%20b.jpg';
  const variants = [
    signed(key, 'h=75&w=100'),
    signed(key, 'h=75&w=100').replace('h=75&w=100', 'utm_source=x&w=0100.0&h=75'),
    signed(key, 'h=75&kid=old&w=100', 'old'),
    signed(key, 'h=75&w=100', 'old'),
    signed(key, `exp=${inSeconds(60)}&h=75&kid=new&w=100`),
  ];
  for (const target of variants) t.equal((await service.get(target)).status, 200, target);
  t.equal(service.transforms(), 1, 'no signature is in the key');
  t.equal((await service.get(signed(key))).status, 200, 'the original');
  t.equal((await service.send('HEAD', signed(key))).status, 200);
  t.equal((await service.get(signed(key), { range: 'bytes=0-9' })).status, 206);
  t.equal((await service.get(signed(key, 'dl=x.jpg'))).status, 200);
  t.equal((await service.get(signed('missing.jpg'))).status, 404);
  t.equal(
    (await service.send('OPTIONS', '/a.jpg', { origin: 'https://a.example', 'access-control-request-method': 'GET' }))
      .status,
    204,
  );
});

t.test('T05: no answer outlives its URL', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const exp = inSeconds(60);
  for (const [key, query, status] of [
    ['harbour.jpg', `exp=${exp}&w=100`, 200],
    ['harbour.jpg', `exp=${exp}`, 200],
    ['missing.jpg', `exp=${exp}&w=100`, 404],
  ] as const) {
    const { headers, ...answer } = await service.get(signed(key, query));
    t.equal(answer.status, status);
    const ages = [...String(headers['cache-control']).matchAll(/(?:max-age|s-maxage)=(\d+)/g)].map(([, age]) =>
      Number(age),
    );
    t.ok(ages.length > 0 && ages.every((age) => age <= 60), String(headers['cache-control']));
    t.match(headers['cache-control'], /must-revalidate$/);
    t.notMatch(headers['cache-control'], /stale/);
  }
  const etag = String((await service.get(signed('harbour.jpg', `exp=${exp}&w=100`))).headers.etag);
  const unchanged = await service.get(signed('harbour.jpg', `exp=${exp}&w=100`), { 'if-none-match': etag });
  t.match(unchanged, { status: 304, headers: { 'cache-control': /max-age=[3-6][0-9], .+must-revalidate$/ } });
  const unending = await service.get(signed('harbour.jpg', 'w=100'));
  t.match(unending.headers['cache-control'], /max-age=3600, .+stale-while-revalidate=86400/, 'one without an end');
  await refuse(t, service, [signed('harbour.jpg', `exp=${inSeconds(-1)}&w=100`), signed('harbour.jpg', 'exp=0')]);
  const soon = signed('harbour.jpg', `exp=${inSeconds(2)}&w=100`);
  t.equal((await service.get(soon)).status, 200);
  // Remembered by now, and judged by the clock all the same.
  await until(async () => (await service.get(soon)).status === 403);
});

t.test('T05: the log of who looks for it shows what had to be signed, and no signature', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  service.app.logger.level = 'debug';
  await service.get(`/harbour.jpg?h=75&w=100&sig=${'A'.repeat(43)}`);
  await service.get(signed('harbour.jpg', 'w=100'));
  const judged = service.log.filter(({ signed: text }) => text !== undefined);
  t.match(judged, [
    { msg: 'signature refused', signed: 'harbour.jpg\nh=75&w=100', complaint: 'The signature is wrong.' },
    { msg: 'signature accepted', signed: 'harbour.jpg\nw=100' },
  ]);
});

t.test('T05: what may be left unsigned, and what SIGNING=off leaves', async (t) => {
  const presets = path.join(t.testdir(), 'presets.json');
  await writeFile(presets, '{ "thumb": "w=80&h=80" }');
  const env = {
    SIGNING_KEYS,
    PRESETS_FILE: presets,
    WIDTHS: '80,160',
    HEIGHTS: '80',
    SIGNING_EXEMPT: 'presets,ladder',
  };
  const service = await startService(t, { env });
  for (const target of ['/harbour.jpg?preset=thumb', '/harbour.jpg?w=77', '/harbour.jpg?w=160&f=webp&h=3&dpr=2']) {
    t.equal((await service.get(target)).status, 200, target);
  }
  await refuse(t, service, [
    '/harbour.jpg',
    '/harbour.jpg?dpr=2',
    '/harbour.jpg?f=jpeg',
    '/harbour.jpg?enlarge=0',
    '/harbour.jpg?q=50&w=77',
    '/harbour.jpg?preset=thumb&blur=2',
    '/harbour.jpg?preset=thumb&dl=x',
    '/harbour.jpg?w=77&pos=top',
    `/harbour.jpg?w=77&sig=${'A'.repeat(43)}`,
  ]);
  const open = await startService(t, { env: { SIGNING_KEYS, SIGNING: 'off' } });
  t.equal((await open.get(`/harbour.jpg?w=80&sig=${'A'.repeat(43)}&exp=1`)).status, 200, 'not looked at');
});

t.test('T05: one signature is one picture, however URLs are read', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS, COMPAT: 'lambda-edge' } });
  const target = signed('harbour.jpg', 'f=webp&h=75&q=50&w=100');
  t.match(await service.get(target), { status: 200, headers: { 'content-type': 'image/webp' } });
  for (const before of ['w=&', 'w&', 'h&q&', 'f=&']) {
    await refuse(t, service, [target.replace('?', `?${before}`)]);
  }
  const near = signed('harbour.jpg', 'w=100').replace('w=100', 'w=99.99999999999999999');
  await refuse(t, service, [near]);
  t.equal((await service.get(signed('harbour.jpg', 'blur=2&w=100'))).status, 200, 'what it does not know');
});

t.test('T05: what is signed and not configured is not the original', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  await refuse(t, service, [signed('harbour.jpg', 'preset=thumb'), signed('harbour.jpg', 'w=10&wm=logo')]);
});

t.test('T07 cache-busting amplification: a thousand widths are as many pictures as the ladder has rungs', async (t) => {
  const rungs = Array.from({ length: 12 }, (_, index) => 16 * (index + 1));
  const service = await startService(t, {
    env: { WIDTHS: rungs.join(), HEIGHTS: '16,32', QUALITIES: '60,80', QUEUE_LENGTH: '1000' },
  });
  const all = (targets: readonly string[]) => Promise.all(targets.map((target) => service.get(target)));
  const widths = await all(Array.from({ length: 1000 }, (_, index) => `/logo.png?w=${1 + index * 4.1}&x=${index}`));
  t.ok(widths.every(({ status }) => status === 200));
  t.equal(service.transforms(), 12);
  await all(Array.from({ length: 200 }, (_, index) => `/logo.png?w=40&h=${1 + index * 7}&dpr=${1 + index / 100}`));
  t.ok(service.transforms() <= 12 + 12 * 2, 'boxes');
  const before = service.transforms();
  await all(Array.from({ length: 100 }, (_, index) => `/harbour.jpg?w=16&q=${index + 1}`));
  t.equal(service.transforms() - before, 2, 'qualities');
});

t.test('T07: or every other one is a 400', async (t) => {
  const service = await startService(t, { env: { WIDTHS: '160, 320', LADDER_MODE: 'allow' } });
  t.equal((await service.get('/logo.png?w=160')).status, 200);
  t.equal((await service.get('/logo.png?w=160&dpr=2')).status, 200);
  const refused = await service.get('/logo.png?w=161');
  t.match(refused, { status: 400, headers: { 'cache-control': 'public, max-age=10, s-maxage=60' } });
  t.match(refused.body.toString(), /Bad option \\"w\\": expected one of 160, 320, in pixels, got 161\./);
});

t.test(
  'T21 origin bypass: who does not know the secret of the CDN is refused, also while it is being changed',
  async (t) => {
    const [old, next] = ['the-old-secret-of-the-cdn', 'the-new-secret-of-the-cdn'];
    const { s3, service } = await startOverS3(t, { env: { ORIGIN_SECRETS: `${old},${next}` } });
    await s3.put('a.jpg', await jpeg());
    s3.requests.reset();
    const wrong = [undefined, '', 'wrong', old.slice(1), `${old},${next}`, old.toUpperCase(), `${old}x`];
    for (const target of ['/a.jpg', '/a.jpg?w=100', '/a.jpg?w=abc', '/a//b', '/-/info', '/missing']) {
      for (const secret of wrong) {
        const answer = await service.get(target, secret === undefined ? {} : { 'x-origin-secret': secret });
        t.match(answer, REFUSED, `${target} ${secret}`);
        t.equal(codeOf(answer), 'wrong_origin');
      }
    }
    t.equal(s3.requests.length, 0);
    for (const secret of [old, next]) {
      t.equal((await service.get('/a.jpg?w=100', { 'x-origin-secret': secret })).status, 200);
      t.equal((await service.send('HEAD', '/a.jpg', { 'x-origin-secret': secret })).status, 200);
    }
    t.notMatch(JSON.stringify(service.log), /secret-of-the-cdn/);
    for (const probe of ['/livez', '/readyz', '/metrics']) {
      t.equal((await fetch(`${service.managementUrl}${probe}`)).status, 200, probe);
    }
  },
);
