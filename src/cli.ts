#!/usr/bin/env node
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { checkUrls } from './commands/check-url.ts';
import { createProgress } from './commands/progress.ts';
import { reportOf } from './commands/report.ts';
import { optionPolicy, readConfig } from './config.ts';

const USAGE = `Usage: lambent check-url FILE

  check-url FILE   how each URL in FILE would be answered, and how many cache entries they make; nothing is fetched.
                   FILE has a URL a line, or is a CloudFront standard log, as it is or as .gz; - is standard input.
                   Limits and defaults are read from the environment, as by the service.
`;

type Command = (argument: string) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = { 'check-url': checkUrl };

// Whoever reads may have seen enough: `lambent check-url access.log | head`.
process.stdout.on('error', () => process.exit());

const [, , name = '', argument] = process.argv;
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (!command || argument === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  await command(argument).catch((error: Error) => {
    process.stderr.write(`lambent: ${error.message}\n`);
    process.exitCode = 1;
  });
}

async function checkUrl(file: string): Promise<void> {
  const policy = optionPolicy(readConfig({ ...process.env, NODE_ENV: undefined }, 'file:///'));
  const total = file === '-' ? undefined : (await stat(file)).size;
  const progress = createProgress(process.stderr, total);
  const input: Readable = file === '-' ? process.stdin : createReadStream(file);
  let read = 0;
  input.on('data', (chunk: Buffer) => {
    read += chunk.length;
    progress.tell(read);
  });
  const findings = await checkUrls(unpacked(file, input), policy);
  progress.end();
  process.stdout.write(reportOf(findings));
}

/** CloudFront packs its logs. */
function unpacked(file: string, input: Readable): Readable {
  if (!file.endsWith('.gz')) return input;
  const unpacking = createGunzip();
  input.on('error', (error) => unpacking.destroy(error));
  return input.pipe(unpacking);
}
