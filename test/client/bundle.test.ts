import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { createContext, Script } from 'node:vm';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import t from 'tap';
import { signedUrl } from '../../src/client.ts';
import { testsWithBrowser, visit } from '../support/browser.ts';
import { bundleClient } from '../support/edge.ts';
import { closeServer, listen } from '../support/http-relay.ts';
import { ROOT } from '../support/process.ts';

const MAX_BYTES = 3_072;
const EXPORTED = ['candidates', 'imageUrl', 'picture', 'signedUrl', 'sizes', 'srcset'];

/** What each function gives, by name; an expression, so that it is run wherever the module is. */
const CALLS = `{
  imageUrl: lambent.imageUrl('ü.jpg', { w: 400, h: 300, pos: 'top right', f: 'auto', pad: '1,1,1,1', bg: 'teal' }, { base: 'https://h.example' }),
  candidates: lambent.candidates('a.jpg', { widths: [1, 5], width: 3 }),
  srcset: lambent.srcset('a.jpg', { w: 4, h: 3 }),
  sizes: lambent.sizes('50vw', { '(width < 9em)': '100vw' }),
  picture: lambent.picture('a.jpg', { alt: '', widths: [2], formats: ['webp'] }),
}`;
const GIVEN = {
  imageUrl: 'https://h.example/%C3%BC.jpg?w=400&h=300&pos=right+top&pad=1,1,1,1&bg=008080&f=auto',
  candidates: [
    { url: '/a.jpg?w=1&enlarge=0&f=auto', width: 1 },
    { url: '/a.jpg?w=3&enlarge=0&f=auto', width: 3 },
  ],
  srcset: '/a.jpg?w=4&h=3&enlarge=0&f=auto 4w, /a.jpg?w=8&h=6&enlarge=0&f=auto 8w',
  sizes: '(width < 9em) 100vw, 50vw',
  picture: {
    sources: [{ type: 'image/webp', srcset: '/a.jpg?w=2&enlarge=0&f=webp 2w', sizes: '100vw' }],
    img: {
      src: '/a.jpg?w=2&enlarge=0',
      srcset: '/a.jpg?w=2&enlarge=0 2w',
      sizes: '100vw',
      alt: '',
      loading: 'lazy',
      decoding: 'async',
    },
  },
};
const SIGNING = `lambent.signedUrl('a.jpg', { w: 4 }, { kid: 'k', secret: '00ff' }, { base: 'https://h.example' })`;
const signed = await signedUrl('a.jpg', { w: 4 }, { kid: 'k', secret: '00ff' }, { base: 'https://h.example' });

t.test('the module for pages is small, needs no other, and is what the sources make', async (t) => {
  const code = await readFile(path.join(ROOT, 'dist/client.min.js'), 'utf8');
  const bytes = gzipSync(code, { level: 9 }).length;
  t.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
  t.notMatch(code, /\bimport\b|\brequire\b/);
  t.equal(code, await bundleClient());
});

/** The module's code as an expression of what it exports. */
function asExpression(code: string): string {
  const [statement = '', names = ''] = /export\s*\{([^}]*)\};?\s*$/.exec(code) ?? [];
  const properties = names.split(',').map((pair) => pair.trim().split(' as ').reverse().join(':'));
  return `(() => { ${code.replace(statement, '')}; return { ${properties.join(', ')} }; })()`;
}

t.test('it runs where nothing is but the language, and signs where there is Web Cryptography', async (t) => {
  const lambent = asExpression(await bundleClient());
  const run = (globals: object, call: string) => {
    const context = createContext(Object.assign(Object.create(null), globals), {
      codeGeneration: { strings: false, wasm: false },
    });
    return new Script(`const lambent = ${lambent}; ${call}`).runInContext(context);
  };
  t.same(JSON.parse(run({}, 'JSON.stringify(Object.keys(lambent))')).sort(), EXPORTED);
  t.same(JSON.parse(run({}, `JSON.stringify(${CALLS})`)), GIVEN);
  t.equal(await run({ crypto, TextEncoder, btoa }, SIGNING), signed);
  await t.rejects(run({}, SIGNING), { message: /crypto is not defined/ });
});

const test = testsWithBrowser(t);

test('a page imports it as it is', async (t, browser) => {
  const code = await bundleClient();
  const page = `<!doctype html><title>Page</title><script type="module">
    import * as lambent from '/client.min.js';
    window.given = ${CALLS};
    window.signed = await ${SIGNING};
  </script>`;
  const server = createServer(({ url }, res) => {
    const [type, body] = url === '/client.min.js' ? ['text/javascript', code] : ['text/html; charset=utf-8', page];
    res
      .setHeader('content-type', type)
      .setHeader('content-security-policy', "script-src 'self' 'unsafe-inline'")
      .end(body);
  });
  t.teardown(() => closeServer(server));
  const visitor = await visit(t, browser, await listen(server));
  t.same(await valuesOf(visitor.page), [GIVEN, signed]);
  t.same(visitor.strayed, []);
});

async function valuesOf(page: Page): Promise<unknown> {
  await page.waitForFunction('window.signed !== undefined');
  return await page.evaluate('[window.given, window.signed]');
}
