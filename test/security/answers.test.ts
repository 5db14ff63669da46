import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { watchConnects } from '../support/connects.ts';
import { HOSTILE_SVGS, PLAIN_SVG, svgsWithReferences } from '../support/hostile-svg.ts';
import { closeServer, listen } from '../support/http-relay.ts';
import { jpegSegment, withJpegSegments } from '../support/jpeg-blocks.ts';
import { distance, jpeg, noise, paint } from '../support/pictures.ts';
import { type Answer, startOverS3 } from '../support/service.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const ENCODINGS: Readonly<Record<string, string>> = { packed: 'gzip' };

/** As markup that can do nothing, or not at all. */
function isHarmless(t: Test, { status, headers }: Answer, what: string): void {
  t.equal(headers['x-content-type-options'], 'nosniff', what);
  if (status === 200 && headers['content-type'] === 'image/svg+xml')
    t.match(headers['content-security-policy'], /^default-src 'none';.*; sandbox$/, what);
  else if (status !== 200) t.same([status, headers['content-type']], [415, JSON_TYPE], what);
  else t.equal(headers['content-type'], 'image/png', what);
}

t.test('T14 SVG: hostile drawings pass in a sandbox or are 415, and are never turned into pixels', async (t) => {
  const rules = { pass: 200, refuse: 415 };
  for (const [SVG, status] of Object.entries(rules)) {
    const { s3, service } = await startOverS3(t, { env: { SVG } });
    for (const [name, body] of Object.entries(HOSTILE_SVGS)) {
      await s3.put(`${name}.svg`, body, { contentType: 'image/svg+xml', contentEncoding: ENCODINGS[name] ?? '' });
      await s3.put(`${name}.png`, body, { contentType: 'image/png' });
      t.equal((await service.get(`/${name}.svg`)).status, status, `${SVG} ${name}`);
      for (const target of ['svg', 'svg?w=20', 'svg?f=auto', 'png', 'png?w=20'])
        isHarmless(t, await service.get(`/${name}.${target}`), `${SVG} ${name}.${target}`);
      for (const target of ['svg?w=20&f=png', 'svg?f=webp', 'png?f=png', 'png?w=20'])
        t.equal((await service.get(`/${name}.${target}`)).status, 415, `${SVG} ${name}.${target}`);
    }
    t.equal(service.transforms(), 0);
  }
});

t.test('T14 SVG: drawn where that is wanted, and with nothing in it from disk or network', async (t) => {
  const visits: unknown[] = [];
  const decoy = createServer((request) => void visits.push(request.url));
  const address = await listen(decoy);
  t.teardown(() => closeServer(decoy));
  const { s3, service } = await startOverS3(t, { env: { SVG: 'rasterize' } });
  const red = await paint(20, 20, () => [255, 0, 0])
    .png()
    .toBuffer();
  const file = path.join(t.testdir({}), 'red.png');
  await writeFile(file, red);
  const draw = async (drawing: string) => {
    await s3.put('a.svg', drawing, { contentType: 'image/svg+xml' });
    service.advance(1_000_000);
    return await service.get('/a.svg?w=20&f=png');
  };
  const plain = await draw(PLAIN_SVG);
  const connects = watchConnects(t);
  for (const place of [`${address}/red.png`, pathToFileURL(file).href, file, 'red.png', '/etc/passwd']) {
    for (const [name, drawing] of Object.entries(svgsWithReferences(place))) {
      const { status, body } = await draw(drawing);
      t.ok(
        status === 422 || (status === 200 && (await distance(body, plain.body)) === 0),
        `${name} ${place} ${status}`,
      );
    }
  }
  t.same(visits, []);
  t.notOk(connects.includes(new URL(address).host));
  const own = await draw(svgsWithReferences(`data:image/png;base64,${red.toString('base64')}`).image ?? '');
  t.equal(await distance(own.body, plain.body), 255, 'what is in the drawing itself would be seen');
});

t.test('T15 type confusion: a type is by bytes where something is made, as it was stored where not', async (t) => {
  const { s3, service } = await startOverS3(t);
  const HTML = '<!doctype html><script>alert(1)</script>';
  const typeOf = async (target: string) => {
    const { status, headers } = await service.get(target);
    t.equal(headers['x-content-type-options'], 'nosniff', target);
    return [status, headers['content-type'], /sandbox/.test(String(headers['content-security-policy']))];
  };
  for (const [key, contentType, isSandboxed] of [
    ['html.png', 'image/png', false],
    ['html.html', 'text/html', true],
    ['html', undefined, false],
  ] as const) {
    await s3.put(key, HTML, contentType === undefined ? {} : { contentType });
    const stored = contentType ?? 'application/octet-stream';
    t.same(await typeOf(`/${key}`), [200, stored, isSandboxed]);
    for (const query of ['w=10', 'f=png', 'f=auto', 'w=10&dl=a.html'])
      t.same(await typeOf(`/${key}?${query}`), [415, JSON_TYPE, false]);
  }
  await s3.put('picture.html', await jpeg(40, 30), { contentType: 'text/html' });
  t.same(await typeOf('/picture.html'), [200, 'text/html', true]);
  t.same(await typeOf('/picture.html?w=10'), [200, 'image/jpeg', false]);
  t.same(await typeOf('/picture.html?f=webp'), [200, 'image/webp', false]);
});

t.test('T15 type confusion: what else is in a picture stays behind, and only who asks gets a download', async (t) => {
  const { s3, service } = await startOverS3(t);
  const script = Buffer.from('*/=1;alert("planted")/*');
  // Worse than what is made of it, so that it would be the better answer if it held nothing but its picture.
  const small = await noise(64, 48).jpeg({ quality: 5 }).toBuffer();
  const contentDisposition = 'attachment; filename="stored.html"';
  for (const [key, body] of [
    ['behind.jpg', Buffer.concat([small, script])],
    ['within.jpg', withJpegSegments(small, [jpegSegment(0xfe, script)])],
  ] as const) {
    await s3.put(key, body, { contentType: 'image/jpeg', contentDisposition });
    const whole = await service.get(`/${key}`);
    t.match(whole.headers, { 'content-type': 'image/jpeg', 'content-disposition': contentDisposition });
    for (const query of ['w=64', 'w=32', 'q=90', 'f=jpeg', 'f=webp']) {
      const { status, headers, body: made } = await service.get(`/${key}?${query}`);
      t.same([status, headers['content-disposition'], made.includes('planted')], [200, undefined, false], query);
    }
  }
  const named = await service.get(`/behind.jpg?w=32&dl=${encodeURIComponent('"; filename=b.html;\u00e9')}`);
  const expected = `attachment; filename="_; filename=b.html;_"; filename*=UTF-8''%22%3B%20filename%3Db.html%3B%C3%A9`;
  t.match(named.headers, { 'content-disposition': expected, 'content-type': 'image/jpeg' });
  for (const name of ['a%0d%0aset-cookie:x', '..%2fa', 'a%5cb', '%E2%80%AEgpj.exe', '..', 'x'.repeat(129)])
    t.equal((await service.get(`/behind.jpg?dl=${name}`)).status, 400, name);
});
