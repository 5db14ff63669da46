import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import type { Test } from 'tap';
import { closeServer, listen } from './http-relay.ts';
import { freePort } from './nginx.ts';
import { ROOT } from './process.ts';
import type { ServiceOptions } from './service.ts';
import { identityToken, startUploads, type UploadsFixture } from './uploads.ts';

/** What a user copies their pages from. */
const DOCUMENTATION = path.join(ROOT, 'docs/uploads.md');
/** The real editor, as its maker bundles it for browsers. */
const EDITOR = path.join(ROOT, 'node_modules/ckeditor5/dist/browser');

/** As the editor's maker wants its texts to be shown. */
const HEAD = `<!doctype html><meta charset="utf-8"><title>Texts</title>
<link rel="stylesheet" href="/ckeditor5-content.css"><div class="ck-content">`;

/** What an application saves with its form. */
export interface SavedText {
  readonly html: string;
  readonly receipts: readonly string[];
}

export interface Application extends UploadsFixture {
  /** Origin of its pages: `/` and `/put` upload a file, `/editor` writes a text, `/texts` shows it. */
  readonly pages: string;
  readonly texts: readonly SavedText[];
}

/** A service that takes uploads, and an application on another origin whose pages are those of the documentation. */
export async function startApplication(t: Test, { env = {} }: ServiceOptions = {}): Promise<Application> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const fixture = await startUploads(t, { env: { PORT: `${port}`, UPLOADS_PUBLIC_URL: publicUrl, ...env } });
  const texts: SavedText[] = [];
  return { ...fixture, texts, pages: await startPages(t, publicUrl, texts) };
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

async function startPages(t: Test, service: string, texts: SavedText[]): Promise<string> {
  const handlers: Readonly<Record<string, Handler>> = {
    ...(await pagesOf(service)),
    'GET /upload-token': async (_req, res) => void res.end(await identityToken('ann')),
    'GET /ckeditor5.js': file('text/javascript'),
    'GET /ckeditor5.css': file('text/css'),
    'GET /ckeditor5-content.css': file('text/css'),
    'POST /texts': async (req, res) => {
      texts.push((await json(req)) as SavedText);
      res.end();
    },
    'GET /texts': (_req, res) => show(res, `${HEAD}${texts.map(({ html }) => html).join('')}</div>`),
  };
  const server = createServer((req, res) => {
    const handler = handlers[`${req.method} ${req.url}`];
    if (handler) void handler(req, res);
    else res.writeHead(404).end();
  });
  t.teardown(() => closeServer(server));
  return await listen(server);
}

async function pagesOf(service: string): Promise<Record<string, Handler>> {
  const documentation = (await readFile(DOCUMENTATION, 'utf8')).replaceAll('https://img.example', service);
  const page = blockOf(documentation, 'A page that uploads', 'html');
  const put = blockOf(documentation, 'A page that uploads', 'js');
  const editor = blockOf(documentation, 'CKEditor 5', 'html');
  return {
    'GET /': (_req, res) => show(res, page),
    'GET /put': (_req, res) => show(res, changed(page, /async function upload\(.*?\n {2}\}\n/s, put)),
    'GET /editor': (_req, res) => show(res, editor),
  };
}

/** The first code of a language under a heading. */
function blockOf(markdown: string, heading: string, language: string): string {
  const section = markdown.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const block = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(section)?.[1];
  if (block === undefined) throw new Error(`${DOCUMENTATION} has no ${language} under "${heading}".`);
  return block;
}

function changed(text: string, from: RegExp, to: string): string {
  if (!from.test(text)) throw new Error(`${from} is not in the page of ${DOCUMENTATION}.`);
  return text.replace(from, () => to);
}

function show(res: ServerResponse, page: string): void {
  res.setHeader('content-type', 'text/html').end(page);
}

function file(type: string): Handler {
  return ({ url = '' }, res) => void createReadStream(path.join(EDITOR, url)).pipe(res.setHeader('content-type', type));
}
