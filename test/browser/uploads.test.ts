import path from 'node:path';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { verifyReceipt } from '../../src/uploads/receipt.ts';
import { shownIn, testsWithBrowser, visit } from '../support/browser.ts';
import { settle } from '../support/bucket-settings.ts';
import { startApplication } from '../support/pages.ts';
import { ROOT } from '../support/process.ts';
import { UPLOADS_KEYS } from '../support/uploads.ts';

const test = testsWithBrowser(t);
const HARBOUR = path.join(ROOT, 'samples/harbour.jpg');

/** The application, and what `lambent bucket-setup` does for pages of these origins. */
async function start(t: Test) {
  const application = await startApplication(t);
  const { bucket } = application.s3;
  const setUp = (...origins: string[]) => settle({ bucket, prefix: '', forcePathStyle: true, origins }, 'put');
  /** What pages have asked of the store. */
  const sent = () => application.s3.requests.filter(({ headers }) => headers.origin).map(({ method }) => method);
  return { ...application, setUp, sent };
}

/** Chooses the file, and gives what the page says in the end: a receipt, or what is wrong. */
async function upload(page: Page): Promise<string> {
  await page.setInputFiles('input', HARBOUR);
  await page.waitForFunction("document.querySelector('output').value !== ''");
  return await page.evaluate("document.querySelector('output').value");
}

/** What a page sends to the store by itself. */
const WAYS = { '/': ['POST'], '/put': ['OPTIONS', 'PUT'] } as const;
/** Pixels that a browser takes for 640 CSS pixels. */
const SCREENS = [
  [1, 640],
  [2, 1280],
] as const;

for (const [target, methods] of Object.entries(WAYS)) {
  test(`${target}: a page on another origin uploads, and shows what it has sent in the size it needs`, async (t, browser) => {
    const { service, s3, pages, setUp, sent, keys } = await start(t);
    await setUp(pages);
    for (const [deviceScaleFactor, width] of SCREENS) {
      const { page, strayed } = await visit(t, browser, `${pages}${target}`, { deviceScaleFactor });
      s3.requests.reset();
      const [answer, { key }] = await Promise.all([
        page.waitForResponse((response) => response.url().includes(`w=${width}&`)),
        upload(page).then((said) => verifyReceipt(said, UPLOADS_KEYS)),
      ]);
      t.ok((await keys()).includes(key));
      t.same(sent(), methods);
      const currentSrc = `${service.url}/${key}?w=${width}&enlarge=0&f=auto`;
      t.match(await shownIn(page, 'img'), { currentSrc, naturalWidth: 640, pixels: width });
      t.match(await answer.request().headerValue('accept'), 'image/avif');
      t.match(await answer.allHeaders(), { 'content-type': 'image/avif', 'cache-status': 'lambent; fwd=miss' });
      t.same(strayed, []);
    }
  });
}

test('without a rule of the bucket for its origin a page may not send', async (t, browser) => {
  const { pages, setUp, sent, keys } = await start(t);
  for (const target of Object.keys(WAYS)) {
    const { page } = await visit(t, browser, `${pages}${target}`);
    t.equal(await upload(page), 'Failed to fetch', target);
  }
  t.same(sent(), ['POST', 'OPTIONS'], 'a form is sent unasked');
  await setUp('https://app.example');
  const { page, context } = await visit(t, browser, pages);
  t.equal(await upload(page), 'Failed to fetch', 'with one for another');
  t.notOk((await keys()).some((key) => key.startsWith('files/')));
  await setUp(pages);
  const other = await context.newPage();
  await other.goto(pages);
  t.match(await upload(other), /^ey/, 'and with one for it the same page does');
});
