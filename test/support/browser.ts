import path from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { isExecutable } from './executable.ts';

const MISSING = 'Chromium is not installed: apt-get install --no-install-recommends chromium';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable'];
const BINARY = ['/usr/bin', ...(process.env.PATH ?? '').split(path.delimiter)]
  .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
  .find(isExecutable);

/**
 * `t.test` where Chromium is installed, with one for all tests of the file. Elsewhere the file is skipped, in one line, or fails with
 * REQUIRE_CHROMIUM=1.
 */
export function testsWithBrowser(t: Test): (name: string, run: (t: Test, browser: Browser) => Promise<void>) => void {
  if (BINARY === undefined) {
    if (process.env.REQUIRE_CHROMIUM === '1') t.fail(MISSING);
    else t.plan(0, MISSING);
    return () => {};
  }
  let browser: Promise<Browser> | undefined;
  const start = () => chromium.launch({ executablePath: BINARY, args: QUIET });
  t.teardown(async () => (await browser)?.close());
  return (name, run) =>
    void t.test(name, async (t) => {
      browser ??= start();
      await run(t, await browser);
    });
}

// What a browser does by itself goes to other hosts, and is none of what is tested. What is left of it finds none, nor does a page.
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What pages asked of other machines than this one. */
  readonly strayed: readonly string[];
}

/** A page in a profile of its own, which reaches this machine alone and ends with the test. */
export async function visit(
  t: Test,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 640, height: 480 }, ...options });
  t.teardown(() => context.close());
  const strayed: string[] = [];
  // Only listened to: with a route, Playwright answers preflights by itself, and what the store or the service allows is never asked.
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') strayed.push(request.url());
  });
  const page = await context.newPage();
  await page.goto(url);
  return { page, context, strayed };
}

export interface Shown {
  /** The candidate that the browser has taken. */
  readonly currentSrc: string;
  readonly srcset: string;
  /** In CSS pixels, for the size that the page gives it. */
  readonly naturalWidth: number;
  /** Of the file. */
  readonly pixels: number;
}

/** A picture as the browser shows it, once it does. */
export async function shownIn(page: Page, selector: string): Promise<Shown> {
  return await page.evaluate(`(async () => {
    const img = document.querySelector('${selector}');
    await img.decode();
    const { currentSrc, srcset, naturalWidth } = img;
    const file = Object.assign(new Image(), { src: currentSrc });
    await file.decode();
    return { currentSrc, srcset, naturalWidth, pixels: file.naturalWidth };
  })()`);
}
