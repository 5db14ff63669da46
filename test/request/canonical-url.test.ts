import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { acceptedFormats, forwardedAccept } from '../../src/request/accept.ts';
import { canonicalUrl } from '../../src/request/canonical-url.ts';
import { OPTION_NAMES } from '../../src/request/options.ts';
import { OPTION_READERS } from '../../src/request/parse.ts';
import { ROOT } from '../support/process.ts';
import { readVectors } from '../support/vectors.ts';
// biome-ignore lint/correctness/useImportExtensions: a program, which has its types beside it.
import { makeCanonical, makeConfigured, print } from '../vectors/make.mjs';

t.test('the files are what their rows and rules make', async (t) => {
  const file = (name: string) => readFile(path.join(ROOT, 'test/vectors', name), 'utf8');
  t.equal(print(makeCanonical()), await file('canonical.json'), 'node test/vectors/make.mjs');
  t.equal(print(makeConfigured()), await file('configured.json'), 'node test/vectors/make.mjs');
});

t.test('vectors', async (t) => {
  let vectorCount = 0;
  for (const { env, vectors } of await readVectors()) {
    const policy = readEdgePolicy(env);
    const read = OPTION_READERS[policy.dialect];
    for (const { url, accept, canonical, forwarded } of vectors) {
      vectorCount++;
      const { value } = canonicalUrl(url, accept, policy, read);
      const found = value && [value.query === '' ? value.path : `${value.path}?${value.query}`, value.accept];
      t.same(found ?? [url, accept], [canonical, forwarded], `${JSON.stringify(env)} ${url}`);
      const again = canonicalUrl(canonical, forwarded, policy, read).value;
      t.same(again?.query, value?.query, `${canonical}, again`);
    }
  }
  t.ok(vectorCount >= 500, `${vectorCount} vectors`);
});

t.test('every option is in a vector', async (t) => {
  const [plain] = await readVectors();
  const asked = plain?.vectors.map(({ canonical }) => canonical).join(' ') ?? '';
  // What a service without presets and watermarks ignores, and what only stands beside a signature.
  const elsewhere = ['wm', 'preset', 'dpr', 'exp'];
  for (const name of OPTION_NAMES.filter((option) => !elsewhere.includes(option))) {
    t.match(asked, new RegExp(`[?&]${name}=`), name);
  }
  t.end();
});

const PRESETS = { card: { w: 300, h: 200, f: 'auto' }, large: { w: 2000 } } as const;

t.test('a preset that stands alone stays, one with other options is what it stands for', (t) => {
  const policy = { ...readEdgePolicy({}), presets: PRESETS };
  const rows = [
    ['/a.jpg?preset=card&utm=1', '/a.jpg?preset=card', 'image/avif'],
    ['/a.jpg?dl=a.jpg&preset=card', '/a.jpg?preset=card&dl=a.jpg', 'image/avif'],
    ['/a.jpg?preset=large', '/a.jpg?preset=large', ''],
    ['/a.jpg?q=50&preset=card', '/a.jpg?w=300&h=200&f=auto&q=50', 'image/avif'],
    ['/a.jpg?preset=card&w=600', '/a.jpg?w=600&h=200&f=auto', 'image/avif'],
  ] as const;
  for (const [url, canonical, accept] of rows) {
    const [path, query] = canonical.split('?');
    t.same(canonicalUrl(url, 'image/avif', policy, OPTION_READERS.native).value, { path, query, accept }, url);
  }
  const presetsOnly = { ...policy, presetsOnly: true };
  t.match(canonicalUrl('/a.jpg?w=9', '', presetsOnly, OPTION_READERS.native), { problem: { code: 'bad_option' } });
  t.match(canonicalUrl('/a.jpg?preset=card', '', presetsOnly, OPTION_READERS.native).value, { query: 'preset=card' });
  t.end();
});

t.test('what is sent on instead of Accept is read as the header was', (t) => {
  const element = fc.tuple(
    fc.constantFrom('image/avif', 'image/webp', 'image/*', '*/*', 'image/png', 'IMAGE/WEBP'),
    fc.constantFrom('', ';q=1', ';q=0.9', ';q=0.5', ';q=0', ';q=x'),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), (elements) => {
      const formats = acceptedFormats(elements.map((parts) => parts.join('')).join(','));
      const forwarded = forwardedAccept(formats);
      seen.add(forwarded);
      return String(acceptedFormats(forwarded)) === String(formats);
    }),
    { numRuns: 1000 },
  );
  t.ok(seen.size <= 5, [...seen].join(' | '));
  t.end();
});
