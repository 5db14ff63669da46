import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { temporaryFolder } from '../support/cache-entries.ts';
import { jpeg, png } from '../support/pictures.ts';
import { startOverS3 } from '../support/service.ts';

/** As anybody can work them out: `printf %s a/b.jpg | sha256sum | cut -c 1-16`. */
const tagOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
const tagsOf = (...texts: readonly string[]) => texts.map(tagOf).join(',');

t.test('every answer about an object has the tags of its key and folders', async (t) => {
  const { s3, service } = await startOverS3(t);
  await s3.put('a/b c/d.jpg', await jpeg(100, 80));
  await s3.put('a/text.txt', 'text');
  const tags = tagsOf('a/b c/d.jpg', 'a/b c/', 'a/');
  const miss = await service.get('/a/b%20c/d.jpg?w=50');
  const etag = String(miss.headers.etag);
  const answers = {
    miss,
    hit: await service.get('/a/b%20c/d.jpg?w=50'),
    'another spelling': await service.get('/a/%62%20c/d.jpg?f=webp&w=50&junk=1'),
    'not modified': await service.get('/a/b%20c/d.jpg?w=50', { 'if-none-match': etag }),
    head: await service.send('HEAD', '/a/b%20c/d.jpg?w=50'),
    original: await service.get('/a/b%20c/d.jpg'),
    range: await service.get('/a/b%20c/d.jpg', { range: 'bytes=0-9' }),
    'outside the object': await service.get('/a/b%20c/d.jpg', { range: 'bytes=999999-' }),
    'not meant': await service.get('/a/b%20c/d.jpg?w=50', { 'if-match': '"other"' }),
  };
  for (const [name, { headers }] of Object.entries(answers)) t.equal(headers['cache-tag'], tags, name);
  t.same(
    Object.values(answers).map(({ status }) => status),
    [200, 200, 200, 304, 200, 200, 206, 416, 412],
  );
  const none = await service.get('/a/none.jpg?w=50');
  t.match(none, { status: 404, headers: { 'cache-tag': tagsOf('a/none.jpg', 'a/') } }, 'to be purged by an upload');
  const text = await service.get('/a/text.txt?w=50');
  t.match(text, { status: 415, headers: { 'cache-tag': tagsOf('a/text.txt', 'a/') } });
  t.equal((await service.get('/a/%zz.jpg')).headers['cache-tag'], undefined, 'about no object');
});

t.test('the header has another name, and spaces where it is Fastly’s', async (t) => {
  const { s3, service } = await startOverS3(t, { env: { CACHE_TAG_HEADER: 'Surrogate-Key' } });
  await s3.put('a/b.jpg', await jpeg(100, 80));
  const { headers } = await service.get('/a/b.jpg?w=50');
  t.match(headers, { 'surrogate-key': `${tagOf('a/b.jpg')} ${tagOf('a/')}`, 'cache-tag': undefined });
});

t.test('a picture with a watermark is purged with that, too, and never has more tags than are read', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'watermarks.json');
  await writeFile(file, JSON.stringify({ logo: { key: 'marks/logo.png' } }));
  const { s3, service } = await startOverS3(t, { env: { WATERMARKS_FILE: file, CACHE_TAG_HEADER: 'X-Tags' } });
  const deep = `${'d/'.repeat(60)}x.jpg`;
  for (const key of ['a.jpg', deep]) await s3.put(key, await jpeg(100, 80));
  await s3.put('marks/logo.png', await png(10, 10));
  t.equal((await service.get('/a.jpg?w=50&wm=logo')).headers['x-tags'], tagsOf('a.jpg', 'marks/logo.png'));
  t.equal((await service.get('/a.jpg?w=50')).headers['x-tags'], tagsOf('a.jpg'));
  const tags = String((await service.get(`/${deep}?w=50&wm=logo`)).headers['x-tags']).split(',');
  t.equal(tags.length, 50);
  t.same([tags[0], tags[48], tags[49]], [tagOf(deep), tagOf('d/'), tagOf('marks/logo.png')]);
});
