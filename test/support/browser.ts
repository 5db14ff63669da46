import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const MISSING = 'Chromium is not installed: apt-get install --no-install-recommends chromium';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable'];
const BINARY = ['/usr/bin', ...(process.env.PATH ?? '').split(path.delimiter)]
  .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
  .find(isExecutable);

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `t.test` where Chromium is installed. Elsewhere the file is skipped, in one line, or fails with REQUIRE_CHROMIUM=1. */
export function testsWithBrowser(t: Test): (name: string, run: (t: Test) => Promise<void>) => void {
  if (BINARY !== undefined) return (name, run) => void t.test(name, run);
  if (process.env.REQUIRE_CHROMIUM === '1') t.fail(MISSING);
  else t.plan(0, MISSING);
  return () => {};
}

// What a browser does by itself goes to other hosts, and is none of what is tested.
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What pages asked of other machines than this one. */
  readonly strayed: readonly string[];
}

/** A browser that ends with the test. */
export async function startBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: BINARY ?? '', args: QUIET });
  t.teardown(() => browser.close());
  return browser;
}

/** A page in a profile of its own, which reaches this machine alone. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 }, ...options });
  const strayed: string[] = [];
  await context.route(
    ({ hostname }) => hostname !== '127.0.0.1',
    (route) => {
      strayed.push(route.request().url());
      return route.abort();
    },
  );
  const page = await context.newPage();
  await page.goto(url);
  return { page, context, strayed };
}
