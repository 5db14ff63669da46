import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { Test } from 'tap';
import { closeServer, listen } from './http-relay.ts';
import { ROOT } from './process.ts';

/** The real editor, as its maker bundles it for browsers. */
const EDITOR = path.join(ROOT, 'node_modules/ckeditor5/dist/browser');
const FILES: Readonly<Record<string, string>> = {
  '/ckeditor5.js': 'text/javascript',
  '/ckeditor5.css': 'text/css',
};
const PLAIN =
  '<!doctype html><meta charset="utf-8"><title>An application</title><link rel="icon" href="data:,"><body></body>';
/** With everything of the editor in `ckeditor`. */
const WITH_EDITOR = PLAIN.replace(
  '<body>',
  `<link rel="stylesheet" href="/ckeditor5.css"><body><div id="editor"></div>
  <script type="module">import * as ckeditor from '/ckeditor5.js'; globalThis.ckeditor = ckeditor;</script>`,
);

/** An application's pages, on an origin of their own. */
export async function startPages(t: Test): Promise<string> {
  const server = createServer(({ url = '/' }, res) => {
    const type = FILES[url];
    res.setHeader('content-type', type ?? 'text/html');
    if (type) createReadStream(path.join(EDITOR, url)).pipe(res);
    else res.end(url === '/editor' ? WITH_EDITOR : PLAIN);
  });
  t.teardown(() => closeServer(server));
  return await listen(server);
}
