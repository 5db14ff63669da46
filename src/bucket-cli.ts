import { parseArgs } from 'node:util';
import { bucketPlace } from './bucket-url.ts';
import { type BucketSetupOptions, type Finding, type SetupMode, setUpBucket } from './uploads/bucket-setup.ts';
import { cloudFormation, terraform } from './uploads/bucket-templates.ts';
import { readBucket } from './uploads-config.ts';

const ORIGIN = /^(\*|https?:\/\/[^/?#@,\s]+)$/;
/** Six requests, each with its retries. */
const LIMIT_MS = 60_000;

/** `lambent bucket-setup`: puts what uploads need of their bucket, or says what that would be. False where something is still missing. */
export async function bucketSetup(operands: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...operands],
    options: {
      origin: { type: 'string', multiple: true },
      'dry-run': { type: 'boolean', default: false },
      cloudformation: { type: 'boolean', default: false },
      terraform: { type: 'boolean', default: false },
    },
  });
  const options = optionsFor(values.origin);
  if (values.cloudformation) return say(cloudFormation(options));
  if (values.terraform) return say(terraform(options));
  return await report(options, values['dry-run'] ? 'dry-run' : 'put');
}

/** `lambent bucket-check`: says what is there and what is missing. False where something is. */
export async function bucketCheck(operands: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...operands], options: { origin: { type: 'string', multiple: true } } });
  return await report(optionsFor(values.origin), 'check');
}

function optionsFor(given: readonly string[] | undefined): BucketSetupOptions {
  const { bucket, forcePathStyle, corsOrigins } = readBucket(process.env);
  const wrong = given?.find((origin) => !ORIGIN.test(origin));
  if (wrong !== undefined)
    throw new Error(`--origin is ${JSON.stringify(wrong)}; expected * or an origin such as https://app.example.`);
  const origins = given ?? (corsOrigins === '*' ? ['*'] : corsOrigins);
  return { ...bucketPlace(new URL(bucket)), forcePathStyle, origins };
}

/** Each line when it is so: what was done is said also where the next fails. */
async function report(options: BucketSetupOptions, mode: SetupMode): Promise<boolean> {
  let isComplete = true;
  for await (const { state, what } of setUpBucket(options, mode, AbortSignal.timeout(LIMIT_MS))) {
    say(`${state.padEnd(WIDTH)}  ${what}\n`);
    isComplete &&= DONE.includes(state);
  }
  return isComplete;
}

const DONE: readonly Finding['state'][] = ['there', 'put', 'would be put'];
/** Of the longest state. */
const WIDTH = 'would be put'.length;

function say(text: string): true {
  process.stdout.write(text);
  return true;
}
