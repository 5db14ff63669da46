import t from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { jpeg } from '../support/pictures.ts';
import { startService } from '../support/service.ts';

const photo = await jpeg(40, 30);

t.test('dl makes a download of a variant and of an original, under that name', async (t) => {
  const source = createMemorySource();
  source.put('a.jpg', photo, { contentType: 'image/jpeg', contentDisposition: 'inline; filename="stored.jpg"' });
  const service = await startService(t, { parts: { source } });
  const disposition = async (target: string) => {
    const { status, headers } = await service.get(target);
    return status === 200 ? headers['content-disposition'] : status;
  };
  const plain = `attachment; filename="my photo.jpg"; filename*=UTF-8''my%20photo.jpg`;
  t.equal(await disposition('/a.jpg?dl=my+photo.jpg'), plain);
  t.equal(await disposition('/a.jpg?w=20&dl=my%20photo.jpg'), plain);
  t.equal(await disposition('/a.jpg'), 'inline; filename="stored.jpg"');
  t.equal(await disposition('/a.jpg?w=20'), undefined);
  const odd = encodeURIComponent(`ä"b'(1)*%.jpg`);
  t.equal(
    await disposition(`/a.jpg?dl=${odd}`),
    `attachment; filename="__b'(1)*_.jpg"; filename*=UTF-8''%C3%A4%22b%27%281%29%2A%25.jpg`,
  );
  t.equal(await disposition('/a.jpg?dl=a%0Ab'), 400);
  t.equal(
    (await service.send('HEAD', '/a.jpg?dl=x.jpg')).headers['content-disposition'],
    `attachment; filename="x.jpg"; filename*=UTF-8''x.jpg`,
  );
  const range = await service.get('/a.jpg?dl=x.jpg', { range: 'bytes=0-9' });
  t.match(range, { status: 206, headers: { 'content-disposition': /^attachment/ } });
  t.equal((await service.get('/missing.jpg?dl=x.jpg')).headers['content-disposition'], undefined, 'an error is none');
});

t.test('the name makes no other variant of it', async (t) => {
  const source = createMemorySource();
  source.put('a.jpg', photo, { contentType: 'image/jpeg' });
  const service = await startService(t, { parts: { source } });
  for (const name of ['one', 'two', 'three']) await service.get(`/a.jpg?w=20&dl=${name}`);
  await service.get('/a.jpg?w=20');
  t.equal(service.transforms(), 1);
});
