import sharp from 'sharp';
import type { Test } from 'tap';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import { transform } from '../../src/transform/transform.ts';
import { createMemorySource, type MemorySource } from './memory-source.ts';
import { jpeg } from './pictures.ts';
import { PROVOKED_UPLOADS, startProvokedUploads, type UploadErrorCode } from './provoked-uploads.ts';
import { connectTo, sendRaw } from './raw-http.ts';
import { startS3Server } from './s3-server.ts';
import { ask, type Service, startService, useS3 } from './service.ts';
import { SIGNING_KEYS } from './signing.ts';
import { deferred } from './waiting.ts';

/** Words that are nobody's business: of keys, stores, files and mistakes. */
export const SECRET = 'planted-secret';
const TOKEN = 'a-token-of-many-letters';

interface Places {
  /** Over S3, below a prefix. */
  readonly stored: Service;
  /** Over a source that fails as it is told. */
  readonly failing: Service;
  readonly source: MemorySource;
  /** With one worker that never ends, nobody in the queue, and little time. */
  readonly held: Service;
  readonly begun: () => number;
  /** Which asks for a signature and a secret of the CDN. */
  readonly guarded: Service;
  /** Which takes uploads. */
  readonly uploading: Service;
}

/** How a client comes to see each error: the body it gets. */
type Provoke = (places: Places) => Promise<Buffer | string>;

const get =
  (target: string, headers: Record<string, string> = {}, method = 'GET'): Provoke =>
  async ({ stored }) =>
    (await stored.send(method, target, headers)).body;

const manage =
  (authorization: string): Provoke =>
  async ({ stored }) =>
    (await ask(stored.managementUrl, 'POST', '/purge', { authorization })).body;

const raw =
  (request: string): Provoke =>
  async ({ stored }) =>
    bodyOf(await sendRaw(stored.url, request));

const fails =
  (code: ErrorCode): Provoke =>
  async ({ failing, source }) => {
    source.faults.error =
      code === 'internal' ? new TypeError(SECRET) : new ServiceError(code, `s3://${SECRET}/x: ${SECRET}`);
    return (await failing.get(`/${code}.jpg?w=10`)).body;
  };

const OF_UPLOADS = Object.fromEntries(
  Object.entries(PROVOKED_UPLOADS).map(([code, provoke]) => [
    code,
    async ({ uploading }: Places) => JSON.stringify((await provoke(uploading)).json),
  ]),
) as Readonly<Record<UploadErrorCode, Provoke>>;

/** One row for each error there is. */
export const PROVOKED: Readonly<Record<ErrorCode, Provoke>> = {
  bad_http: raw('nonsense\r\n\r\n'),
  bad_path: get(`/../${SECRET}`),
  bad_option: get('/a.jpg?w=x'),
  bad_purge: manage(`Bearer ${TOKEN}`),
  unauthorized: manage('Bearer guessed'),
  bad_signature: async ({ guarded }) => (await guarded.get(`/${SECRET}`, { 'x-origin-secret': SECRET.repeat(2) })).body,
  wrong_origin: async ({ guarded }) => (await guarded.get(`/${SECRET}`)).body,
  not_found: get('/missing.jpg?w=10'),
  no_route: get('/-/nothing'),
  method_not_allowed: get('/a.jpg', {}, 'DELETE'),
  request_timeout: async ({ stored }) => bodyOf(await timedOut(stored)),
  precondition_failed: get('/a.jpg', { 'if-match': '"other"' }),
  too_large: get('/large.jpg?w=10'),
  unsupported_image: get('/text.jpg?w=10'),
  range_not_satisfiable: get('/a.jpg', { range: 'bytes=900000-' }),
  too_many_pixels: get('/wide.png?w=10'),
  too_complex: async ({ failing }) => (await failing.get('/complex.jpg?w=11')).body,
  corrupt_image: get('/cut.jpg?w=10'),
  headers_too_large: raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
  internal: fails('internal'),
  source_failed: fails('source_failed'),
  source_broke_off: fails('source_broke_off'),
  source_changed: fails('source_changed'),
  source_unavailable: fails('source_unavailable'),
  // Once more where its time was over before it was at work.
  async deadline_exceeded({ held, begun }) {
    let answer = await held.get('/a.jpg?w=10');
    while (begun() === 0) answer = await held.get('/a.jpg?w=10');
    return answer.body;
  },
  // Of what nobody waits for any more, the worker is not free.
  overloaded: async ({ held }) => (await held.get('/a.jpg?w=11')).body,
  ...OF_UPLOADS,
};

/** Every error of a service with this environment, and what must not be in any of them. */
export async function provokeAll(t: Test, env: Record<string, string>) {
  const s3 = await startS3Server();
  t.teardown(() => s3.close());
  const photo = await jpeg();
  await s3.put(`${SECRET}/a.jpg`, photo);
  await s3.put(`${SECRET}/large.jpg`, Buffer.concat([photo, Buffer.alloc(100_000)]));
  await s3.put(`${SECRET}/text.jpg`, 'text');
  await s3.put(`${SECRET}/wide.png`, await flatPng(1001));
  await s3.put(`${SECRET}/cut.jpg`, photo.subarray(0, photo.length / 2));
  const limits = { MAX_SOURCE_BYTES: '100KiB', MAX_SOURCE_PIXELS: '1000000', PURGE_TOKEN: TOKEN };
  const places: Places = {
    stored: await startService(t, { env: { ...env, ...useS3(t, s3, SECRET), ...limits } }),
    ...(await startFailing(t, env, photo)),
    ...(await startHeld(t, env, photo)),
    uploading: await startProvokedUploads(t, s3, { ...env, ...useS3(t, s3, SECRET) }, SECRET),
    guarded: await startService(t, {
      env: { ...env, SOURCE: 'file:///nowhere', SIGNING_KEYS, ORIGIN_SECRETS: SECRET.repeat(2) },
      parts: { source: createMemorySource() },
    }),
  };
  const bodies: Record<string, string> = {};
  // One after the other: some are only seen while others are not.
  for (const [code, provoke] of Object.entries(PROVOKED)) bodies[code] = String(await provoke(places));
  return { bodies, secrets: [SECRET, s3.bucket, new URL(s3.endpoint).port, s3.credentials.accessKeyId] };
}

function flatPng(side: number): Promise<Buffer> {
  return sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
}

async function startFailing(t: Test, env: Record<string, string>, photo: Buffer) {
  const source = createMemorySource();
  source.put('complex.jpg', photo);
  const failing = await startService(t, {
    env: { ...env, SOURCE: 'file:///nowhere' },
    parts: {
      source,
      transform: (original, plan) =>
        plan.output.width === 11 ? Promise.reject(new ServiceError('too_complex')) : transform(original, plan),
    },
  });
  return { failing, source };
}

async function startHeld(t: Test, env: Record<string, string>, photo: Buffer) {
  const source = createMemorySource();
  source.put('a.jpg', photo);
  const held = deferred();
  t.teardown(held.resolve);
  let begun = 0;
  const service = await startService(t, {
    env: { ...env, SOURCE: 'file:///nowhere', WORKERS: '1', QUEUE_LENGTH: '0', DEADLINE_MS: '300' },
    parts: {
      source,
      async transform(original, plan) {
        // The service becomes ready by pictures of a few pixels.
        if (original.length < 1000) return await transform(original, plan);
        begun++;
        await held.promise;
        return await transform(original, plan);
      },
    },
  });
  return { held: service, begun: () => begun };
}

/** What a client gets whose request does not arrive in time, without the time. */
async function timedOut({ app, url }: Service): Promise<string> {
  const { server } = app.publicApp;
  const [socket] = await Promise.all([
    connectTo(url),
    new Promise<void>((resolve) => {
      server.once('connection', (other) => {
        const error = Object.assign(new Error(SECRET), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
        server.emit('clientError', error, other);
        resolve();
      });
    }),
  ]);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}
