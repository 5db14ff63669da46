/** Writes `dist/edge/` and `dist/client.min.js`: the last step of `npm run build`, after the compiler, whose output it reads the configuration by. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../dist/config-error.js';
import { readEdgePolicy } from '../dist/edge-policy.js';
import { bundleClient, bundleEdge, MAX_FUNCTION_BYTES } from './bundle.mjs';

const DIST = path.join(import.meta.dirname, '../dist');

const FILES = { cloudfront: 'cloudfront-function.js', nginx: 'nginx.js', cloudflare: 'cloudflare-worker.js' };

async function main() {
  const policy = readEdgePolicy(process.env);
  await mkdir(path.join(DIST, 'edge'), { recursive: true });
  await writeFile(path.join(DIST, 'client.min.js'), await bundleClient());
  await Promise.all(
    Object.entries(FILES).map(([target, file]) => writeEdge(target, path.join(DIST, 'edge', file), policy)),
  );
}

async function writeEdge(target, file, policy) {
  const code = await bundleEdge(target, policy);
  const size = Buffer.byteLength(code);
  if (target !== 'cloudfront' || size <= MAX_FUNCTION_BYTES) return writeFile(file, code);
  // The service itself has no use for it, and starts after a build.
  await rm(file, { force: true });
  process.stderr.write(
    `${file}: not written, as CloudFront takes ${MAX_FUNCTION_BYTES} bytes and these would be ${size}.\n`,
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
