import type { OptionPolicy } from '../../src/request/canonical.ts';

type Bundler = (target: 'cloudfront' | 'nginx' | 'cloudflare', policy: OptionPolicy) => Promise<string>;

// Programs of the build, which have no types and read what is compiled.
const { bundleEdge: bundle } = await import(new URL('../../edge/bundle.mjs', import.meta.url).href);
const { readPolicy: read } = await import(new URL('../../edge/policy.mjs', import.meta.url).href);

/** The code of a target, as `npm run build` writes it. */
export const bundleEdge: Bundler = bundle;

/** How a service with this environment reads options. */
export const readPolicy: (env: Readonly<Record<string, string>>) => OptionPolicy = read;
