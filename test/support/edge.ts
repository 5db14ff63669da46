import type { UrlPolicy } from '../../src/request/canonical-url.ts';

type Bundler = (target: 'cloudfront' | 'nginx' | 'cloudflare', policy: UrlPolicy) => Promise<string>;

// Programs of the build, which have no types and read what is compiled.
const { bundleClient: client, bundleEdge: bundle } = await import(
  new URL('../../edge/bundle.mjs', import.meta.url).href
);
const { readPolicy: read } = await import(new URL('../../edge/policy.mjs', import.meta.url).href);

/** The code of a target, as `npm run build` writes it. */
export const bundleEdge: Bundler = bundle;

/** How a service with this environment reads options. */
export const readPolicy: (env: Readonly<Record<string, string>>) => UrlPolicy = read;

/** `lambent/client` as one module, as `npm run build` writes it. */
export const bundleClient: () => Promise<string> = client;
