import t from 'tap';
import { arrivalsAt, startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import { startRecorder } from '../support/recorder.ts';
import { startService } from '../support/service.ts';
import { inSeconds, SIGNING_KEYS, signed } from '../support/signing.ts';

const test = testsWithNginx(t);

const KEPT = { '    "~[?&]sig=[^&]"     1;\n': '' };

test('signed URLs pass as they came, and are not kept', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const nginx = await startNginx(t, service);
  const arrivals = arrivalsAt(service);
  for (const query of ['h=75&kid=new&w=100', 'dl=x.jpg', '']) {
    const target = signed('harbour.jpg', query);
    for (const xCache of ['BYPASS', 'BYPASS']) {
      t.match(await nginx.get(target), { status: 200, headers: { 'x-cache': xCache } }, target);
      t.equal(arrivals.at(-1)?.url, target);
    }
    const isOriginal = !query.includes('w=');
    t.equal(arrivals.at(-1)?.headers.range, isOriginal ? 'bytes=0-1048575' : undefined, 'originals in slices');
  }
  t.equal(arrivals.length, 6);
});

test('where nobody checks it, a signature is no entry, and neither is a seal', async (t) => {
  const service = await startService(t);
  const nginx = await startNginx(t, service);
  for (const query of ['w=64&sig=x', 'sig=x', 'pending=x', 'w=64&pending=x']) {
    for (const times of [1, 2])
      t.equal(xCache(await nginx.get(`/harbour.jpg?${query}`)), 'BYPASS', `${query} ${times}`);
  }
  t.equal(xCache(await nginx.get('/harbour.jpg?w=64&exp=1&kid=x&sig=')), 'MISS');
  t.equal(xCache(await nginx.get('/harbour.jpg?w=64&exp=2&kid=y')), 'HIT', 'alone they mean nothing');
  t.equal(await nginx.entries(), 1);
});

test('signed URLs are kept where they are checked, and others refused', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const nginx = await startNginx(t, service, { edits: KEPT });
  const target = signed('harbour.jpg', 'h=75&kid=new&w=100');
  t.match(await nginx.get(target), { status: 200, headers: { 'x-cache': 'MISS' } });
  t.equal(xCache(await nginx.get(target)), 'HIT');
  const respelt = target.replace('h=75&kid=new&w=100', 'w=100&x=1&h=75&kid=new');
  t.match(await nginx.get(respelt), { status: 200, headers: { 'x-cache': 'MISS' } }, 'another URL of one picture');
  t.match(await nginx.get(target.replace('w=100', 'w=101')), { status: 403 });
  t.match(await nginx.get('/harbour.jpg?w=100'), { status: 403 });
  t.match(await nginx.get(signed('harbour.jpg')), { status: 200, headers: { 'content-type': 'image/jpeg' } });
  t.match(await nginx.get(signed('harbour.jpg', 'dl=x.jpg')), { status: 200 });
  t.match(await nginx.get('/harbour.jpg'), { status: 403 }, 'nor is an original anybody’s that was kept');
  t.match(await nginx.get('/harbour.jpg?dl=x.jpg'), { status: 403 });
});

test('a URL that ends is never kept', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const nginx = await startNginx(t, service, { edits: KEPT });
  for (const query of [`exp=${inSeconds(60)}&w=100`, `exp=${inSeconds(60)}`]) {
    const target = signed('harbour.jpg', query);
    for (const spelt of [target, target, target.replace('exp', 'e%78p'), target.replace('exp', 'e%78p')]) {
      t.match(await nginx.get(spelt), { status: 200, headers: { 'x-cache': 'BYPASS' } }, spelt);
    }
  }
});

test('uploads go as they came', async (t) => {
  const recorder = await startRecorder(t);
  const nginx = await startNginx(t, recorder);
  for (const target of ['/-/uploads', '/-/uploads/form?b=1&a=2']) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      await nginx.send(method, target, { authorization: 'Bearer x', accept: 'text/html' });
      t.same(recorder.arrivals.at(-1), { target, accept: 'text/html' });
      t.equal(recorder.headers().authorization, 'Bearer x');
    }
  }
  t.equal(recorder.arrivals.length, 6, 'each time');
});

test('the secret of the CDN', async (t) => {
  const ORIGIN_SECRETS = 'a-secret-of-the-cdn';
  const service = await startService(t, { env: { ORIGIN_SECRETS } });
  const plain = await startNginx(t, service);
  t.match(await plain.get('/harbour.jpg?w=100', { 'x-origin-secret': ORIGIN_SECRETS }), { status: 403 });
  const edits = { 'set $origin_secret "";': `set $origin_secret "${ORIGIN_SECRETS}";` };
  const nginx = await startNginx(t, service, { edits });
  for (const target of ['/harbour.jpg?w=100', '/harbour.jpg', '/harbour.jpg?dl=x']) {
    t.match(await nginx.get(target), { status: 200 }, target);
  }
  t.match(await nginx.get('/-/info'), { status: 404 }, 'where nothing is kept');
  t.match(await nginx.send('POST', '/harbour.jpg'), { status: 405 });
});
