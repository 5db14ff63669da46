import sharp from 'sharp';
import t from 'tap';
import { type Candidate, candidates, type Site, type SizedOptions, sizes, srcset } from '../../src/client.ts';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { jpeg } from '../support/pictures.ts';
import { startService } from '../support/service.ts';

t.test('a picture is offered in the usual widths, in those of the site, or in its own', (t) => {
  t.equal(
    srcset('a.jpg'),
    '/a.jpg?w=320&enlarge=0&f=auto 320w, /a.jpg?w=640&enlarge=0&f=auto 640w, /a.jpg?w=960&enlarge=0&f=auto 960w, ' +
      '/a.jpg?w=1280&enlarge=0&f=auto 1280w, /a.jpg?w=1920&enlarge=0&f=auto 1920w, /a.jpg?w=2560&enlarge=0&f=auto 2560w',
  );
  const site = { base: 'https://h.example', widths: [100, 200] };
  t.equal(
    srcset('/a.jpg', {}, site),
    'https://h.example/a.jpg?w=100&enlarge=0&f=auto 100w, https://h.example/a.jpg?w=200&enlarge=0&f=auto 200w',
  );
  t.equal(srcset('a.jpg', { widths: [50] }, site), 'https://h.example/a.jpg?w=50&enlarge=0&f=auto 50w');
  t.equal(srcset('a.jpg', { widths: [] }), '');
  t.same(candidates('a.jpg', { widths: [50], q: 60, f: 'webp', enlarge: 1 }), [
    { url: '/a.jpg?w=50&f=webp&q=60', width: 50 },
  ]);
  const defaults = { f: 'jpeg' } as const;
  t.equal(srcset('a.jpg', { widths: [50] }, { policy: { defaults } }), '/a.jpg?w=50&enlarge=0&f=jpeg 50w');
  t.end();
});

t.test('a width is offered once and twice, and a box keeps its shape', (t) => {
  t.equal(srcset('a.jpg', { w: 50 }), '/a.jpg?w=50&enlarge=0&f=auto 50w, /a.jpg?w=100&enlarge=0&f=auto 100w');
  t.equal(
    srcset('a.jpg', { w: 40, h: 30 }),
    '/a.jpg?w=40&h=30&enlarge=0&f=auto 40w, /a.jpg?w=80&h=60&enlarge=0&f=auto 80w',
  );
  t.equal(srcset('a.jpg', { w: 40, h: 30, widths: [100] }), '/a.jpg?w=100&h=75&enlarge=0&f=auto 100w');
  t.end();
});

t.test('nothing wider than the original is offered, but that', (t) => {
  const widths = (options: SizedOptions, site?: Site) => candidates('a.jpg', options, site).map(({ width }) => width);
  t.same(widths({ widths: [100, 200], width: 200 }), [100, 200]);
  t.same(widths({ widths: [100, 200], width: 150 }), [100, 150]);
  t.same(widths({ widths: [100, 200], width: 50 }), [50]);
  t.same(widths({ widths: [100, 200], width: 900 }), [100, 200]);
  const policy = { ladders: { mode: 'snap', w: [100, 200], h: [], q: [] } } as const;
  t.same(candidates('a.jpg', { widths: [100, 200], width: 150 }, { policy }), [
    { url: '/a.jpg?w=100&enlarge=0&f=auto', width: 100 },
    { url: '/a.jpg?w=200&enlarge=0&f=auto', width: 150 },
  ]);
  t.same(widths({}, { policy }), [100, 200], 'a ladder is what is offered');
  t.same(widths({}, { policy, widths: [100] }), [100]);
  t.end();
});

t.test('sizes are the conditions in their order, then what is usual', (t) => {
  t.equal(sizes('50vw'), '50vw');
  t.equal(
    sizes('30em', { '(max-width: 600px)': '100vw', '(max-width: 900px)': '50vw' }),
    '(max-width: 600px) 100vw, (max-width: 900px) 50vw, 30em',
  );
  t.end();
});

t.test('the service has each candidate, as wide as it is said to be', async (t) => {
  const folder = t.testdir({ 'ü (1).jpg': await jpeg(700, 500) });
  const options: readonly SizedOptions[] = [
    {},
    { w: 200 },
    { w: 300, h: 300, widths: [100, 300, 500] },
    { rot: 180, q: 50, w: 350 },
  ];
  for (const env of [{}, { WIDTHS: '100,350,640,1280' }, { DEFAULT_OPTIONS: 'f=webp&q=70&enlarge=0&fit=contain' }]) {
    const service = await startService(t, { env: { ...env, SOURCE: `file://${folder}` } });
    const site: Site = { base: service.url, widths: [100, 350, 640, 1280], policy: readEdgePolicy(env) };
    const isFree = (one: SizedOptions) => !('WIDTHS' in env) || one.w === undefined;
    for (const one of options.filter(isFree)) {
      const list = candidates('ü (1).jpg', { width: 700, ...one }, site);
      t.ok(list.length > 1);
      for (const candidate of list)
        t.same(await shown(service.get, candidate, site), [200, candidate.width], candidate.url);
    }
  }
});

async function shown(
  get: (target: string) => Promise<{ readonly status: number; readonly body: Buffer }>,
  { url }: Candidate,
  { base = '' }: Site,
): Promise<readonly [number, number | undefined]> {
  const { status, body } = await get(url.slice(base.length));
  return [status, (await sharp(body).metadata()).width];
}
