#!/usr/bin/env node
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { checkUrls } from './commands/check-url.ts';
import { createProgress, type Progress } from './commands/progress.ts';
import { reportOf } from './commands/report.ts';
import { tagLines } from './commands/tags.ts';
import { optionPolicy, readConfig } from './config.ts';

const USAGE = `Usage: lambent check-url FILE...
       lambent tags KEY...

  check-url FILE...   how each URL in the files would be answered, and how many cache entries they make; nothing is fetched.
                      A file has a URL a line, or is a CloudFront standard log, as it is or as .gz; - is standard input.
                      Limits and defaults are read from the environment, as by the service.
  tags KEY...         the cache tags of an object, and of the folders above it. A key is a URL's path, decoded and without its
                      first slash; with a slash at its end it is a folder.
`;

type Command = (operands: readonly string[]) => Promise<void> | void;

const COMMANDS: Readonly<Record<string, Command>> = { 'check-url': checkUrl, tags: printTags };

// Whoever reads may have seen enough: `lambent check-url access.log | head`.
process.stdout.on('error', () => process.exit());

const [, , name = '', ...operands] = process.argv;
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (!command || operands.length === 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    await command(operands);
  } catch (error) {
    process.stderr.write(`lambent: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function printTags(keys: readonly string[]): void {
  process.stdout.write(`${keys.flatMap(tagLines).join('\n')}\n`);
}

async function checkUrl(files: readonly string[]): Promise<void> {
  const policy = optionPolicy(readConfig({ ...process.env, NODE_ENV: undefined }, 'file:///'));
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
