import { generateKeyPair, SignJWT } from 'jose';
import type { Test } from 'tap';
import type { ErrorCode } from '../../src/errors.ts';
import { createTokens } from '../../src/uploads/tokens.ts';
import type { TestS3 } from './s3-server.ts';
import { type Service, startService } from './service.ts';
import { type Called, callUploads, KEY, uploadsEnvironment } from './uploads.ts';

export type UploadErrorCode = Extract<
  ErrorCode,
  | 'bad_upload'
  | 'bad_token'
  | 'forbidden'
  | 'not_uploaded'
  | 'upload_expired'
  | 'upload_too_large'
  | 'type_not_allowed'
  | 'wrong_content'
  | 'too_many_requests'
  | 'identity_unavailable'
>;

type Provoke = (service: Service) => Promise<Called>;

const PER_MINUTE = 10;
/** What everybody may know of an upload. */
const UPLOAD = {
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  subject: 'ann',
  visibility: 'public',
  type: 'image/jpeg',
  size: 4,
  name: 'a.jpg',
} as const;

/** With tokens of another issuer than ours, a service has keys of backends besides. */
const SUBJECTS = ['ann', 'bob', 'eve'];
const keyOf = (subject: string) => subject.padEnd(32, '_');
const from = (subject: string) => ({ authorization: `Bearer ${keyOf(subject)}` });

const begin =
  (body: unknown): Provoke =>
  (service) =>
    callUploads(service.url, 'POST', '/-/uploads', { ...from('ann'), body });

const confirm =
  (as: string, secondsLeft: number, id: string = UPLOAD.id): Provoke =>
  async ({ url }) => {
    const expires = Math.floor(Date.now() / 1000) + secondsLeft;
    const token = await createTokens([KEY]).issue({ ...UPLOAD, id, expires });
    return await callUploads(url, 'POST', '/-/uploads/confirm', { ...from(as), body: { token } });
  };

/** How a client comes to see each error of uploads; who asks often asks by a name of its own. */
export const PROVOKED_UPLOADS: Readonly<Record<UploadErrorCode, Provoke>> = {
  bad_upload: begin({}),
  bad_token: ({ url }) => callUploads(url, 'POST', '/-/uploads/confirm', { ...from('bob'), body: { token: 'x' } }),
  forbidden: confirm('bob', 60),
  not_uploaded: confirm('ann', 60, '00000000-0000-4000-8000-000000000000'),
  upload_expired: confirm('ann', -60, '00000000-0000-4000-8000-000000000000'),
  upload_too_large: begin({ filename: 'a.jpg', type: 'image/jpeg', size: 2 ** 40 }),
  type_not_allowed: begin({ filename: 'a.html', type: 'text/html', size: 4 }),
  wrong_content: confirm('ann', 60),
  async too_many_requests({ url }) {
    const ask = () => callUploads(url, 'POST', '/-/uploads/confirm', { ...from('eve'), body: {} });
    for (let times = 0; times < PER_MINUTE; times++) await ask();
    return await ask();
  },
  async identity_unavailable({ url }) {
    const { privateKey } = await generateKeyPair('RS256');
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    return await callUploads(url, 'POST', '/-/uploads', { authorization: `Bearer ${token}`, body: {} });
  },
};

/** A service that takes uploads below a prefix, where nobody publishes the keys of tokens, and something wrong waits to be confirmed. */
export async function startProvokedUploads(
  t: Test,
  s3: TestS3,
  env: Readonly<Record<string, string>>,
  prefix: string,
): Promise<Service> {
  await s3.put(`${prefix}/tmp/ann/${UPLOAD.id}.jpg`, 'text');
  return await startService(t, {
    env: {
      ...env,
      ...uploadsEnvironment(s3),
      UPLOADS_BUCKET: `s3://${s3.bucket}/${prefix}`,
      // Nobody listens there.
      UPLOADS_JWKS_URL: 'http://127.0.0.1:1/keys',
      UPLOADS_JWT_ISSUER: 'https://id.example',
      UPLOADS_JWT_AUDIENCE: 'uploads',
      UPLOADS_JWT_SECRET: '',
      UPLOADS_API_KEYS: SUBJECTS.map((subject) => `${subject}:${keyOf(subject)}`).join(','),
      UPLOADS_PER_MINUTE: String(PER_MINUTE),
    },
  });
}
