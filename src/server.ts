import path from 'node:path';
import { pathToFileURL } from 'node:url';
import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';
import { announceStart } from './telemetry/start-report.ts';

const SAMPLES = new URL('../samples', import.meta.url).href;
const [, , folder] = process.argv;

try {
  // npm runs scripts in the package's folder; INIT_CWD is where the person is.
  const given = folder && { SOURCE: pathToFileURL(path.resolve(process.env.INIT_CWD || '.', folder)).href };
  const config = readConfig({ ...process.env, ...given }, SAMPLES);
  const app = await buildApp(config);
  closeWithGrace({ delay: config.drainLimitMs, logger: app.logger }, async ({ signal }) => {
    // SIGTERM is a platform that lets it finish; Ctrl-C is a person who wants it gone; the rest is a mistake of ours.
    if (signal === 'SIGTERM') await app.drain();
    else if (signal !== 'SIGINT') await app.stop();
  });
  announceStart(config, await app.start(), SAMPLES);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
}
