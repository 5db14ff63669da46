import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import mime from 'mime';
import type { Test } from 'tap';
import { closeServer, listen } from './http-relay.ts';
import { ROOT } from './process.ts';

/** Where each example's build puts the pages that any file server shows. */
export const EXAMPLES = { next: 'out', nuxt: '.output/public', astro: 'dist' } as const;

export type Example = keyof typeof EXAMPLES;

/** Where the pages look for pictures unless their build was told otherwise. */
const BUILT_FOR = 'http://127.0.0.1:3000';

/** Whether all examples are built. Elsewhere the file is skipped, in one line, or fails with REQUIRE_EXAMPLES=1. */
export function areBuilt(t: Test): boolean {
  const missing = Object.keys(EXAMPLES).filter(
    (name) => !existsSync(path.join(folderOf(name as Example), 'index.html')),
  );
  if (missing.length === 0) return true;
  const message = `Not built: ${missing.map((name) => `examples/${name}`).join(', ')}. .ci/build-examples does it.`;
  if (process.env.REQUIRE_EXAMPLES === '1') t.fail(message);
  else t.plan(0, message);
  return false;
}

/** The pages of an example on a port of their own, with the service's origin in place of the usual one. */
export async function serveExample(t: Test, name: Example, service: string): Promise<string> {
  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', BUILT_FOR);
    // A browser asks for one of any site, and says in the console that there is none.
    if (pathname === '/favicon.ico') return void res.writeHead(204).end();
    const file = path.join(folderOf(name), pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return void res.writeHead(404).end();
    res.setHeader('content-type', mime.getType(file) ?? 'application/octet-stream');
    res.end(text.replaceAll(BUILT_FOR, service));
  });
  t.teardown(() => closeServer(server));
  return await listen(server);
}

function folderOf(name: Example): string {
  return path.join(ROOT, 'examples', name, EXAMPLES[name]);
}
