import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Logger, pino } from 'pino';
import type { Test } from 'tap';
import { type App, buildApp, type Parts } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { transform } from '../../src/transform/transform.ts';
import { startS3Server, type TestS3 } from './s3-server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Service {
  readonly app: App;
  readonly url: string;
  readonly managementUrl: string;
  /** Lines of the log, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** Pictures made so far. */
  transforms(): number;
  /** Sends the target as it is written: nothing is resolved, encoded or followed. */
  get(target: string, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, target: string, headers?: Record<string, string>): Promise<Answer>;
  /** Lets time pass for whatever measures freshness. */
  advance(ms: number): void;
}

export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What follows from the bucket that it is started over. */
  readonly envOf?: (s3: TestS3) => Readonly<Record<string, string>>;
  readonly parts?: Partial<Parts>;
  /** False for a service that is not going to be ready. */
  readonly ready?: boolean;
}

/** The whole service on ports of its own, over real HTTP, with a clock that the test can put forward. */
export async function startService(
  t: Test,
  { env = {}, parts = {}, ready = true }: ServiceOptions = {},
): Promise<Service> {
  const log: Record<string, unknown>[] = [];
  let made = 0;
  let ahead = 0;
  const inner = parts.transform ?? transform;
  const config = readConfig({ PORT: '0', MANAGEMENT_PORT: '0', WORKERS: '2', ...env }, SAMPLES);
  const app = await buildApp(config, {
    logger: collect(log),
    now: () => performance.now() + ahead,
    ...parts,
    transform(original, plan) {
      made++;
      return inner(original, plan);
    },
  });
  const { publicUrl: url, managementUrl } = await app.start();
  t.teardown(() => app.stop());
  // What the service does to become ready is over before a test counts what it does for requests.
  while (ready && (await ask(managementUrl, 'GET', '/readyz')).status !== 200);
  made = 0;
  const send: Service['send'] = (method, target, headers = {}) => ask(url, method, target, headers);
  return {
    app,
    url,
    managementUrl,
    log,
    transforms: () => made,
    send,
    get: (target, headers) => send('GET', target, headers),
    advance(ms) {
      ahead += ms;
    },
  };
}

/** The service over a bucket of its own, whose log of requests begins with the test's first. */
export async function startOverS3(t: Test, options: ServiceOptions = {}): Promise<{ s3: TestS3; service: Service }> {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const env = { ...useS3(t, s3), ...options.envOf?.(s3), ...options.env };
  const service = await startService(t, { ...options, env });
  s3.requests.reset();
  return { s3, service };
}

const SAMPLES = new URL('../../samples', import.meta.url).href;

/** Points the SDK's own environment variables at a test store until the test ends; gives the service's. */
export function useS3(t: Test, s3: TestS3, prefix = ''): Record<string, string> {
  const { endpoint, region, credentials, bucket } = s3;
  const sdk = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  for (const [name, value] of Object.entries(sdk)) setEnvironment(t, name, value);
  return { SOURCE: `s3://${bucket}/${prefix}`, S3_FORCE_PATH_STYLE: 'true' };
}

/** Sets one environment variable until the test ends. */
export function setEnvironment(t: Test, name: string, value: string | undefined): void {
  const before = process.env[name];
  assign(name, value);
  t.teardown(() => assign(name, before));
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

export function ask(
  url: string,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path: target, headers, agent: false, ...(signal && { signal }) };
    const client = request(options, (answer: IncomingMessage) => {
      buffer(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    client.on('error', reject);
    client.end();
  });
}

function collect(lines: Record<string, unknown>[]): Logger {
  return pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
}
