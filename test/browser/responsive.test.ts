import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { responsive } from '../../src/client/responsive.ts';
import type { ResponsiveOptions } from '../../src/client/responsive-options.ts';
import { shownIn, testsWithBrowser, visit } from '../support/browser.ts';
import { closeServer, listen } from '../support/http-relay.ts';
import { startApplication } from '../support/pages.ts';
import { startService } from '../support/service.ts';

const test = testsWithBrowser(t);

/** A page whose column is as wide as the window, 640 pixels. */
const HEAD = `<!doctype html><meta charset="utf-8"><title>Text</title><link rel="stylesheet" href="STYLE">
<style>body { margin: 0 } img { max-width: 100%; height: auto }</style><div class="ck-content">`;

/** Shows a text on a page, and gives that with all that it asked for. */
async function show(t: Test, browser: Browser, html: string, style: string, deviceScaleFactor = 1) {
  const server = createServer((_req, res) =>
    res.setHeader('content-type', 'text/html').end(`${HEAD.replace('STYLE', style)}${html}</div>`),
  );
  t.teardown(() => closeServer(server));
  const { page } = await visit(t, browser, await listen(server), { deviceScaleFactor });
  return page;
}

/** What the real editor saves of a text, with its picture resized. */
async function edited(page: Page, html: string, width: string): Promise<string> {
  return await page.evaluate(
    `(async () => {
      const editor = document.querySelector('.ck-editor__editable').ckeditorInstance;
      editor.setData(${JSON.stringify(html)});
      const block = editor.model.document.getRoot().getChild(0);
      const image = block.is('element', 'imageBlock') ? block : block.getChild(1);
      editor.model.change((writer) => writer.setSelection(image, 'on'));
      editor.execute('resizeImage', { width: '${width}' });
      return editor.getData();
    })()`,
  );
}

test('a text of CKEditor 5 is as wide as before, and takes what that needs', async (t, browser) => {
  const { pages } = await startApplication(t);
  const service = await startService(t);
  const writer = await visit(t, browser, `${pages}/editor`);
  await writer.page.waitForSelector('.ck-content');
  const src = `${service.url}/harbour.jpg`;
  const options: ResponsiveOptions = { site: { base: service.url }, sizeOf: () => ({ width: 2400, height: 1600 }) };
  const plain = `<figure class="image"><img src="${src}" width="2400" height="1600"></figure>`;
  for (const [html, width, taken] of [
    [plain, '50%', { 1: 320, 2: 640 }],
    [plain, '100%', { 1: 640, 2: 1280 }],
    [`<p>a <img src="${src}" width="2400" height="1600"> b</p>`, '25%', { 1: 320, 2: 320 }],
    [`<p>a <img src="${src}"> b</p>`, '150px', { 1: 320, 2: 320 }],
  ] as const) {
    const saved = await edited(writer.page, html, width);
    t.comment(saved);
    const offered = responsive(saved, options);
    t.not(offered, saved, saved);
    const style = `${pages}/ckeditor5-content.css`;
    const before = await boxOf(await show(t, browser, saved, style));
    for (const [ratio, pixels] of Object.entries(taken)) {
      const page = await show(t, browser, offered, style, Number(ratio));
      const { currentSrc } = await shownIn(page, '.ck-content img');
      t.equal(currentSrc, `${src}?w=${pixels}&enlarge=0&f=auto`, `${width} of 640 at ${ratio}`);
      t.same(await boxOf(page), before, 'and it is shown in the same size');
    }
  }
});

async function boxOf(page: Page): Promise<unknown> {
  await shownIn(page, '.ck-content img');
  return await page.evaluate(
    "(({ width, height }) => [Math.round(width), Math.round(height)])(document.querySelector('.ck-content img').getBoundingClientRect())",
  );
}

test('an image of a board is shown in its size, without anything of its text moving', async (t, browser) => {
  const service = await startService(t);
  const size = { width: 2400, height: 1600 };
  const options: ResponsiveOptions = { site: { base: service.url }, sizeOf: () => size };
  for (const [query, pixels] of [
    ['', 640],
    ['?w=200', 200],
    ['?w=200&h=200', 200],
    ['?h=200', 300],
  ] as const) {
    const html = `<img src="${service.url}/harbour.jpg${query}">`;
    const before = await boxOf(await show(t, browser, html, ''));
    for (const known of [options, { ...options, sizeOf: () => undefined }]) {
      const offered = responsive(html, known);
      if (offered === html) continue;
      const page = await show(t, browser, offered, '');
      t.same(await boxOf(page), before, offered);
      t.equal((await shownIn(page, 'img')).pixels, pixels);
    }
  }
});

test('what is no image of ours runs nothing', async (t, browser) => {
  const html = [
    '/a.jpg?dl=&quot;><img src=x onerror=alert(1)>',
    '/&quot; onerror=&quot;alert(1)',
    "/'onerror='alert(1)",
    'javascript:alert(1)',
  ]
    .map((src) => `<img src="${src}">`)
    .join('');
  const page = await show(t, browser, responsive(html, { widths: [1] }), '');
  const attributes: string[][] = await page.evaluate(
    "[...document.querySelectorAll('.ck-content > img')].map((img) => img.getAttributeNames())",
  );
  t.equal(attributes.filter((names) => names.includes('srcset')).length, 3);
  t.same(
    attributes.flat().filter((name) => name.startsWith('on')),
    [],
  );
});
