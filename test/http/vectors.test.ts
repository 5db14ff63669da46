import t from 'tap';
import { createMemorySource } from '../support/memory-source.ts';
import { jpeg } from '../support/pictures.ts';
import { type Answer, startService } from '../support/service.ts';
import { SIGNING_KEYS } from '../support/signing.ts';
import { readVectors } from '../support/vectors.ts';

const photo = await jpeg(64, 48);

/** What is compared of two answers: all that depends on the URL. */
function seen({ status, headers, body }: Answer) {
  return [status, headers['content-type'], headers['content-disposition'], headers.etag, body.toString('base64')];
}

/** Raw characters above 127 are not sent by any client of a test. */
const isSendable = (url: string) => /^[\x21-\x7e]+$/.test(url);

t.test('the service says the same of a URL and of its canonical one, with either Accept', async (t) => {
  const source = createMemorySource();
  for (const { env, vectors } of await readVectors()) {
    const service = await startService(t, { env: { ...env, CACHE_CONTROL: 'public, max-age=60' }, parts: { source } });
    for (const { url, accept, canonical, forwarded } of vectors) {
      const key = pathOf(canonical);
      if (key !== undefined) source.put(key, photo);
      const first = await service.get(canonical, { accept: forwarded });
      const before = service.transforms();
      const second = isSendable(url) ? await service.get(url, { accept }) : first;
      t.same(seen(second), seen(first), `${JSON.stringify(env)} ${url}`);
      t.equal(service.transforms(), before, `${url}: nothing is made again`);
    }
    await service.app.stop();
  }
});

function pathOf(canonical: string): string | undefined {
  try {
    return decodeURIComponent(canonical.split('?')[0]?.slice(1) ?? '') || undefined;
  } catch {
    return undefined;
  }
}

t.test('what needs no signature needs none in its canonical form', async (t) => {
  const source = createMemorySource();
  source.put('a.jpg', photo);
  const env = { SIGNING_KEYS, SIGNING_EXEMPT: 'ladder', WIDTHS: '320,640', DEFAULT_OPTIONS: 'f=auto&q=70&blur=1' };
  const service = await startService(t, { env, parts: { source } });
  t.match(await service.get('/a.jpg?w=200'), { status: 200 });
  t.match(await service.get('/a.jpg?w=320&blur=1&f=auto&q=70'), { status: 200 }, 'as an edge writes it');
  t.match(await service.get('/a.jpg?w=320&blur=2&f=auto&q=70'), { status: 403 });
  t.match(await service.get('/a.jpg?w=320&blur=1&f=auto&q=71'), { status: 403 });
});
