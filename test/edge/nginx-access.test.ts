import t from 'tap';
import { startNginx, testsWithNginx, xCache } from '../support/nginx.ts';
import { startService } from '../support/service.ts';
import { inSeconds, SIGNING_KEYS, signed } from '../support/signing.ts';

const test = testsWithNginx(t);

const SIGNED = {
  'set $image_signature "";\n': '',
  '# set $image_signature': 'set $image_signature',
};

test('signed URLs, once they are in the configuration', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const nginx = await startNginx(t, service, { edits: SIGNED });
  const target = signed('harbour.jpg', 'h=75&kid=new&w=100');
  t.match(await nginx.get(target), { status: 200, headers: { 'x-cache': 'MISS' } });
  t.equal(xCache(await nginx.get(target.replace('h=75&kid=new&w=100', 'w=100&x=1&h=75&kid=new'))), 'HIT');
  t.match(await nginx.get(target.replace('w=100', 'w=101')), { status: 403 });
  t.match(await nginx.get('/harbour.jpg?w=100'), { status: 403 });
  t.match(await nginx.get(signed('harbour.jpg')), { status: 200, headers: { 'content-type': 'image/jpeg' } });
  t.match(await nginx.get(signed('harbour.jpg', 'dl=x.jpg')), { status: 200 });
  t.match(await nginx.get('/harbour.jpg'), { status: 403 }, 'nor is an original anybody’s that was kept');
  t.match(await nginx.get('/harbour.jpg?dl=x.jpg'), { status: 403 });
});

test('a URL that ends is never kept', async (t) => {
  const service = await startService(t, { env: { SIGNING_KEYS } });
  const nginx = await startNginx(t, service, { edits: SIGNED });
  for (const query of [`exp=${inSeconds(60)}&w=100`, `exp=${inSeconds(60)}`]) {
    const target = signed('harbour.jpg', query);
    for (const what of ['MISS', 'MISS'])
      t.match(await nginx.get(target), { status: 200, headers: { 'x-cache': what } });
  }
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
