#!/usr/bin/env node
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { checkUrls } from './commands/check-url.ts';
import { createProgress, type Progress } from './commands/progress.ts';
import { reportOf } from './commands/report.ts';
import { type Signer, signedUrl } from './commands/sign.ts';
import { tagLines } from './commands/tags.ts';
import { type Config, optionPolicy, readConfig } from './config.ts';
import { sign } from './signing-keys.ts';
import { VARIABLES } from './variables.ts';

const USAGE = `Usage: lambent check-url FILE...
       lambent sign [--expires SECONDS] URL...
       lambent tags KEY...
       lambent bucket-setup [--dry-run | --cloudformation | --terraform] [--origin ORIGIN]...
       lambent bucket-check [--origin ORIGIN]...

  check-url FILE...   how each URL in the files would be answered, and how many cache entries they make; nothing is fetched.
                      A file has a URL a line, or is a CloudFront standard log, as it is or as .gz; - is standard input.
                      Limits, ladders and defaults are read from the environment, as by the service; signatures are not looked at.
  sign URL...         each URL with a signature by the first of SIGNING_KEYS; it ends after so many SECONDS, or never. A URL is
                      signed from its path on, as the service sees it.
  tags KEY...         the cache tags of an object, and of the folders above it. A key is a URL's path, decoded and without its
                      first slash; with a slash at its end it is a folder.
  bucket-setup        what uploads need of UPLOADS_BUCKET: a CORS rule for pages of these ORIGINs (else of CORS_ORIGINS), and rules that
                      remove what is not confirmed. Other rules stay. --dry-run changes nothing; the other two print templates.
  bucket-check        what of that is there; fails where something is missing.
`;

/** False where something is not as it has to be, and that was said. */
type Command = (operands: readonly string[]) => Promise<boolean> | Promise<void> | void;

const COMMANDS: Readonly<Record<string, Command>> = {
  'check-url': checkUrl,
  sign: printSigned,
  tags: printTags,
  // Loaded on demand: the SDK takes a third of a second to load, and the others need none of it.
  'bucket-setup': async (operands) => await (await import('./bucket-cli.ts')).bucketSetup(operands),
  'bucket-check': async (operands) => await (await import('./bucket-cli.ts')).bucketCheck(operands),
};
/** About one thing, which the environment names. */
const WITHOUT_OPERANDS = ['bucket-setup', 'bucket-check'];

/** A hundred years: what is meant to last longer is meant to last for ever. */
const MAX_EXPIRES_SECONDS = 100 * 366 * 86_400;

// Whoever reads may have seen enough: `lambent check-url access.log | head`.
process.stdout.on('error', () => process.exit());

const [, , name = '', ...operands] = process.argv;
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (!command || (operands.length === 0 && !WITHOUT_OPERANDS.includes(name))) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    if ((await command(operands)) === false) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`lambent: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function printTags(keys: readonly string[]): void {
  process.stdout.write(`${keys.flatMap(tagLines).join('\n')}\n`);
}

/** As the service would be configured here, but for where its originals are. */
function configured(): Config {
  return readConfig({ ...process.env, NODE_ENV: undefined }, 'file:///');
}

function printSigned(operands: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...operands],
    options: { expires: { type: 'string' } },
    allowPositionals: true,
  });
  const config = configured();
  const [key] = config.signing.keys;
  if (!key) throw new Error(`SIGNING_KEYS is not set; expected ${VARIABLES.SIGNING_KEYS.expected}.`);
  const signer: Signer = { kid: key.id, sign: (text) => sign(text, key) };
  const expires = values.expires === undefined ? undefined : expiryAfter(values.expires);
  for (const url of positionals) process.stdout.write(`${signedUrl(url, expires, signer, optionPolicy(config))}\n`);
}

/** In seconds since 1970. */
function expiryAfter(text: string): number {
  const seconds = Number(text);
  if (!/^[0-9]+$/.test(text) || seconds < 1 || seconds > MAX_EXPIRES_SECONDS)
    throw new Error(`--expires is ${JSON.stringify(text)}; expected whole seconds from 1 to ${MAX_EXPIRES_SECONDS}.`);
  return Math.floor(Date.now() / 1000) + seconds;
}

async function checkUrl(files: readonly string[]): Promise<void> {
  const policy = optionPolicy(configured());
  const sizes = await Promise.all(files.map(async (file) => (file === '-' ? undefined : (await stat(file)).size)));
  const total = sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
  const progress = createProgress(process.stderr, total);
  try {
    const findings = await checkUrls(chunksOf(files, progress), policy);
    progress.end();
    process.stdout.write(reportOf(findings));
  } catch (error) {
    progress.end();
    throw error;
  }
}

/** One file after the other, each beginning on a line of its own. */
async function* chunksOf(files: readonly string[], progress: Progress): AsyncGenerator<Buffer> {
  let read = 0;
  for (const file of files) {
    const input: Readable = file === '-' ? process.stdin : createReadStream(file);
    input.on('data', (chunk: Buffer) => {
      read += chunk.length;
      progress.tell(read);
    });
    yield* unpacked(file, input);
    yield Buffer.from('\n');
  }
}

/** CloudFront packs its logs. */
function unpacked(file: string, input: Readable): Readable {
  if (!file.endsWith('.gz')) return input;
  const unpacking = createGunzip();
  input.on('error', (error) => unpacking.destroy(error));
  return input.pipe(unpacking);
}
