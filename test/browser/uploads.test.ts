import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { setUpBucket } from '../../src/uploads/bucket-setup.ts';
import { startBrowser, testsWithBrowser, visit } from '../support/browser.ts';
import { freePort } from '../support/nginx.ts';
import { startPages } from '../support/pages.ts';
import { identityToken, startUploads } from '../support/uploads.ts';

const test = testsWithBrowser(t);
const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url)).toString('base64');

/** A service whose URLs are those that a page on another origin uses. */
async function start(t: Test) {
  const port = await freePort();
  const fixture = await startUploads(t, {
    env: { PORT: String(port), UPLOADS_PUBLIC_URL: `http://127.0.0.1:${port}` },
  });
  const { bucket } = fixture.s3;
  const pages = await startPages(t);
  const setUp = () =>
    setUpBucket({ bucket, prefix: '', forcePathStyle: true, origins: [pages] }, 'put', AbortSignal.timeout(30_000));
  return { ...fixture, pages, setUp, authorization: `Bearer ${await identityToken('ann')}` };
}

interface Sending {
  readonly service: string;
  readonly authorization: string;
  readonly method: string;
  readonly bytes: string;
}

// biome-ignore-start lint/suspicious/noExplicitAny: the types here are those of Node.js, and JSON is what it is
/** What a page does: announce, send, confirm, show. Runs in the browser. */
async function uploadInPage({ service, authorization, method, bytes }: Sending) {
  const file = new File([Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0))], 'harbour.jpg', {
    type: 'image/jpeg',
  });
  const headers = { authorization, 'content-type': 'application/json' };
  const ask = async (path: string, body: object): Promise<any> => {
    const answer = await fetch(`${service}/-/uploads${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return await answer.json();
  };
  const begun = await ask('', { filename: file.name, type: file.type, size: file.size, method });
  if (method === 'PUT') await fetch(begun.url, { method, headers: begun.headers, body: file });
  else {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...begun.fields, file })) form.append(name, value as string | Blob);
    await fetch(begun.url, { method, body: form });
  }
  const picture = await ask('/confirm', { token: begun.token });
  const { document } = globalThis as any;
  const img = document.createElement('img');
  Object.assign(img, { sizes: '320px', srcset: picture.srcset, src: picture.url });
  document.body.append(img);
  await img.decode();
  return { picture, shown: img.currentSrc as string };
}
// biome-ignore-end lint/suspicious/noExplicitAny: see above

for (const method of ['POST', 'PUT']) {
  test(`a page on another origin uploads by ${method}, and shows what it has sent in the size it needs`, async (t) => {
    const { service, pages, setUp, authorization, keys } = await start(t);
    await setUp();
    const browser = await startBrowser(t);
    for (const [deviceScaleFactor, width] of [
      [1, 320],
      [2, 640],
    ] as const) {
      const { page, strayed } = await visit(browser, pages, { deviceScaleFactor });
      const shown = page.waitForResponse((answer) => answer.url().includes(`w=${width}&`));
      const sending = { service: service.url, authorization, method, bytes: harbour };
      const uploaded = await page.evaluate(uploadInPage, sending);
      t.match(uploaded.picture, { width: 2400, height: 1600, type: 'image/jpeg', receipt: String });
      t.match(uploaded.shown, `${service.url}/${uploaded.picture.key}?w=${width}&enlarge=0&f=auto`);
      const answer = await shown;
      t.equal(answer.status(), 200);
      t.equal(await answer.headerValue('content-type'), 'image/avif', 'as the browser’s Accept has it');
      t.same(strayed, []);
    }
    t.same(
      (await keys()).map((key) => key.split('/')[0]),
      ['files', 'files'],
    );
  });
}

test('without the rules of the bucket a page may not send', async (t) => {
  const { service, pages, authorization, keys } = await start(t);
  const { page } = await visit(await startBrowser(t), pages);
  for (const method of ['POST', 'PUT']) {
    const sending = { service: service.url, authorization, method, bytes: harbour };
    await t.rejects(page.evaluate(uploadInPage, sending), /Failed to fetch/);
  }
  t.notOk((await keys()).some((key) => key.startsWith('files/')));
});
