import sharp from 'sharp';
import t, { type Test } from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { colourAt, jpeg, SVG } from '../support/pictures.ts';
import { startService } from '../support/service.ts';

const HTML = Buffer.from('<html>not a picture</html>');

async function setUp(t: Test, env: Record<string, string>) {
  const source = createMemorySource();
  source.put('a.svg', Buffer.from(SVG), { contentType: 'image/svg+xml' });
  source.put('charset.svg', Buffer.from(SVG), { contentType: 'Image/SVG+XML; charset=utf-8' });
  source.put('named.svg', await jpeg(40, 30), { contentType: 'image/jpeg' });
  source.put('stored.png', Buffer.from(SVG), { contentType: 'image/png' });
  source.put('broken.svg', HTML, { contentType: 'image/svg+xml' });
  const service = await startService(t, { env, parts: { source } });
  const statuses = async (...targets: readonly string[]) =>
    await Promise.all(targets.map(async (target) => (await service.get(target)).status));
  return { source, service, statuses };
}

t.test('SVG=pass, and nothing said: passes through, and is never turned into pixels', async (t) => {
  for (const env of [{}, { SVG: 'pass' }, { SVG: 'pass', COMPAT: 'lambda-edge' }]) {
    const { statuses } = await setUp(t, env as Record<string, string>);
    t.same(await statuses('/a.svg', '/a.svg?w=20', '/charset.svg?w=20'), [200, 200, 200]);
    t.same(await statuses('/a.svg?w=20&f=png', '/stored.png?w=20', '/broken.svg?w=20'), [415, 415, 415]);
  }
});

t.test('SVG=rasterize: drawn where a format of pixels is asked for', async (t) => {
  const { service, statuses } = await setUp(t, { SVG: 'rasterize' });
  t.same(await statuses('/a.svg', '/a.svg?w=20', '/a.svg?w=20&f=auto'), [200, 200, 200]);
  const { status, headers, body } = await service.get('/a.svg?w=40&h=20&f=webp&fit=contain');
  t.match({ status, headers }, { status: 200, headers: { 'content-type': 'image/webp' } });
  t.match(await sharp(body).metadata(), { width: 40, height: 20 });
  t.same(await colourAt(body, 20, 10), [0, 0, 0, 255]);
  t.equal((await colourAt(body, 2, 10))[3], 0);
  t.same(await statuses('/stored.png?w=20&f=png', '/broken.svg?w=20&f=png', '/named.svg?w=20'), [415, 415, 200]);
});

t.test('SVG=refuse: nobody gets one, by its bytes or by its type', async (t) => {
  for (const env of [{ SVG: 'refuse' }, { SVG: 'refuse', COMPAT: 'lambda-edge' }]) {
    const { source, service, statuses } = await setUp(t, env as Record<string, string>);
    t.same(await statuses('/a.svg', '/charset.svg', '/broken.svg'), [415, 415, 415], 'not as it is');
    t.same(await statuses('/a.svg?w=20', '/a.svg?w=20&f=png', '/stored.png?w=20'), [415, 415, 415]);
    t.equal((await service.get('/a.svg', { range: 'bytes=0-9' })).status, 415);
    t.equal((await service.get('/a.svg', { 'if-none-match': '*' })).status, 415);
    t.equal((await service.send('HEAD', '/a.svg')).status, 415);
    const { headers, body } = await service.get('/a.svg');
    t.match(JSON.parse(body.toString()), { error: { code: 'unsupported_image', message: 'SVG is not served here.' } });
    t.equal(headers['cache-control'], 'public, max-age=10, s-maxage=60');
    t.same(await statuses('/named.svg', '/named.svg?w=20'), [200, 200], 'a name says nothing');
    t.same(
      source.opens.filter((read) => read.body === 'open'),
      [],
      'every body is given back',
    );
  }
});
