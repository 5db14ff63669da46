import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { readEdgePolicy } from '../../src/edge-policy.ts';
import { bundleEdge } from '../support/edge.ts';

interface NjsRequest {
  readonly variables: { readonly request_uri?: string };
  readonly headersIn: { readonly Accept?: string };
}

interface Module {
  readonly url: (request: NjsRequest) => string;
  readonly accept: (request: NjsRequest) => string;
}

t.test('a machine that is used for several requests mixes none of them up', async (t) => {
  const folder = t.testdir({ 'nginx.mjs': await bundleEdge('nginx', readEdgePolicy({})) });
  const file = pathToFileURL(path.join(folder, 'nginx.mjs'));
  const { default: lambent }: { default: Module } = await import(file.href);
  const rows = [
    ['/a.jpg?f=auto&w=9', 'image/avif', '/a.jpg?w=9&f=auto', 'image/avif'],
    ['/a.jpg?f=auto&w=9', 'image/webp,*/*', '/a.jpg?w=9&f=auto', 'image/webp'],
    ['/a.jpg?f=auto&w=9', undefined, '/a.jpg?w=9&f=auto', ''],
    ['/b.jpg?f=auto&w=9', undefined, '/b.jpg?w=9&f=auto', ''],
    ['/b.jpg?w=x&a', 'image/avif', '/b.jpg?w=x&a', 'image/avif'],
    [undefined, undefined, '', ''],
  ] as const;
  for (const [target, header, url, accept] of rows) {
    const request: NjsRequest = {
      variables: target === undefined ? {} : { request_uri: target },
      headersIn: header === undefined ? {} : { Accept: header },
    };
    t.same([lambent.url(request), lambent.accept(request), lambent.url(request)], [url, accept, url]);
  }
});
