/** Bundles of `src/request/` for those who stand before the service, each one text. */
import path from 'node:path';
import { transform } from '@swc/core';
import { build } from 'esbuild';
import { minify } from 'terser';

const FOLDER = import.meta.dirname;

/** What CloudFront takes of a function, in bytes. */
export const MAX_FUNCTION_BYTES = 10_240;

// Names of properties that never leave a bundle; each time they are written out costs their length.
const INTERNAL =
  /^(maxWidth|maxHeight|ladders|presets|presetsOnly|watermarks|defaults|problem|dialect|isPart|isUnsealed|mode)$/;

/** What is true of an array is assumed of everything that is gone through: there is nothing else in there. */
const ASSUMPTIONS = {
  iterableIsArray: true,
  setSpreadProperties: true,
  objectRestNoSymbols: true,
  ignoreFunctionLength: true,
  ignoreFunctionName: true,
  noDocumentAll: true,
  pureGetters: true,
};

/** What each target is made of, and how. */
const TARGETS = {
  cloudfront: { entry: 'cloudfront/function.ts', finish: asFunction },
  nginx: { entry: 'nginx/canonical.ts', finish: asNjsModule },
  cloudflare: { entry: 'cloudflare/worker.ts', finish: async (code) => code },
};

/**
 * The code of a target that reads URLs by a policy (`UrlPolicy`).
 *
 * @param {keyof typeof TARGETS} target
 * @param {import('../dist/request/canonical-url.js').UrlPolicy} policy
 */
export async function bundleEdge(target, policy) {
  const { entry, finish } = TARGETS[target];
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, entry)],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    mangleProps: INTERNAL,
    define: { LAMBENT_IS_NATIVE: String(policy.dialect === 'native') },
    plugins: [withPolicy(policy), WITHOUT_TEXTS],
    banner: { js: '/* Lambent: canonical URLs, by the configuration of the build. */' },
  });
  return finish(outputFiles[0].text);
}

/** `lambent/client` as one module, for pages without a build. */
export async function bundleClient() {
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, '../src/client.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    mangleProps: /^(isPart|asked|actual)$/,
  });
  const compress = { passes: 4, pure_getters: true, inline: 3, unsafe_arrows: true };
  const { code } = await minify(outputFiles[0].text, { module: true, compress, ecma: 2020 });
  return `${code}\n`;
}

/** As a module that is imported, so that the names of its properties become the same short ones. */
function withPolicy(policy) {
  return {
    name: 'policy',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^lambent:policy$/ }, () => ({ path: 'policy', namespace: 'lambent' }));
      onLoad({ filter: /^policy$/, namespace: 'lambent' }, () => ({
        contents: `export const POLICY = ${literal(policy)};`,
      }));
    },
  };
}

/** As JSON, with property names that are none of quotes: only those can be shortened. Names of presets are kept as they are. */
function literal(policy) {
  const fields = Object.entries(policy).map(([name, value]) => {
    if (name !== 'ladders') return `${name}: ${JSON.stringify(value)}`;
    return `ladders: { ${Object.entries(value).map(([rung, list]) => `${rung}: ${JSON.stringify(list)}`)} }`;
  });
  return `{ ${fields.join(', ')} }`;
}

const WITHOUT_TEXTS = {
  name: 'without texts',
  setup({ onResolve }) {
    onResolve({ filter: /\/problem\.ts$/ }, () => ({ path: path.join(FOLDER, 'no-texts.ts') }));
  },
};

/** As a script with a function `handler`, which is what CloudFront calls. */
function asFunction(code) {
  const script = code.replace(/export\s*\{\s*(\w+) as handler\s*\};?/, 'function handler(event){return $1(event)}');
  return lowered(script);
}

/** As a module that njs imports, which knows no export but "export default". */
async function asNjsModule(code) {
  const module = await lowered(code);
  return module.replace(/export\s*\{\s*(\w+) as default\s*\};?/, 'export default $1;');
}

/**
 * With the statements of ES5, and the arrows and templates that njs and CloudFront's engine, which comes from it, know besides: no destructuring,
 * spread, `for … of`, `class`, `??`, `?.` or default parameters.
 */
async function lowered(code) {
  const isModule = /\bexport\b/.test(code);
  const arrays = await transform(code, {
    isModule,
    env: { targets: { chrome: '100' }, include: ['transform-for-of'] },
    jsc: { parser: { syntax: 'ecmascript' }, assumptions: ASSUMPTIONS },
  });
  const es5 = await transform(arrays.code, {
    isModule,
    env: { targets: { ie: '11' }, loose: true, exclude: ['transform-arrow-functions', 'transform-template-literals'] },
    jsc: { parser: { syntax: 'ecmascript' }, loose: true, assumptions: ASSUMPTIONS },
  });
  const { code: small } = await minify(es5.code, {
    module: isModule,
    toplevel: true,
    compress: { passes: 4, top_retain: ['handler'], pure_getters: true, inline: 3, unsafe_arrows: true },
    mangle: { reserved: ['handler'] },
    ecma: 2015,
    format: { comments: /Lambent/, ecma: 5 },
  });
  return `${small}\n`;
}
