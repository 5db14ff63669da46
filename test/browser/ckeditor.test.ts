import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { startBrowser, testsWithBrowser, visit } from '../support/browser.ts';
import { freePort } from '../support/nginx.ts';
import { startPages } from '../support/pages.ts';
import { identityToken, startUploads } from '../support/uploads.ts';

const test = testsWithBrowser(t);
const harbour = readFileSync(new URL('../../samples/harbour.jpg', import.meta.url));

/** What the pages here have besides what all pages have. */
interface Application {
  readonly tokens: string[];
  readonly editor: { getData(): string };
  // biome-ignore-start lint/suspicious/noExplicitAny: the types here are those of Node.js
  readonly ckeditor: any;
  readonly document: any;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

/** An editor as its documentation has it. Runs in the browser. */
async function openEditor({ service, authorization }: { service: string; authorization: string }) {
  const application = globalThis as unknown as { -readonly [N in keyof Application]: Application[N] };
  const { ClassicEditor, Essentials, Image, ImageUpload, Paragraph, SimpleUploadAdapter } = application.ckeditor;
  const editor = await ClassicEditor.create(application.document.querySelector('#editor'), {
    licenseKey: 'GPL',
    plugins: [Essentials, Paragraph, Image, ImageUpload, SimpleUploadAdapter],
    toolbar: ['uploadImage'],
    simpleUpload: { uploadUrl: `${service}/-/uploads/ckeditor`, headers: { Authorization: authorization } },
  });
  application.editor = editor;
  application.tokens = [];
  editor.plugins
    .get('ImageUploadEditing')
    .on('uploadComplete', (_event: unknown, { data }: { data: { token: string } }) => {
      application.tokens.push(data.token);
    });
}

async function start(t: Test) {
  const port = await freePort();
  const fixture = await startUploads(t, {
    env: { PORT: String(port), UPLOADS_PUBLIC_URL: `http://127.0.0.1:${port}` },
  });
  const pages = await startPages(t);
  const browser = await startBrowser(t);
  const { page, context, strayed } = await visit(browser, `${pages}/editor`);
  const authorization = `Bearer ${await identityToken('ann')}`;
  await page.waitForFunction(() => 'ckeditor' in globalThis);
  await page.evaluate(openEditor, { service: fixture.service.url, authorization });
  return { ...fixture, page, context, strayed, pages, authorization };
}

/** Chooses a file as a person does, and waits until the editor has its answer. */
async function insert(page: Page): Promise<string> {
  const file = { name: 'harbour.jpg', mimeType: 'image/jpeg', buffer: harbour };
  await page.setInputFiles('input[type=file]', file);
  await page.waitForFunction(() => (globalThis as unknown as Application).tokens.length === 1);
  await page.waitForFunction(isShown, '.ck-content img[srcset]');
  return await page.evaluate(() => (globalThis as unknown as Application).tokens[0] as string);
}

/** Whether a picture has been drawn. Runs in the browser. */
function isShown(selector: string): boolean {
  const img = (globalThis as unknown as Application).document.querySelector(selector);
  return img?.complete && img.naturalWidth > 0;
}

const shownIn = (page: Page, selector: string) =>
  page.evaluate((found) => {
    const { currentSrc, srcset } = (globalThis as unknown as Application).document.querySelector(found);
    return { currentSrc, srcset } as { currentSrc: string; srcset: string };
  }, selector);

test('CKEditor 5 inserts a picture in sizes that load, and what is saved goes on working', async (t) => {
  const { service, call, page, context, pages, strayed, keys } = await start(t);
  const token = await insert(page);
  const [temporary = ''] = await keys();
  const key = temporary.replace('tmp/', 'files/');
  const shown = await shownIn(page, '.ck-content img[srcset]');
  t.match(shown.currentSrc, new RegExp(`^${service.url}/${key}\\?w=(640|960)&enlarge=0&f=auto&pending=`));
  t.equal(shown.srcset.split(', ').length, 6);
  const plain = shown.currentSrc.replace(/&pending=.*/, '').replace(service.url, '');
  t.equal((await service.get(plain)).status, 404, 'not to who has not been given it');

  // The form is saved: the text as it is, and the token.
  const html = await page.evaluate(() => (globalThis as unknown as Application).editor.getData());
  t.match(html, 'pending=');
  t.equal((await call('POST', '/-/uploads/confirm', { as: 'ann', body: { token } })).status, 200);
  t.same(await keys(), [key]);

  const reader = await context.newPage();
  await reader.goto(pages);
  await reader.setContent(html);
  await reader.waitForFunction(isShown, 'img[srcset]');
  t.match((await shownIn(reader, 'img[srcset]')).currentSrc, `${service.url}/${key}?w=`);
  t.equal((await service.get(plain)).status, 200, 'and without what was pending');
  t.same(strayed, []);
});

test('CKEditor 5 says in our words what is wrong with a file', async (t) => {
  const { page, keys } = await start(t);
  const said = page.waitForEvent('dialog');
  const file = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('<html><script>alert(1)</script>') };
  await page.setInputFiles('input[type=file]', file);
  const dialog = await said;
  t.equal(dialog.message(), 'It is no image/png: its first bytes say otherwise and have HTML or a script in them.');
  await dialog.dismiss();
  t.same(await keys(), []);
});

test('who closes the editor without saving leaves nothing behind', async (t) => {
  const { service, page, authorization, keys } = await start(t);
  const token = await insert(page);
  t.equal((await keys()).length, 1);
  const status = await page.evaluate(
    async ({ url, headers, body }) => (await fetch(url, { method: 'DELETE', keepalive: true, headers, body })).status,
    {
      url: `${service.url}/-/uploads`,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ tokens: [token] }),
    },
  );
  t.equal(status, 200);
  t.same(await keys(), []);
});
