import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { shownIn, testsWithBrowser, visit } from '../support/browser.ts';
import { sameCanonicalUrls } from '../support/canonical-urls.ts';
import { areBuilt, type Example, serveExample } from '../support/examples.ts';
import { type Service, startService } from '../support/service.ts';

/** The page is as wide as one of the candidates. */
const VIEWPORT = { width: 640, height: 960 };

interface Expected {
  /** Of the element. */
  readonly id: string;
  /** What the browser takes at each pixel ratio, and how wide it is. */
  readonly taken: Readonly<Record<number, readonly [target: string, pixels: number]>>;
  readonly original: string;
}

/** Where a framework tells its loader the height, too. */
const WIDE = {
  1: ['/harbour.jpg?w=640&h=427&enlarge=0&f=auto', 640],
  2: ['/harbour.jpg?w=1280&h=853&enlarge=0&f=auto', 1280],
} as const;
const FIXED = {
  1: ['/logo.png?w=160&h=160&enlarge=0&f=auto', 160],
  2: ['/logo.png?w=320&h=320&enlarge=0&f=auto', 320],
} as const;
const BOX: Expected = {
  id: 'box',
  taken: {
    1: ['/portrait.jpg?w=320&h=240&pos=top&enlarge=0&f=auto&q=60', 320],
    2: ['/portrait.jpg?w=640&h=480&pos=top&enlarge=0&f=auto&q=60', 640],
  },
  original: 'image/jpeg',
};
const WITH_HEIGHTS: readonly Expected[] = [
  { id: 'wide', taken: WIDE, original: 'image/jpeg' },
  { id: 'fixed', taken: FIXED, original: 'image/png' },
  BOX,
];

const PICTURES: Readonly<Record<Example, readonly Expected[]>> = {
  next: [
    {
      id: 'wide',
      taken: {
        1: ['/harbour.jpg?w=640&enlarge=0&f=auto', 640],
        2: ['/harbour.jpg?w=1280&enlarge=0&f=auto', 1280],
      },
      original: 'image/jpeg',
    },
    {
      id: 'fixed',
      taken: { 1: ['/logo.png?w=160&enlarge=0&f=auto', 160], 2: ['/logo.png?w=320&enlarge=0&f=auto', 320] },
      original: 'image/png',
    },
    BOX,
  ],
  nuxt: WITH_HEIGHTS,
  astro: WITH_HEIGHTS,
};

interface Opened {
  readonly service: Service;
  readonly page: Page;
  /** Types of the pictures that came, by their URLs. */
  readonly types: ReadonlyMap<string, string | undefined>;
  /** What went wrong in the page. */
  readonly errors: readonly string[];
  /** Origins that the page asked. */
  readonly origins: ReadonlySet<string>;
  /** Of the page itself. */
  readonly origin: string;
}

async function open(t: Test, browser: Browser, name: Example, ratio: number, accept?: string): Promise<Opened> {
  const service = await startService(t);
  const origin = await serveExample(t, name, service.url);
  const { page } = await visit(t, browser, 'about:blank', {
    viewport: VIEWPORT,
    deviceScaleFactor: ratio,
    ...(accept !== undefined && { extraHTTPHeaders: { accept } }),
  });
  const types = new Map<string, string | undefined>();
  const errors: string[] = [];
  const origins = new Set<string>();
  page.on('response', (response) => {
    if (response.url().startsWith(service.url)) types.set(response.url(), response.headers()['content-type']);
  });
  page.on('request', (request) => void origins.add(new URL(request.url()).origin));
  page.on('pageerror', (error) => void errors.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  await page.goto(`${origin}/`, { waitUntil: 'networkidle' });
  return { service, page, types, errors, origins, origin };
}

/** How far what was seen has been moved by what came later (Layout Instability), 0 for not at all. */
async function shiftOf(page: Page): Promise<number> {
  return await page.evaluate(`(() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: 'layout-shift', buffered: true });
    return observer.takeRecords().reduce((sum, { value }) => sum + value, 0);
  })()`);
}

/** All that a browser could take. */
async function offeredIn(page: Page): Promise<string[]> {
  const sets = await page.$$eval('img', (images) => images.map(({ srcset, src }) => `${srcset}, ${src}`));
  return sets.flatMap((set) => set.split(', ').map((candidate) => candidate.replace(/ .*/, '')));
}

if (areBuilt(t)) {
  const test = testsWithBrowser(t);
  for (const [name, pictures] of Object.entries(PICTURES) as [Example, readonly Expected[]][]) {
    for (const ratio of [1, 2]) {
      test(`examples/${name}, ${ratio} pixels for one of CSS: one candidate of each picture, as AVIF`, async (t, browser) => {
        const { service, page, types, errors, origins, origin } = await open(t, browser, name, ratio);
        const expected: string[] = [];
        for (const { id, taken } of pictures) {
          const [target, width] = taken[ratio] ?? [];
          const { currentSrc, pixels, naturalWidth } = await shownIn(page, `#${id}`);
          t.same({ currentSrc, pixels }, { currentSrc: `${service.url}${target}`, pixels: width }, id);
          t.equal(naturalWidth, id === 'wide' ? VIEWPORT.width : taken[1]?.[1]);
          t.equal(types.get(currentSrc), 'image/avif');
          expected.push(currentSrc);
        }
        t.same([...types.keys()].sort(), expected.sort(), 'and nothing else is loaded, by a preload or otherwise');
        const offered = await offeredIn(page);
        t.ok(offered.length > 3 * pictures.length);
        sameCanonicalUrls(
          t,
          offered.map((url) => [url, url] as const),
        );
        t.equal(await shiftOf(page), 0, 'and nothing moves');
        t.same(errors, []);
        t.same([...origins].sort(), [origin, service.url].sort());
      });
    }

    test(`examples/${name}: WebP, or the original’s format, for who accepts no AVIF`, async (t, browser) => {
      const { service, page, types } = await open(t, browser, name, 1, 'image/webp,*/*');
      for (const { id, taken, original } of pictures) {
        const [target = '', width] = taken[1] ?? [];
        const { currentSrc, pixels } = await shownIn(page, `#${id}`);
        t.same({ currentSrc, pixels }, { currentSrc: `${service.url}${target}`, pixels: width }, id);
        t.equal(types.get(currentSrc), 'image/webp');
        t.equal((await service.get(target, { accept: '*/*' })).headers['content-type'], original);
      }
    });
  }
}
