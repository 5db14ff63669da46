import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { ServiceError } from '../../src/errors.ts';
import { createMemorySource } from '../support/memory-source.ts';
import { animation, jpeg, paint, SVG } from '../support/pictures.ts';
import { startService } from '../support/service.ts';

const grey = await paint(80, 60, () => [90, 90, 90])
  .png()
  .toBuffer();

function stored(t: Test, name: string, bytes: Buffer): string {
  const file = join(t.testdir({}), name);
  writeFileSync(file, bytes);
  return file;
}

async function start(t: Test, env: Record<string, string> = {}, name = 'fallback.png', picture: Buffer = grey) {
  const source = createMemorySource();
  source.put('a.jpg', await jpeg(400, 300), { contentType: 'image/jpeg' });
  source.put('text.jpg', Buffer.from('no picture'), { contentType: 'image/jpeg' });
  const file = stored(t, name, picture);
  const service = await startService(t, { parts: { source }, env: { FALLBACK_IMAGE: file, ...env } });
  return { source, service };
}

t.test('a picture in the size and format asked for, with the error’s own status and lifetime', async (t) => {
  const { service, source } = await start(t);
  const missing = await service.get('/missing.jpg?w=40&f=webp');
  t.match(missing, {
    status: 404,
    headers: {
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=10, s-maxage=30',
      'content-length': String(missing.body.length),
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
      etag: undefined,
      'last-modified': undefined,
      'cache-status': undefined,
    },
  });
  t.match(await sharp(missing.body).metadata(), { format: 'webp', width: 40, height: 30 });
  const text = await service.get('/text.jpg?w=40&h=40');
  t.equal(text.status, 415);
  t.match(await sharp(text.body).metadata(), { format: 'png', width: 40, height: 40 });
  source.faults.error = new ServiceError('source_unavailable');
  const down = await service.get('/other.jpg?w=40');
  t.match(down, {
    status: 503,
    headers: { 'cache-control': 'no-store', 'retry-after': '5', 'content-type': 'image/png' },
  });
  t.ok(
    service.log.some(({ error }) => error === 'source_unavailable'),
    'the log tells what it was',
  );
  const { transforms } = service;
  const before = transforms();
  await service.get('/another.jpg?w=40&f=webp');
  t.equal(transforms(), before, 'one picture for all errors of a size');
});

t.test('a bare key gets it as it is; HEAD gets its headers; f=auto its best format', async (t) => {
  const { service } = await start(t);
  const bare = await service.get('/missing.jpg');
  t.match(bare, { status: 404, headers: { 'content-type': 'image/png' } });
  t.ok(bare.body.equals(grey));
  const head = await service.send('HEAD', '/missing.jpg?w=40');
  t.match(head, { status: 404, headers: { 'content-type': 'image/png' } });
  t.equal(head.body.length, 0);
  const auto = await service.get('/missing.jpg?w=40&f=auto', { accept: 'image/avif,image/webp,*/*' });
  t.match(auto, { status: 404, headers: { 'content-type': 'image/avif', vary: /Accept/ } });
  t.match(await service.get('/missing.jpg?w=40&f=auto'), { headers: { 'content-type': 'image/png', vary: /Accept/ } });
});

t.test('another status for those who want one', async (t) => {
  const { service } = await start(t, { FALLBACK_STATUS: '200' });
  const missing = await service.get('/missing.jpg?w=40');
  t.match(missing, { status: 200, headers: { 'cache-control': 'public, max-age=10, s-maxage=30' } });
  t.equal((await service.get('/a.jpg?w=40')).headers['cache-status'], 'lambent; fwd=miss', 'for errors alone');
});

t.test('who asks for something wrong is told, and so is everybody when it cannot be drawn', async (t) => {
  const { service, source } = await start(t);
  const json = { 'content-type': 'application/json; charset=utf-8' };
  t.match(await service.get('/missing.jpg?w=abc'), { status: 400, headers: json });
  t.match(await service.get('/../x'), { status: 400, headers: json });
  t.match(await service.get('/missing.jpg?crop=500,0,9,9'), { status: 404, headers: json }, 'outside of the fallback');
  t.match(await service.get('/-/nothing'), { status: 404, headers: json });
  source.faults.error = new ServiceError('overloaded');
  t.match(await service.get('/other.jpg?w=40'), { status: 503, headers: json });
});

t.test('an animation is one, and stays as it is where it is too long', async (t) => {
  const { service } = await start(t, { MAX_FRAMES: '3' }, 'fallback.gif', await animation('gif', 4));
  const { body, headers } = await service.get('/missing.jpg?w=20');
  t.equal(headers['content-type'], 'image/gif');
  t.equal((await sharp(body).metadata()).pages, 4);
});

t.test('a picture that is none ends the start', async (t) => {
  const cut = (await jpeg(40, 30)).subarray(0, 100);
  for (const [name, bytes, reason] of [
    ['a.txt', Buffer.from('text'), /not an image that can be decoded/],
    ['a.svg', Buffer.from(SVG), /not an image that can be decoded/],
    ['a.jpg', cut, /damaged/],
  ] as const) {
    const config = readConfig({ PORT: '0', MANAGEMENT_PORT: '0', FALLBACK_IMAGE: stored(t, name, bytes) }, 'file:///');
    await t.rejects(buildApp(config), { name: 'ConfigError', message: reason }, name);
  }
  const config = readConfig({ FALLBACK_IMAGE: '/nowhere.png' }, 'file:///');
  await t.rejects(buildApp(config), {
    message: /^FALLBACK_IMAGE is "\/nowhere\.png"; expected the path of a picture \(ENOENT/,
  });
});
