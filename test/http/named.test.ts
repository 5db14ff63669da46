import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { animation, colourAt, jpeg, paint, SVG } from '../support/pictures.ts';
import { startService } from '../support/service.ts';

const photo = await jpeg(400, 300);
const green = await paint(20, 10, () => [0, 255, 0])
  .png()
  .toBuffer();
const blue = await paint(20, 10, () => [0, 0, 255])
  .png()
  .toBuffer();

async function start(t: Test, files: Record<string, unknown>, env: Record<string, string> = {}) {
  const folder = t.testdir({});
  const variables = Object.entries(files).map(([name, content]) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return [name, join(folder, name)];
  });
  const source = createMemorySource();
  source.put('a.jpg', photo, { contentType: 'image/jpeg' });
  source.put('logo.png', green, { contentType: 'image/png' });
  const service = await startService(t, { parts: { source }, env: { ...Object.fromEntries(variables), ...env } });
  const reads = () => source.opens.map(({ key, conditions }) => (conditions.ifNoneMatch ? `${key}?` : key));
  return { source, service, reads };
}

const WATERMARKS_FILE = {
  logo: { key: 'logo.png', margin: 0 },
  missing: { key: 'missing.png' },
  text: { key: 'text.png' },
};

/** Green at the lower right, where the watermark is. */
async function isMarked(body: Buffer): Promise<boolean> {
  const { width = 0, height = 0 } = await sharp(body).metadata();
  const [red = 255, level = 0, other = 255] = await colourAt(body, width - 4, height - 4);
  return level > 200 && red < 60 && other < 60;
}

t.test('a watermark is read once, and asked about when it is no longer fresh', async (t) => {
  const { service, source, reads } = await start(t, { WATERMARKS_FILE }, { ORIGINAL_STALE_MS: '0' });
  const marks = () => reads().filter((key) => key.startsWith('logo'));
  const answers = await Promise.all([100, 110, 120].map((w) => service.get(`/a.jpg?w=${w}&wm=logo`)));
  for (const { status, body } of answers) t.ok(status === 200 && (await isMarked(body)));
  t.notOk(await isMarked((await service.get('/a.jpg?w=100')).body));
  t.same(marks(), ['logo.png']);
  service.advance(61_000);
  t.equal(
    (await service.get('/a.jpg?w=100&wm=logo')).headers['cache-status'],
    'lambent; hit',
    'unchanged, all is as before',
  );
  t.same(marks(), ['logo.png', 'logo.png?']);
  source.put('logo.png', blue, { contentType: 'image/png' });
  service.advance(61_000);
  const renewed = await service.get('/a.jpg?w=100&wm=logo');
  t.equal(renewed.headers['cache-status'], 'lambent; fwd=miss', 'another watermark, another variant');
  t.notOk(await isMarked(renewed.body));
  t.not(renewed.headers.etag, answers[0]?.headers.etag);
});

t.test('one that cannot be read is trouble of ours, and for one picture alone', async (t) => {
  const { service, source } = await start(t, { WATERMARKS_FILE });
  source.put('text.png', Buffer.from('no picture'), { contentType: 'image/png' });
  for (const name of ['missing', 'text']) {
    const { status, headers, body } = await service.get(`/a.jpg?w=100&wm=${name}`);
    t.match({ status, headers }, { status: 502, headers: { 'cache-control': 'no-store' } }, name);
    t.match(JSON.parse(String(body)), { error: { code: 'source_failed' } });
  }
  t.ok(service.log.some(({ reason }) => /The watermark "missing" cannot be read: No such object/.test(String(reason))));
  t.equal((await service.get('/a.jpg?w=100')).status, 200);
  t.equal((await service.get('/a.jpg?w=100&wm=other')).status, 400);
});

t.test('a watermark that is held outlives trouble at the source', async (t) => {
  const { service, source } = await start(t, { WATERMARKS_FILE });
  t.equal((await service.get('/a.jpg?w=100&wm=logo')).status, 200);
  source.put('logo.png', Buffer.from('broken'), { contentType: 'image/png' });
  service.advance(61_000);
  t.ok(await isMarked((await service.get('/a.jpg?w=101&wm=logo')).body));
});

t.test('nothing is passed through without the watermark it was asked for with', async (t) => {
  const { service, source } = await start(t, { WATERMARKS_FILE }, { MAX_FRAMES: '2' });
  source.put('a.svg', Buffer.from(SVG), { contentType: 'image/svg+xml' });
  source.put('a.gif', await animation('gif', 4), { contentType: 'image/gif' });
  const svg = await service.get('/a.svg?w=100&wm=logo');
  t.equal(svg.status, 415);
  t.match(String(svg.body), /ask for it without \\"f\\" and \\"wm\\"/);
  const gif = await service.get('/a.gif?w=60&wm=logo');
  t.match(gif, { status: 200, headers: { 'content-type': 'image/gif', 'lambent-animation': 'first-frame' } });
  t.ok(await isMarked(gif.body));
});

t.test('a preset is its options, by another name', async (t) => {
  const { service } = await start(t, { PRESETS_FILE: { thumb: 'w=80&h=60&f=webp', saved: 'dl=a.jpg' } });
  const thumb = await service.get('/a.jpg?preset=thumb');
  t.match(await sharp(thumb.body).metadata(), { format: 'webp', width: 80, height: 60 });
  t.equal((await service.get('/a.jpg?w=80&h=60&f=webp')).headers['cache-status'], 'lambent; hit');
  const changed = await service.get('/a.jpg?preset=thumb&w=40&dpr=2&h=30');
  t.equal(changed.headers['cache-status'], 'lambent; hit', 'what is given beside it comes first');
  t.equal((await service.get('/a.jpg?preset=thumb&h=40')).headers['cache-status'], 'lambent; fwd=miss');
  const saved = await service.get('/a.jpg?preset=saved');
  t.ok(saved.body.equals(photo), 'of an option that says nothing of the picture, the original');
  t.equal(saved.headers['content-disposition']?.slice(0, 10), 'attachment');
  const unknown = await service.get('/a.jpg?preset=hero');
  t.equal(unknown.status, 400);
  t.match(String(unknown.body), /expected the name of a preset \(thumb, saved\), got \\"hero\\"/);
});

t.test('where only presets are served, originals are, and nothing else', async (t) => {
  const { service, reads } = await start(t, { PRESETS_FILE: { thumb: 'w=80' } }, { PRESETS_ONLY: 'true' });
  t.equal((await service.get('/a.jpg?w=80')).status, 400);
  t.equal((await service.get('/a.jpg?preset=thumb&q=1')).status, 400);
  t.same(reads(), []);
  t.equal((await service.get('/a.jpg?preset=thumb&utm_source=x')).status, 200);
  t.equal((await service.get('/a.jpg')).status, 200);
});

t.test('an animation that is too long says what became of it', async (t) => {
  const { service, source } = await start(t, {}, { MAX_FRAMES: '3' });
  const long = await animation('gif', 4);
  source.put('long.gif', long, { contentType: 'image/gif' });
  source.put('short.gif', await animation('gif', 3), { contentType: 'image/gif' });
  const rows: readonly (readonly [target: string, header: string | undefined, frames: number])[] = [
    ['/long.gif?w=30', 'original', 4],
    ['/long.gif?w=30&f=webp', 'first-frame', 1],
    ['/long.gif?w=30&f=gif', 'first-frame', 1],
    ['/long.gif?w=30&f=jpeg', undefined, 1],
    ['/long.gif?w=30&anim=0', undefined, 1],
    ['/long.gif?w=30&rot=90', undefined, 1],
    ['/short.gif?w=30', undefined, 3],
    ['/long.gif', undefined, 4],
  ];
  for (const [target, header, frames] of rows) {
    const { status, headers, body } = await service.get(target);
    t.match({ status, said: headers['lambent-animation'] }, { status: 200, said: header }, target);
    t.equal((await sharp(body).metadata()).pages ?? 1, frames, target);
  }
  t.ok((await service.get('/long.gif?w=30')).body.equals(long));
  const { headers } = await service.get('/long.gif?w=30&f=webp');
  const again = await service.get('/long.gif?w=30&f=webp', { 'if-none-match': String(headers.etag) });
  t.match(again, { status: 304, headers: { 'lambent-animation': 'first-frame' } });
});
