import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { verifyReceipt } from '../../src/uploads/receipt.ts';
import { shownIn, testsWithBrowser, visit } from '../support/browser.ts';
import { startApplication } from '../support/pages.ts';
import type { ServiceOptions } from '../support/service.ts';
import { UPLOADS_KEYS } from '../support/uploads.ts';
import { until } from '../support/waiting.ts';

const test = testsWithBrowser(t);
const HARBOUR = {
  name: 'harbour.jpg',
  mimeType: 'image/jpeg',
  buffer: readFileSync(new URL('../../samples/harbour.jpg', import.meta.url)),
};
const SAVE = '#save:enabled';
const INSERTED = '.ck-content img[srcset]';

async function start(t: Test, browser: Browser, options: ServiceOptions = {}) {
  const application = await startApplication(t, options);
  const visitor = await visit(t, browser, `${application.pages}/editor`);
  await visitor.page.waitForSelector('.ck-content');
  return { ...application, ...visitor };
}

/** Chooses a file by the editor's own button, as a person does. */
async function choose(page: Page, file: typeof HARBOUR): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('.ck-file-dialog-button')]);
  await chooser.setFiles(file);
}

/** Until the editor has its answer, and the browser the candidate that it takes. */
async function insert(page: Page, count = 1): Promise<void> {
  await choose(page, HARBOUR);
  await page.waitForFunction(`document.querySelectorAll('${INSERTED}').length === ${count}`);
  await page.waitForSelector(SAVE);
}

test('CKEditor 5 inserts a picture in sizes that load, and what is saved goes on working', async (t, browser) => {
  const { service, page, pages, texts, strayed, keys } = await start(t, browser);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().includes('w=640&')),
    insert(page),
  ]);
  t.match(await answer.allHeaders(), { 'content-type': 'image/avif', 'cache-control': 'private, no-store' });
  const [temporary = ''] = await keys();
  const key = temporary.replace('tmp/', 'files/');
  const shown = await shownIn(page, INSERTED);
  t.match(shown.currentSrc, `${service.url}/${key}?w=640&enlarge=0&f=auto&pending=`);
  t.equal(shown.pixels, 640);
  t.equal(shown.srcset.split(', ').length, 6);
  const plain = shown.currentSrc.replace(/&pending=.*/, '').replace(service.url, '');
  t.equal((await service.get(plain)).status, 404, 'not to who has not been given it');

  await Promise.all([page.waitForResponse(`${pages}/texts`), page.click(SAVE)]);
  t.same(await keys(), [key]);
  const [receipt = ''] = texts[0]?.receipts ?? [];
  t.match(await verifyReceipt(receipt, UPLOADS_KEYS), { subject: 'ann', key, width: 2400, height: 1600 });

  const reader = await visit(t, browser, `${pages}/texts`);
  t.same(await shownIn(reader.page, 'img'), shown, 'as it was saved');
  t.equal((await service.get(plain)).status, 200, 'and without what was pending');
  t.same([...strayed, ...reader.strayed], []);
});

test('what was taken out of the text again is not confirmed, and goes with the page', async (t, browser) => {
  const { page, pages, keys } = await start(t, browser);
  await insert(page);
  await page.keyboard.press('Enter');
  await insert(page, 2);
  await page.click('button[data-cke-tooltip-text^="Undo"]');
  await page.waitForFunction(`document.querySelectorAll('${INSERTED}').length === 1`);
  await Promise.all([page.waitForResponse(`${pages}/texts`), page.click(SAVE)]);
  t.same(
    (await keys()).map((key) => key.split('/')[0]),
    ['files', 'tmp'],
  );
  await page.close({ runBeforeUnload: true });
  await until(async () => (await keys()).length === 1);
  t.match(await keys(), [/^files/]);
});

test('who closes the editor without saving leaves nothing behind', async (t, browser) => {
  const { page, keys } = await start(t, browser);
  await insert(page);
  t.match(await keys(), [/^tmp/]);
  await page.close({ runBeforeUnload: true });
  await until(async () => (await keys()).length === 0);
});

/** Files that are refused, and what the editor says. */
const REFUSED = [
  [
    'HTML',
    Buffer.from('<html><script>alert(1)</script>'),
    'It is no image/png: its first bytes say otherwise and have HTML or a script in them.',
  ],
  ['a damaged picture', HARBOUR.buffer.subarray(0, 300), 'The original is damaged and cannot be decoded.'],
  ['too much', Buffer.alloc(3_000_000), 'The upload has more bytes than allowed.'],
] as const;

test('CKEditor 5 says in our words what is wrong with a file', async (t, browser) => {
  const { page, keys, strayed } = await start(t, browser, { env: { UPLOADS_MAX_BYTES: '1MiB' } });
  for (const [what, buffer, message] of REFUSED) {
    const [dialog] = await Promise.all([
      page.waitForEvent('dialog'),
      choose(page, { name: 'a.png', mimeType: 'image/png', buffer }),
    ]);
    t.equal(dialog.message(), message, what);
    await dialog.dismiss();
    await page.waitForSelector('.ck-content img', { state: 'detached' });
  }
  t.same(await keys(), []);
  t.same(strayed, []);
});

test('who is not signed in any more is told so, however large the picture is', async (t, browser) => {
  const { page, keys } = await start(t, browser, {
    env: { UPLOADS_JWT_SECRET: 'another-secret-than-the-application-has' },
  });
  const [dialog] = await Promise.all([
    page.waitForEvent('dialog'),
    choose(page, { ...HARBOUR, buffer: Buffer.alloc(3_000_000) }),
  ]);
  t.equal(dialog.message(), 'The token is not accepted: signature verification failed.');
  await dialog.dismiss();
  t.same(await keys(), []);
});
