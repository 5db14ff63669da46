import type { UrlPolicy } from '../../src/request/canonical-url.ts';

type Bundler = (target: 'cloudfront' | 'nginx' | 'cloudflare', policy: UrlPolicy) => Promise<string>;

// A program of the build, which has no types.
const { bundleClient: client, bundleEdge: bundle } = await import(
  new URL('../../edge/bundle.mjs', import.meta.url).href
);

/** The code of a target, as `npm run build` writes it. */
export const bundleEdge: Bundler = bundle;

/** `lambent/client` as one module, as `npm run build` writes it. */
export const bundleClient: () => Promise<string> = client;
