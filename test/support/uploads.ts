import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { SignJWT } from 'jose';
import type { Test } from 'tap';
import type { TestS3 } from './s3-server.ts';
import { type Service, type ServiceOptions, startOverS3 } from './service.ts';

export const UPLOADS_KEYS = `k1:${'0a'.repeat(32)},k0:${'0b'.repeat(32)}`;
/** The one that signs. */
export const KEY = { id: 'k1', secret: Buffer.alloc(32, 0x0a) };
export const JWT_SECRET = 'a-secret-that-only-the-application-knows';
export const API_KEY = 'key-of-a-backend-that-has-40-characters-';

/** A JSON value as an answer, with its status and headers. */
export interface Called {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what a test is about
  readonly json: any;
}

export interface CallOptions {
  /** Who asks; a token of theirs is made. */
  readonly as?: string;
  /** Instead of that. */
  readonly authorization?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UploadsFixture {
  readonly s3: TestS3;
  readonly service: Service;
  call(method: string, target: string, options?: CallOptions): Promise<Called>;
  /** Announces bytes, sends them to the store, and gives the token. */
  upload(bytes: Uint8Array, order?: Readonly<Record<string, unknown>>, as?: string): Promise<string>;
  /** The keys of the bucket. */
  keys(): Promise<readonly string[]>;
}

/** The environment of a service that takes uploads into the whole bucket that it serves. */
export function uploadsEnvironment({ bucket }: Pick<TestS3, 'bucket'>): Record<string, string> {
  return {
    UPLOADS_BUCKET: `s3://${bucket}`,
    UPLOADS_KEYS,
    UPLOADS_JWT_SECRET: JWT_SECRET,
    UPLOADS_API_KEYS: `shop:${API_KEY}`,
  };
}

/** The whole service over a bucket of its own that it takes uploads into. */
export async function startUploads(t: Test, options: ServiceOptions = {}): Promise<UploadsFixture> {
  const { s3, service } = await startOverS3(t, {
    ...options,
    envOf: (store) => ({ ...uploadsEnvironment(store), ...options.envOf?.(store) }),
  });
  const call: UploadsFixture['call'] = (method, target, given) => callUploads(service.url, method, target, given);
  return {
    s3,
    service,
    call,
    async upload(bytes, order = {}, as = 'ann') {
      const announced = { filename: 'a.jpg', type: 'image/jpeg', size: bytes.byteLength, ...order };
      const { json } = await call('POST', '/-/uploads', { as, body: announced });
      const answer = await sendBytes(json, bytes);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return json.token;
    },
    keys: () => keysOf(s3),
  };
}

export async function callUploads(
  url: string,
  method: string,
  target: string,
  { as, authorization, body, headers = {} }: CallOptions = {},
): Promise<Called> {
  const credentials = authorization ?? (as === undefined ? undefined : `Bearer ${await identityToken(as)}`);
  const answer = await fetch(`${url}${target}`, {
    method,
    headers: {
      ...(credentials !== undefined && { authorization: credentials }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

/** What says who somebody is, made as an application makes it. */
export async function identityToken(subject: string, seconds = 600): Promise<string> {
  return await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(new TextEncoder().encode(JWT_SECRET));
}

/** Permission to send, as the service answers it. */
export interface Permission {
  readonly method: string;
  readonly url: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends bytes to the store, as a page does it with what it was answered. */
export async function sendBytes({ method, url, fields, headers }: Permission, bytes: Uint8Array): Promise<Response> {
  if (method === 'PUT') return await fetch(url, { method, headers: { ...headers }, body: Buffer.from(bytes) });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) form.append(name, value);
  form.append('file', new Blob([Buffer.from(bytes)]));
  return await fetch(url, { method, body: form });
}

export async function keysOf({ client, bucket }: Pick<TestS3, 'client' | 'bucket'>): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
    keys.push(...Contents.map(({ Key = '' }) => Key));
  return keys;
}
